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
from jaxtyping import Bool, Float, Int
from torch import Tensor

from helpers import cache
from helpers.activations import mean_activations, mean_embeddings
from helpers.datasets import TWELVE, load_emotions
from helpers.models import depths
from helpers.stats import shuffled_labels
from helpers.vectors import EmotionVectors, extract, neutral_components, project_out

VERSION = 5  # of the figures' code; part of every card's key
FEW_TOPICS = 5  # with fewer test topics every topic is held out in turn


@dataclass(frozen=True)
class Sizes:
    """How much a card measures; the defaults are for a report, `QUICK` for a look.

    `emotions`, `topics` and `test_topics` None take all there are; fewer emotions are
    the twelve of chapter 05 and others, evenly. Counts of texts are per kind, `pairs`
    per act. `shuffled` and `random` are draws of a control for readings: twenty times
    as many as a card has figures; `pushes` are random directions that are pushed.
    """

    emotions: int | None = None
    topics: int | None = None
    test_topics: int | None = None
    shuffled: int = 500
    random: int = 500
    pushes: int = 40
    pushed: int = 171
    openings: int = 4
    scenes: int = 24
    messages: int = 120
    cases: int = 600
    activities: int = 8
    pairs: int = 40


QUICK: dict[str, Any] = {"emotions": 60, "topics": 4, "pushed": 40, "openings": 1}
QUICK |= {"scenes": 10, "messages": 48, "cases": 120, "activities": 4}
QUICK |= {"pairs": 12}

Fold = tuple[Bool[np.ndarray, " n"], Bool[np.ndarray, " n"]]


@dataclass(frozen=True)
class Bench:
    """A model with the texts that it is measured on; vectors are made when asked for.

    `stories` has the columns emotion, topic, split, text. Vectors come from `train`;
    held-out figures from `told`, by `folds`.
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
    def told(self) -> pd.DataFrame:
        """The stories that are fitted on and told, as `folds` says."""
        return pd.concat([self.train, self.test], ignore_index=True)

    @cached_property
    def folds(self) -> list[Fold]:
        """Which of `told` are fitted on and which are asked, by fold.

        The test topics at once; where they are few, each topic of all in turn.
        """
        topics = self.told["topic"].to_numpy()
        new = np.arange(len(topics)) >= len(self.train)
        if self.test["topic"].nunique() >= FEW_TOPICS:
            return [(~new, new)]
        return [(topics != t, topics == t) for t in dict.fromkeys(topics)]

    @cached_property
    def asked(self) -> pd.DataFrame:
        """The stories that are told, fold by fold."""
        return pd.concat([self.told[ask] for _, ask in self.folds], ignore_index=True)

    @cached_property
    def layers(self) -> list[int]:
        """Where a reading may be chosen: eight depths, and the card's own layer."""
        return sorted({*depths(self.model), self.layer})

    @cached_property
    def means(self) -> Float[Tensor, "n d"]:
        """Mean activations of the train stories."""
        return self.read(self.train["text"])

    @cached_property
    def told_means(self) -> Float[Tensor, "n d"]:
        """Mean activations of all stories that are fitted on or asked."""
        return torch.cat([self.means, self.read(self.test["text"])])

    @cached_property
    def embeddings(self) -> Float[Tensor, "n d"]:
        """The same before the first block: what words alone give."""
        return mean_embeddings(self.model, list(self.train["text"]), start=self.start)

    def read(self, texts: Any) -> Float[Tensor, "n d"]:
        """Mean activations of some texts at the card's layer."""
        options: dict[str, Any] = {"start": self.start, "progress": False}
        every = mean_activations(self.model, texts, self.layers, **options)
        return every[self.layers.index(self.layer)]

    @cached_property
    def vectors(self) -> EmotionVectors:
        options: dict[str, Any] = {"start": self.start, "progress": False}
        denoise = 0.5 if len(self.neutral) > 1 else None
        return extract(
            self.model, self.train, self.neutral, self.layer, denoise=denoise, **options
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
        own = pd.Index(self.vectors.emotions)
        for seed in range(self.sizes.shuffled):
            mixed = pd.Index(shuffled_labels(labels, topics, seed=seed))
            place = torch.from_numpy(own.get_indexer(mixed))
            rows = class_means(self.means, place, len(own))
            found.append(project_out(rows - rows.mean(0), self.noise))
        return found

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


def class_means(
    rows: Float[Tensor, "n d"], place: Int[Tensor, " n"], n: int
) -> Float[Tensor, "e d"]:
    """The mean row of each class 0 to n - 1, fast enough for hundreds of shuffles."""
    sums = torch.zeros(n, rows.shape[1]).index_add_(0, place, rows)
    return sums / torch.bincount(place, minlength=n)[:, None]


def known(bench: Bench) -> pd.DataFrame:
    """Cluster, valence and arousal of the bench's emotions, in the vectors' order."""
    table = load_emotions().set_index("emotion")
    return table.loc[list(bench.vectors.emotions)]
