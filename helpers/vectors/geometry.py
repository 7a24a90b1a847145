"""The shape of a set of vectors, and whether an axis of it is an artifact."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.cluster import hierarchy
from scipy.stats import spearmanr
from sklearn.decomposition import PCA

from helpers.stats import correlations, finite

Array = np.ndarray
ROUNDING = 1e-9  # of the spread: a fit leaves as much of what it takes whole


class Axes(NamedTuple):
    """Principal axes: places "e k", share of variance " k", directions "k d"."""

    places: Array
    share: Array
    directions: Array


def unit_rows(vectors: ArrayLike) -> Array:
    """The rows at length 1, in float64.

    Raises ValueError for a row that is zero or not finite.
    """
    rows = finite(vectors, "numbers in the vectors")
    sizes = np.linalg.norm(rows, axis=1, keepdims=True)
    if not sizes.all():
        raise ValueError(f"row {int(sizes.argmin())} is zero, so it has no direction")
    return np.asarray(rows / sizes)


def cosine_order(vectors: ArrayLike) -> list[int]:
    """An order of the rows in which near ones stand together. Taught in chapter 06."""
    tree = hierarchy.linkage(unit_rows(vectors), "average", metric="cosine")
    return [int(i) for i in hierarchy.leaves_list(tree)]


def principal_axes(vectors: ArrayLike, k: int = 3) -> Axes:
    """The `k` directions in which the rows differ most. Taught in chapter 06."""
    rows = finite(vectors, "numbers in the vectors")
    made = PCA(k, svd_solver="full").fit(rows)
    return Axes(made.transform(rows), made.explained_variance_ratio_, made.components_)


def correlation(a: ArrayLike, b: ArrayLike) -> float:
    """Pearson's correlation, 0 where one of the two does not vary.

    Raises ValueError for a value that is not finite.
    """
    return float(correlations(finite(a, "values")[:, None], finite(b, "values"))[0])


def best_axis(places: ArrayLike, ratings: ArrayLike) -> tuple[int, float]:
    """Which axis goes with the ratings best, and its correlation (sign is arbitrary).

    The best of several: its null must choose the best, too.
    """
    each = [correlation(column, ratings) for column in np.asarray(places).T]
    best = int(np.argmax(np.abs(each)))
    return best, each[best]


def left_over(y: ArrayLike, confounds: ArrayLike) -> Array:
    """What is left of `y` ("n" or "n d") after a linear fit on the confounds."""
    target = finite(y, "values")
    known = finite(confounds, "confounds").reshape(len(target), -1)
    design = np.column_stack([np.ones(len(target)), known])
    fit, *_ = np.linalg.lstsq(design, target, rcond=None)
    return np.asarray(target - design @ fit)


def partial_correlation(x: ArrayLike, y: ArrayLike, confounds: ArrayLike) -> float:
    """Correlation of `x` and `y` once the confounds are taken from both.

    Raises ValueError where they leave nothing of one but rounding.
    """
    left = []
    for name, values in {"x": x, "y": y}.items():
        target = finite(values, f"values of {name}")
        left.append(left_over(target, confounds))
        if left[-1].std() <= ROUNDING * max(target.std(), abs(target).max()):
            raise ValueError(
                f"nothing of {name} is left once the confounds are taken out: it does "
                "not vary beside them, so there is nothing to correlate"
            )
    return correlation(*left)


def rsa(a: ArrayLike, b: ArrayLike) -> float:
    """Agreement of two sets of vectors about which rows are near which.

    Spearman's correlation of their cosines, pair by pair; the widths may differ.
    Raises ValueError if the sets have unequally many rows. Taught in chapter 06.
    """
    one, other = unit_rows(a), unit_rows(b)
    if len(one) != len(other):
        raise ValueError(f"{len(one)} rows against {len(other)}: pass the same ones")
    pairs = np.triu_indices(len(one), 1)
    return float(spearmanr((one @ one.T)[pairs], (other @ other.T)[pairs]).statistic)


def split_agreement(
    one: ArrayLike,
    other: ArrayLike,
    labels: Sequence[str],
    groups: Sequence[Any],
    *,
    n_splits: int = 20,
    seed: int = 0,
) -> Array:
    """RSA between the vectors of two models (or layers) that share no text: "s 2".

    `one` and `other` have a row for each text, of any width. Each split puts half of
    the groups (topics) on either side: vectors of `one` come from one half, those of
    `other` from the other half, so that what is peculiar to a text cannot agree. Column
    1 is the same with the second set's names exchanged. A model with itself says how
    much agreement these texts allow at most.

    Raises ValueError for fewer than two groups, or if a half lacks a label.
    Taught in chapter 06.
    """
    left, right = np.asarray(one, dtype=float), np.asarray(other, dtype=float)
    own = np.unique(np.asarray(labels), return_inverse=True)[1]
    places = np.unique(np.asarray(groups), return_inverse=True)[1]
    n_groups, rng, found = int(places.max()) + 1, np.random.default_rng(seed), []
    if n_groups < 2:
        raise ValueError("all texts are of one group: two halves need two or more")
    for _ in range(n_splits):
        half = rng.permutation(n_groups)[: n_groups // 2]
        mask = np.isin(places, half)
        a, b = class_means(left[mask], own[mask]), class_means(right[~mask], own[~mask])
        found.append((rsa(a, b), rsa(a, rng.permutation(b))))
    return np.array(found)


def class_means(rows: Array, classes: Array) -> Array:
    """The mean row of each class 0, 1, ..., minus the mean of these means."""
    counts = np.bincount(classes)
    if (counts == 0).any():
        raise ValueError("a label has no text in one of the halves: pass more groups")
    sums = np.zeros((len(counts), rows.shape[1]))
    np.add.at(sums, classes, rows)
    means = sums / counts[:, None]
    return np.asarray(means - means.mean(0))
