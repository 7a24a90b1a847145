"""What a push or a reading is held against: directions of every kind, in one table.

Random ones ask whether any direction would do, shuffled labels whether any texts would,
other emotions whether this one is meant, and unrelated subjects and topics whether it
is about emotion at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import normalize

from helpers.activations import mean_activations
from helpers.datasets import load_neutral, load_subjects
from helpers.stats import Column, column, random_directions, shuffled_labels
from helpers.vectors import (
    EmotionVectors,
    difference_of_means,
    neutral_components,
    project_out,
)

CLAIM = "emotion"
KINDS = (CLAIM, "random", "shuffled labels", "other emotions", "unrelated", "topics")
Named = tuple[str, Sequence[str], Tensor]  # a kind, names, directions


@dataclass(frozen=True, eq=False)
class Directions:
    """Directions of length 1, the name and the kind of each, and where they belong.

    `table` has the columns name and kind. `norm` is the mean residual norm at `layer`.
    """

    table: pd.DataFrame
    unit: Float[Tensor, "p d"]
    layer: int
    norm: float

    def __len__(self) -> int:
        return len(self.unit)

    def of(self, *kinds: str) -> Directions:
        """Those of some kinds; raises ValueError for a kind that is not there."""
        known = list(dict.fromkeys(self.table["kind"]))
        if strange := [kind for kind in kinds if kind not in known]:
            raise ValueError(f"no directions of {strange}: there are {known}")
        place = np.flatnonzero(self.table["kind"].isin(kinds))
        kept = self.table.iloc[place].reset_index(drop=True)
        return replace(self, table=kept, unit=self.unit[torch.from_numpy(place)])

    def scores(self, activations: Float[Tensor, "n d"]) -> Float[Tensor, "n p"]:
        """How far activations reach along each, in units of the residual norm."""
        return activations @ self.unit.T / self.norm


def controls(
    model: Any,
    vectors: EmotionVectors,
    stories: pd.DataFrame,
    of: Column,
    *,
    neutral: Sequence[str] | None = None,
    n_random: int = 40,
    n_shuffled: int = 20,
    seed: int = 0,
) -> Directions:
    """The vectors of the emotions `of`, and beside them every control, at length 1.

    Kinds: `emotion`; `random`; `shuffled labels` (the first of `of`, labels dealt anew
    within topics); `other emotions`; `unrelated` (the everyday subjects of
    `load_subjects`, on the topics of `stories`); `topics` (mean of a topic's stories
    minus the mean of all). What is learned is learned by the recipe of `vectors`:
    layer, first position, neutral components taken out. `stories` (columns emotion,
    topic, text) and `neutral` are what the vectors were made from.

    Raises KeyError for an emotion without a vector, ValueError where `neutral` is not
    what the vectors were made with.
    """
    options: dict[str, Any] = {"start": vectors.start, "progress": False}
    of = column(of)
    claimed, noise = [vectors[e] for e in of], noise_of(model, vectors, neutral)
    labels, topics = list(stories["emotion"]), list(stories["topic"])
    means = mean_activations(model, stories["text"], vectors.layer, **options)
    subjects = load_subjects(model)
    subjects = subjects[subjects["topic"].isin(topics)]
    texts = mean_activations(model, subjects["text"], vectors.layer, **options)
    mixed = []
    for i in range(n_shuffled):
        dealt = shuffled_labels(labels, topics, seed=seed + i)
        rows, order = difference_of_means(means, dealt)
        mixed.append(rows[order.index(of[0])])
    others = [e for e in vectors.emotions if e not in of]
    place, about = difference_of_means(means, topics)
    unrelated, names = difference_of_means(texts, list(subjects["subject"]))
    return named_directions(
        vectors,
        (CLAIM, of, torch.stack(claimed)),
        ("random", *numbered(random_directions(vectors.vectors, n_random, seed=seed))),
        ("shuffled labels", *numbered(project_out(torch.stack(mixed), noise))),
        (
            "other emotions",
            others,
            vectors.vectors[[e not in of for e in vectors.emotions]],
        ),
        ("unrelated", names, project_out(unrelated, noise)),
        ("topics", about, project_out(place, noise)),
    )


def numbered(rows: Float[Tensor, "p d"]) -> tuple[list[str], Float[Tensor, "p d"]]:
    """Rows without names of their own, with numbers from 1 on."""
    return [str(i + 1) for i in range(len(rows))], rows


def named_directions(vectors: EmotionVectors, *kinds: Named) -> Directions:
    """Several kinds of directions as one table, at length 1."""
    table = [(str(n), kind) for kind, names, _ in kinds for n in names]
    unit = normalize(torch.cat([rows for *_, rows in kinds]), dim=-1)
    frame = pd.DataFrame(table, columns=["name", "kind"])
    return Directions(frame, unit, vectors.layer, vectors.norm)


def noise_of(
    model: Any, vectors: EmotionVectors, neutral: Sequence[str] | None
) -> Float[Tensor, "k d"]:
    """The neutral components that were taken out of `vectors`; none: no row."""
    share = vectors.method.get("denoise", 0.0)
    if not share:
        return torch.zeros(0, vectors.vectors.shape[-1])
    texts = list(load_neutral(model) if neutral is None else neutral)
    options: dict[str, Any] = {"start": vectors.start, "progress": False}
    found = neutral_components(
        mean_activations(model, texts, vectors.layer, **options), share
    )
    if len(found) != vectors.method["components"]:
        raise ValueError(
            f"these {len(texts)} neutral texts give {len(found)} components, those of "
            f"the vectors gave {vectors.method['components']}: pass the same neutral="
        )
    return found
