"""Crossed stories: every emotion has every topic, so topics can be left out in turn.

Rows stand as topics x emotions x numbers. Taught in chapter 03.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from jaxtyping import Bool, Float
from sklearn.metrics import roc_auc_score
from torch import Tensor

from helpers.stats import Estimate, bootstrap_statistic
from helpers.vectors.probes import cosine_scores


class Likeness(NamedTuple):
    """Whether vectors of one cluster lie nearer than others, in several spaces.

    `table`: a row for each space and kind of pair (its mean cosine, over topics) and
    for each draw of the null: pairs, control, value, low, high. `areas`: how often a
    pair of one cluster has a higher cosine than another pair. `beyond`: the first
    space's area minus that of each. `dealt`: the first space's area with names by lot.
    """

    table: pd.DataFrame
    areas: dict[str, Estimate]
    beyond: dict[str, Estimate]
    dealt: Float[np.ndarray, " k"]


def by_topic(
    rows: Float[Tensor, "n d"], topics: Iterable[Any], emotions: Iterable[str]
) -> Float[Tensor, "t e d"]:
    """Rows as a block; the emotions in the same order for every topic.

    Raises ValueError unless each topic has each emotion once.
    """
    place, named = np.array(list(topics)), np.array(list(emotions))
    order = list(dict.fromkeys(named.tolist()))
    every = []
    for topic in dict.fromkeys(place.tolist()):
        at = {named[i]: i for i in np.flatnonzero(place == topic)}
        if len(at) != (place == topic).sum() or set(at) != set(order):
            raise ValueError(
                f"topic {topic!r} has {(place == topic).sum()} stories of {len(at)} "
                f"emotions: pass one of each of the {len(order)} emotions"
            )
        every.append(rows[[int(at[e]) for e in order]])
    return torch.stack(every)


def names_by_lot(
    block: Float[Tensor, "t e d"], *, seed: int = 0
) -> Float[Tensor, "t e d"]:
    """The block with the emotions' names exchanged within each topic."""
    draw = torch.Generator().manual_seed(seed)
    return torch.stack([b[torch.randperm(len(b), generator=draw)] for b in block])


def two_halves(
    block: Float[Tensor, "t e d"], k: int, *, n_splits: int = 20, seed: int = 0
) -> tuple[float, float]:
    """Mean cosine of vectors from `k` topics with those from `k` others.

    Of an emotion's own two vectors, and of one with any other emotion's.
    """
    rng, found = np.random.default_rng(seed), []
    for _ in range(n_splits):
        order = rng.permutation(len(block))
        one, other = (block[order[i * k : i * k + k]].mean(0) for i in (0, 1))
        cosines = cosine_scores(one - one.mean(0), other - other.mean(0))
        own, n = cosines.diagonal().sum(), len(cosines)
        found.append((own / n, (cosines.sum() - own) / (n * n - n)))
    own_mean, other_mean = np.mean(found, axis=0)
    return float(own_mean), float(other_mean)


def pair_cosines(block: Float[Tensor, "t e d"]) -> Float[np.ndarray, " p"]:
    """Cosine of each pair of emotion vectors."""
    means = block.mean(0)
    vectors = means - means.mean(0)
    cosines = cosine_scores(vectors, vectors).numpy()
    return np.asarray(cosines[np.triu_indices(len(vectors), 1)])


def same_pairs(clusters: Sequence[str]) -> Bool[np.ndarray, " p"]:
    """Which pairs of emotions are of one cluster."""
    of = np.asarray(clusters)
    return np.asarray((of[:, None] == of)[np.triu_indices(len(of), 1)])


def likeness(
    spaces: Mapping[str, Float[Tensor, "t e d"]],
    clusters: Sequence[str],
    *,
    n_draws: int = 199,
    seed: int = 0,
) -> Likeness:
    """Do like emotions have like vectors, in each space? Intervals are over topics.

    The null deals the emotions' names by lot. Raises ValueError where all emotions are
    of one cluster, or none shares its cluster.
    """
    own, rng = same_pairs(clusters), np.random.default_rng(seed)
    if own.all() or not own.any():
        raise ValueError("no two kinds of pairs: pass two clusters, one of them shared")
    dealt = [same_pairs(rng.permutation(clusters).tolist()) for _ in range(n_draws)]
    first = next(iter(spaces))
    topics = np.arange(len(spaces[first]))

    @cache
    def cosines(space: str, kept: tuple[int, ...]) -> Float[np.ndarray, " p"]:
        return pair_cosines(spaces[space][list(kept)])

    def of(space: str, kept: Any) -> Float[np.ndarray, " p"]:
        return cosines(space, tuple(kept.tolist()))

    def area(space: str, kept: Any, same: Any = own) -> float:
        return float(roc_auc_score(same, of(space, kept)))

    def mean(space: str, mask: Any, kept: Any) -> float:
        return float(of(space, kept)[mask].mean())

    def gap(space: str, kept: Any) -> float:
        return area(first, kept) - area(space, kept)

    rows: list[Any] = []
    for space in spaces:
        for kind, mask in (("same cluster", own), ("others", ~own)):
            found = bootstrap_statistic(partial(mean, space, mask), topics)
            rows.append((f"{space}, {kind}", "found", *found))
        every = of(space, topics)
        means = [float(every[mask].mean()) for mask in dealt]
        rows += [(f"{space}, same cluster", "names by lot", m, m, m) for m in means]
    table = pd.DataFrame(rows, columns=["pairs", "control", "value", "low", "high"])
    areas = {
        s: bootstrap_statistic(partial(area, s), topics, scale="share") for s in spaces
    }
    beyond = {s: bootstrap_statistic(partial(gap, s), topics) for s in spaces}
    drawn = np.array([area(first, topics, mask) for mask in dealt])
    return Likeness(table, areas, beyond, drawn)
