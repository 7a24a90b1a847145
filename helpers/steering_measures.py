"""What a push does to the words for feelings, chosen on one split and told on another.

The truth here is in the name of a vector: pushed along "calm", the word that rises
most should be "calm".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import pandas as pd
import torch
from jaxtyping import Float
from torch import Tensor

from helpers.datasets.openings import load_openings
from helpers.stats import Estimate, bootstrap, random_directions
from helpers.steering import choice_logprobs
from helpers.vectors import EmotionVectors

STRENGTHS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7)


def word_changes(
    model: Any,
    vectors: EmotionVectors,
    directions: Float[Tensor, "r d"],
    prompts: Sequence[str],
    strength: float,
    *,
    progress: bool = False,
) -> Float[Tensor, "p r e"]:
    """Change in log-probability of each own word after each prompt, by direction.

    Directions are pushed at the vectors' layer with `strength` (a fraction of the mean
    residual norm), which `vectors.norm` gives. All in one call. In nats.
    Taught in chapter 08.
    """
    words = [f" {emotion}" for emotion in vectors.emotions]
    plain = choice_logprobs(model, prompts, words, progress=False)
    texts = [prompt for prompt in prompts for _ in directions]
    pushed = choice_logprobs(
        model,
        texts,
        words,
        vector=directions.repeat(len(prompts), 1),
        strength=strength,
        layer=vectors.layer,
        norm=vectors.norm,
        progress=progress,
    )
    shape = (len(prompts), len(directions), len(words))
    return pushed.view(shape) - plain[:, None]


def own_right(
    changes: Float[Tensor, "p r e"], own: Sequence[int] | None = None
) -> Float[Tensor, " r"]:
    """1 where a direction's own word rises most on average over prompts, else 0.

    `own` is the place of each direction's word; None: they are in the words' order.
    """
    mean = changes.mean(0)
    place = torch.tensor(list(range(len(mean)) if own is None else own))
    return (mean.argmax(-1) == place).float()


class Diagonal(NamedTuple):
    """The own-word test: the strength chosen, what it gives, and its controls."""

    strength: float
    validation: Estimate
    test: Estimate
    random: Estimate
    sweep: pd.DataFrame

    def __str__(self) -> str:
        return (
            f"own word rises most for {self.test} of the emotions on test at strength "
            f"{self.strength:g} (validation {self.validation}; random directions "
            f"{self.random})"
        )


def own_word_diagonal(
    model: Any,
    vectors: EmotionVectors,
    *,
    strengths: Sequence[float] = STRENGTHS,
    n: int = 4,
    n_random: int = 5,
    progress: bool = True,
) -> Diagonal:
    """For how many emotions does their own word rise most of all?

    The strength is the one that is right most often after neutral openings of the
    validation topics (the least one among equals), and its share is told once on those
    of the test topics. `n` openings in each person. Beside it `n_random` sets of random
    directions, as many as vectors and each with a word of its own. Intervals are over
    emotions. Taught in chapter 08.
    """
    check, test = (
        list(load_openings(split, n=n)["prompt"]) for split in ("validation", "test")
    )
    options: dict[str, Any] = {"progress": progress}
    rows = []
    for strength in strengths:
        changes = word_changes(
            model, vectors, vectors.vectors, check, strength, **options
        )
        own, mean = own_right(changes), changes.mean(0)
        rise = mean.diagonal()
        rest = (mean.sum(-1) - rise) / (len(vectors) - 1)
        rows.append((strength, own, float(rise.mean()), float(rest.mean())))
    best, right, _, _ = max(rows, key=lambda row: (float(row[1].mean()), -row[0]))
    told = word_changes(model, vectors, vectors.vectors, test, best, **options)
    drawn = [
        random_directions(vectors.vectors, len(vectors), seed=s)
        for s in range(n_random)
    ]
    by_chance = [
        own_right(word_changes(model, vectors, d, test, best, **options)) for d in drawn
    ]
    sweep = pd.DataFrame(
        [(s, *bootstrap(own), rise, rest) for s, own, rise, rest in rows],
        columns=["strength", "right", "low", "high", "own word", "other words"],
    )
    return Diagonal(
        float(best),
        bootstrap(right),
        bootstrap(own_right(told)),
        bootstrap(torch.stack(by_chance).mean(0)),
        sweep,
    )
