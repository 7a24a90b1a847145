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

from helpers.datasets import load_openings
from helpers.stats import Estimate, bootstrap, random_directions
from helpers.steering.generation import choice_logprobs
from helpers.vectors import EmotionVectors

STRENGTHS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7)


def word_changes(
    model: Any,
    vectors: EmotionVectors,
    directions: Float[Tensor, "r d"],
    prompts: Sequence[str],
    strength: float,
    *,
    band: Sequence[int] | None = None,
    progress: bool = False,
) -> Float[Tensor, "p r e"]:
    """Change in log-probability of each own word after each prompt, by direction.

    Directions are pushed at the vectors' layer with `strength` (a fraction of the mean
    residual norm), which `vectors.norm` gives; with a `band` of layers the strength is
    divided over them, each in units of its own norm (measured on neutral texts). All
    in one call. In nats. Taught in the quick start.
    """
    layers = [vectors.layer] if band is None else list(band)
    norm = vectors.norm if layers == [vectors.layer] else None
    words = [f" {emotion}" for emotion in vectors.emotions]
    plain = choice_logprobs(model, prompts, words, progress=False)
    texts = [prompt for prompt in prompts for _ in directions]
    pushed = choice_logprobs(
        model,
        texts,
        words,
        vector=directions.repeat(len(prompts), 1),
        strength=strength,
        layer=layers,
        norm=norm,
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
    """The own-word test: the dose chosen, what it gives, and its controls."""

    strength: float
    validation: Estimate
    test: Estimate
    random: Estimate
    sweep: pd.DataFrame
    band: tuple[int, ...] = ()

    def __str__(self) -> str:
        return (
            f"own word rises most for {self.test} of the emotions on test at strength "
            f"{self.strength:g} over layers {list(self.band)} (validation "
            f"{self.validation}; random directions {self.random})"
        )


def own_word_diagonal(
    model: Any,
    vectors: EmotionVectors,
    *,
    strengths: Sequence[float] = STRENGTHS,
    bands: Sequence[Sequence[int]] | None = None,
    n: int = 4,
    n_random: int = 5,
    progress: bool = True,
) -> Diagonal:
    """For how many emotions does their own word rise most of all?

    The strength, and the band of layers over which it is divided, are those that are
    right most often after neutral openings of the validation topics (among equals the
    fewest layers, then the least strength); their share is told once on the openings of
    the test topics. `bands` defaults to the vectors' layer alone, `n` openings are in
    each person. Beside it `n_random` sets of random directions, as many as vectors and
    each with a word of its own. Intervals are over emotions.
    """
    check, test = (
        list(load_openings(split, n=n)["prompt"]) for split in ("validation", "test")
    )
    listed = sorted((tuple(b) for b in bands or [[vectors.layer]]), key=len)
    doses = [(band, s) for band in listed for s in sorted(strengths)]

    def changed(rows: Any, texts: list[str], dose: tuple[Any, float]) -> Any:
        options: dict[str, Any] = {"band": dose[0], "progress": progress}
        return word_changes(model, vectors, rows, texts, dose[1], **options)

    tried = [changed(vectors.vectors, check, dose) for dose in doses]
    right = [own_right(changes) for changes in tried]
    best = max(range(len(doses)), key=lambda i: (float(right[i].mean()), -i))
    told = own_right(changed(vectors.vectors, test, doses[best]))
    drawn = [
        random_directions(vectors.vectors, len(vectors), seed=s)
        for s in range(n_random)
    ]
    by_chance = [own_right(changed(rows, test, doses[best])) for rows in drawn]
    return Diagonal(
        float(doses[best][1]),
        bootstrap(right[best], None),
        bootstrap(told, None),
        bootstrap(torch.stack(by_chance).mean(0), None),
        sweep_table(doses, tried),
        doses[best][0],
    )


def sweep_table(
    doses: Sequence[tuple[Sequence[int], float]], tried: Sequence[Tensor]
) -> pd.DataFrame:
    """A row a dose: its layers and strength, the share right, and both mean rises."""
    rows = []
    for (band, strength), changes in zip(doses, tried, strict=True):
        mean = changes.mean(0)
        own = mean.diagonal()
        rest = (mean.sum(-1) - own) / (len(mean) - 1)
        right = bootstrap(own_right(changes), None)
        rises = float(own.mean()), float(rest.mean())
        rows.append((list(band), strength, *right, *rises))
    names = ["layers", "strength", "right", "low", "high", "own word", "other words"]
    return pd.DataFrame(rows, columns=names)
