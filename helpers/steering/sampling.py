"""Sampling whose draws depend on a row's own seed, and on nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformers import LogitsProcessor

from helpers.stats import number, whole

WORD, HALF = 2**32 - 1, 2**31
ODD = 0x9E3779B1


def signed(word: int) -> int:
    """The number that int32 takes a 32-bit word for: products wrap alike."""
    return (word + HALF) % (WORD + 1) - HALF


def mixed(words: Int[Tensor, "*n"]) -> Int[Tensor, "*n"]:
    """32-bit words, as int32, scrambled one to one: neighbors have nothing in common.

    Source: the finalizer of MurmurHash3 (Appleby, public domain).
    """
    words = words ^ ((words >> 16) & 0xFFFF)
    words.mul_(signed(0x85EBCA6B))
    words.bitwise_xor_((words >> 13) & 0x7FFFF)
    words.mul_(signed(0xC2B2AE35))
    return words.bitwise_xor_((words >> 16) & 0xFFFF)


def token_words(size: int, device: torch.device) -> Int[Tensor, " {size}"]:
    """A scrambled word for each token; the same at every step."""
    return mixed(torch.arange(size, device=device, dtype=torch.int32) * signed(ODD))


def uniform(
    seeds: Int[Tensor, "n 1"], step: int, tokens: Int[Tensor, " v"]
) -> Float[Tensor, "n v"]:
    """A number in (0, 1) for each seed and token, the same on every device."""
    own = mixed((seeds & WORD).to(torch.int32)) + signed(step * ODD & WORD)
    words = mixed(mixed(own) ^ tokens)
    numbers = words.long().bitwise_and_(WORD).float()
    return numbers.add_(0.5).div_(2**32).clamp_(1e-10, 1 - 1e-7)


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
        self.step, self.tokens = 0, torch.empty(0, dtype=torch.int32)

    def __call__(self, input_ids: Any, scores: Float[Tensor, "n v"]) -> Tensor:
        seeds = self.seeds.to(scores.device)
        if len(self.tokens) != scores.shape[-1]:
            self.tokens = token_words(scores.shape[-1], scores.device)
        noise = uniform(seeds, self.step, self.tokens)
        self.step += 1
        return (scores.float() / self.temperature).sub_(noise.log_().neg_().log_())


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
