"""What the evaluations share: a figure with what stands beside it, and two readers."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from helpers import cache
from helpers.behaviour import first_tokens
from helpers.stats import bootstrap
from helpers.steering import choice_logprobs, next_logprobs

Figure = dict[str, Any]


def figure(values: Any, groups: Any, **more: float) -> Figure:
    """A mean with its interval (by groups, if any) and what stands beside it."""
    by = None if groups is None else list(groups)
    return {**bootstrap(values, by)._asdict(), **more}


def beside(hits: dict[str, np.ndarray], groups: Any, **more: float) -> Figure:
    """The share right with its interval, and the shares of the controls."""
    others = {k: float(v.mean()) for k, v in hits.items() if k}
    return figure(hits[""], groups, **more, **others)


def kept_apart(path: Path, model: Any, read: Callable[[], Figure]) -> Figure:
    """What is read of a model, from an earlier run where the weights are the same."""
    source = cache.fingerprint(model)
    known: Figure = json.loads(path.read_text("utf-8")) if path.exists() else {}
    if known.get("source") != source:
        known = {"source": source, **read()}
        cache.write_json(path, known)
    return known


def word_logprobs(
    model: Any, prompts: Sequence[str], words: Sequence[str]
) -> Float[Tensor, "n w"]:
    """Log-probability of each word's first token after each prompt."""
    first = torch.tensor(first_tokens(model, [f" {word}" for word in words]))
    return next_logprobs(model, prompts, first.expand(len(prompts), -1))


def likeliest(model: Any, prompts: Sequence[str], words: Sequence[str]) -> list[str]:
    """The likeliest of the words after each prompt; words may share a first token."""
    first = first_tokens(model, [f" {word}" for word in words])
    found = word_logprobs(model, prompts, words).argmax(1).tolist()
    best = [words[i] for i in found]
    for i, place in enumerate(found):
        same = [
            w for w, token in zip(words, first, strict=True) if token == first[place]
        ]
        if len(same) > 1:
            spaced = [f" {word}" for word in same]
            scores = choice_logprobs(model, [prompts[i]], spaced, progress=False)
            best[i] = same[int(scores.argmax())]
    return best
