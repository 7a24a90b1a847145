"""Sampling whose draws depend on a row's own seed, and on nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformers import LogitsProcessor

from helpers.stats import number, whole

WORD = 2**32 - 1  # numbers are mixed as 32-bit words held in int64
ODD = 0x9E3779B1


def mixed(words: Int[Tensor, "*n"]) -> Int[Tensor, "*n"]:
    """32-bit words scrambled one to one, so that neighbors have nothing in common.

    Source: the finalizer of MurmurHash3 (Appleby, public domain).
    """
    words = words ^ (words >> 16)
    words.mul_(0x85EBCA6B).bitwise_and_(WORD)
    words.bitwise_xor_(words >> 13)
    words.mul_(0xC2B2AE35).bitwise_and_(WORD)
    return words.bitwise_xor_(words >> 16)


def uniform(
    seeds: Int[Tensor, "n 1"], step: int, size: int
) -> Float[Tensor, "n {size}"]:
    """A number in (0, 1) for each seed and token, the same on every device."""
    keys = mixed((mixed(seeds & WORD) + step * ODD) & WORD)
    tokens = torch.arange(size, device=seeds.device)
    words = mixed(keys ^ mixed((tokens * ODD) & WORD))
    return words.float().add_(0.5).div_(2**32).clamp_(1e-10, 1 - 1e-7)


class GumbelNoise(LogitsProcessor):
    """Turns greedy choice into sampling: the largest logit plus Gumbel noise.

    The noise is a function of a row's seed, the step and the token, so a row draws the
    same alone and in any batch, on a CPU and on a GPU. Rows with one seed share their
    noise: what differs between them is what was done to the model. Raises ValueError
    for a seed that is not whole or a temperature that is not above 0.
    """

    def __init__(self, seeds: Sequence[Any], temperature: Any) -> None:
        self.seeds = torch.tensor([whole(s, "seed") & WORD for s in seeds])[:, None]
        self.temperature = number(temperature, "temperature", above=0)
        self.step = 0

    def __call__(self, input_ids: Any, scores: Float[Tensor, "n v"]) -> Tensor:
        seeds = self.seeds.to(scores.device)
        noise = uniform(seeds, self.step, scores.shape[-1])
        self.step += 1
        return scores.float() / self.temperature - torch.log(-torch.log(noise))


class FiniteLogits(LogitsProcessor):
    """Raises ValueError at a step where logits are not finite, naming the text so far.

    A likeliest one among them would be no choice of the model's.
    """

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer

    def __call__(self, input_ids: Any, scores: Float[Tensor, "n v"]) -> Tensor:
        good = scores.isfinite().all(-1)
        if not bool(good.all()):
            row = input_ids[int((~good).nonzero()[0])]
            text = self.tokenizer.decode(row, skip_special_tokens=True)
            raise ValueError(
                f"the model gives numbers that are not finite after {text[-80:]!r}: "
                'where it was loaded with dtype="float16", load it with '
                'dtype="bfloat16"; otherwise push less'
            )
        return scores
