"""What every figure of a card is measured on: texts, vectors, and how much of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from secrets import token_hex
from typing import Any

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from torch import Tensor

from helpers import cache
from helpers.activations import mean_activations
from helpers.datasets import TWELVE, load_emotions
from helpers.stats import Estimate, null_p, shuffled_labels
from helpers.vectors import (
    EmotionVectors,
    column_auc,
    difference_of_means,
    extract,
    neutral_components,
    project_out,
)

Figure = dict[str, Any]
Figures = dict[str, Figure]
SHUFFLED, RANDOM = "shuffled labels", "random directions"
VERSION = 3  # of the figures' code; part of every card's key
FEW_TOPICS = 5  # with fewer, intervals draw emotions


@dataclass(frozen=True)
class Sizes:
    """How much a card measures; the defaults are for a report, `QUICK` for a look.

    `emotions`, `topics` and `test_topics` None take all there are; fewer emotions are
    the twelve of chapter 05 and others, evenly. Counts of texts are per kind.
    """

    emotions: int | None = None
    topics: int | None = None
    test_topics: int | None = None
    shuffled: int = 20
    random: int = 20
    pushed: int = 171
    openings: int = 4
    scenes: int = 24
    messages: int = 120
    cases: int = 600
    activities: int = 3
    draws: int = 200


QUICK: dict[str, Any] = {"emotions": 60, "topics": 4, "test_topics": 2, "pushed": 40}
QUICK |= {"openings": 1, "scenes": 10, "messages": 48, "cases": 240, "draws": 40}
QUICK |= {"activities": 2}


@dataclass(frozen=True)
class Bench:
    """A model with the texts that it is measured on; vectors are made when asked for.

    `stories` has the columns emotion, topic, split, text. Vectors come from `train`,
    figures from `test`.
    """

    model: Any
    stories: pd.DataFrame
    neutral: Sequence[str]
    layer: int
    start: int
    sizes: Sizes = field(default_factory=Sizes)

    @cached_property
    def emotions(self) -> list[str]:
        """The emotions that are measured, in the order of the stories."""
        names, most = list(dict.fromkeys(self.stories["emotion"])), self.sizes.emotions
        if most is None or most >= len(names):
            return names
        first = [e for e in TWELVE if e in names][:most]
        rest = [e for e in names if e not in first]
        places = np.linspace(0, len(rest) - 1, most - len(first)).round()
        kept = {*first, *(rest[int(i)] for i in places)}
        return [e for e in names if e in kept]

    def part(self, split: str, most: int | None) -> pd.DataFrame:
        """The stories of a split, on its first `most` topics."""
        rows = self.stories[self.stories["split"] == split]
        rows = rows[rows["emotion"].isin(self.emotions)]
        kept = list(dict.fromkeys(rows["topic"]))[:most]
        return rows[rows["topic"].isin(kept)].reset_index(drop=True)

    @cached_property
    def train(self) -> pd.DataFrame:
        return self.part("train", self.sizes.topics)

    @cached_property
    def test(self) -> pd.DataFrame:
        return self.part("test", self.sizes.test_topics)

    @cached_property
    def means(self) -> Float[Tensor, "n d"]:
        """Mean activations of the train stories."""
        return self.read(self.train["text"])

    def read(self, texts: Any) -> Float[Tensor, "n d"]:
        """Mean activations of some texts at the card's layer."""
        options: dict[str, Any] = {"start": self.start, "progress": False}
        return mean_activations(self.model, texts, self.layer, **options)

    @cached_property
    def vectors(self) -> EmotionVectors:
        options: dict[str, Any] = {"start": self.start, "progress": False}
        denoise = 0.5 if len(self.neutral) > 1 else None
        return extract(
            self.model,
            self.train,
            self.neutral,
            self.layer,
            denoise=denoise,
            **options,
        )

    @cached_property
    def noise(self) -> Float[Tensor, "k d"]:
        """The neutral components that were taken out of the vectors."""
        if len(self.neutral) < 2:
            return torch.zeros(0, self.means.shape[-1])
        return neutral_components(self.read(self.neutral))

    @cached_property
    def shuffled(self) -> list[Float[Tensor, "e d"]]:
        """Vectors of the same stories with their labels shuffled within topics."""
        labels, topics = list(self.train["emotion"]), list(self.train["topic"])
        found = []
        for seed in range(self.sizes.shuffled):
            mixed = shuffled_labels(labels, topics, seed=seed)
            rows, order = difference_of_means(self.means, mixed)
            places = [order.index(e) for e in self.vectors.emotions]
            found.append(project_out(rows[places], self.noise))
        return found

    @property
    def over(self) -> str:
        """What is drawn for intervals on the test stories."""
        return "topic" if self.test["topic"].nunique() >= FEW_TOPICS else "emotion"

    @cached_property
    def key(self) -> str:
        """A name for all that a figure depends on; where that has none, a new one."""
        texts = [list(self.stories[c]) for c in ("emotion", "topic", "split", "text")]
        hooked = cache.hooked(self.model)
        weights = token_hex() if hooked else cache.fingerprint(self.model)
        options = [self.layer, self.start, asdict(self.sizes)]
        return cache.digest(
            "card", VERSION, weights, texts, list(self.neutral), options
        )


def known(bench: Bench) -> pd.DataFrame:
    """Cluster, valence and arousal of the bench's emotions, in the vectors' order."""
    table = load_emotions().set_index("emotion")
    return table.loc[list(bench.vectors.emotions)]


def figure(
    found: Estimate,
    control: Estimate,
    against: str,
    *,
    unit: str,
    over: str,
    n: int,
    chapter: str,
    null: Any = None,
    **more: Any,
) -> Figure:
    """A figure of a card: a value with its interval, and its control with one.

    `against` says what the control is, `over` what was drawn for the interval; `more`
    stands beside it (other baselines, the strength that was chosen). `null`: all values
    of the control; the figure then keeps p, how often they lie as far from their mean.
    """
    if not np.isfinite([*found, *control]).all():
        raise ValueError("the figure is not a number on these texts")
    beside = {k: float(v) for k, v in more.items() if np.isfinite(v)}
    tested: Figure = {}
    if null is not None:
        off = np.asarray(null, dtype=float) - np.mean(null)
        p = null_p(found.value - float(np.mean(null)), off)
        tested = {"p": p, "draws": off.size}
    return {
        **{k: float(v) for k, v in found._asdict().items()},
        **tested,
        "control": {
            "name": against,
            **{k: float(v) for k, v in control._asdict().items()},
        },
        "unit": unit,
        "over": over,
        "n": int(n),
        "chapter": chapter,
        "beside": beside,
    }


def spread(values: Any, *, level: float = 0.95) -> Estimate:
    """The mean of a control's values and the range that holds `level` of them."""
    drawn = np.asarray(values, dtype=float).ravel()
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return Estimate(float(drawn.mean()), float(low), float(high))


def mean_auc(scores: Any, names: Sequence[str], truth: Any) -> float:
    """Mean area under the ROC curve over the names that have a text."""
    each = column_auc(torch.as_tensor(scores), list(names), [str(t) for t in truth])
    return float(np.nanmean(each))


NOTHING = Estimate(0.0, 0.0, 0.0)
