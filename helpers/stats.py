"""Intervals and controls: what stands beside every number in the book."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import ArrayLike, NDArray
from scipy import stats as scipy_stats
from torch import Tensor


class Estimate(NamedTuple):
    """A value with its interval; prints as `0.71 [0.64, 0.78]`."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.2f} [{self.low:.2f}, {self.high:.2f}]"


def bootstrap(
    values: ArrayLike,
    groups: Sequence[Any] | None = None,
    *,
    n_draws: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> Estimate:
    """The mean of `values` with a percentile bootstrap interval.

    With `groups` (a topic or a scene for each value) whole groups are drawn, since
    values of one group are not independent. `level` is the coverage aimed at.

    Raises ValueError if there are no values, or if `groups` has another length.
    Taught in chapter 02.
    """
    numbers = np.asarray(values, dtype=float)
    if numbers.size == 0:
        raise ValueError("bootstrap got no values: pass at least one number")
    names = np.arange(len(numbers)) if groups is None else np.asarray(groups)
    if len(names) != len(numbers):
        raise ValueError(
            f"{len(numbers)} values but {len(names)} groups: pass one each"
        )
    _, index = np.unique(names, return_inverse=True)
    sums, counts = np.bincount(index, numbers), np.bincount(index)
    rng = np.random.default_rng(seed)
    draws = rng.integers(len(sums), size=(n_draws, len(sums)))
    means = sums[draws].sum(1) / counts[draws].sum(1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Estimate(float(numbers.mean()), float(low), float(high))


def random_directions(
    like: Float[Tensor, "*n d"], n: int = 20, *, seed: int = 0
) -> Float[Tensor, "n d"]:
    """`n` directions drawn evenly over the sphere, with the mean norm of `like`.

    The control for "any vector of this size would do that". Taught in chapter 03.
    """
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randn(n, like.shape[-1], generator=generator)
    norm = like.float().norm(dim=-1).mean()
    return norm * drawn / drawn.norm(dim=-1, keepdim=True)


def shuffled_labels(
    labels: Sequence[str], groups: Sequence[Any] | None = None, *, seed: int = 0
) -> list[str]:
    """The labels in another order; with `groups`, only within each group.

    The control for "these texts, with no meaning in the labels". Taught in chapter 03.
    """
    rng, mixed = np.random.default_rng(seed), np.array(labels, dtype=object)
    names = np.zeros(len(mixed)) if groups is None else np.asarray(groups)
    for name in np.unique(names):
        place = np.flatnonzero(names == name)
        mixed[place] = mixed[rng.permutation(place)]
    return mixed.tolist()


def permutation_p(
    statistic: Callable[[NDArray[Any], NDArray[Any]], float],
    x: ArrayLike,
    y: ArrayLike,
    *,
    n_draws: int = 2000,
    seed: int = 0,
) -> float:
    """Share of reorderings of `x` whose |statistic(x, y)| reaches the real one.

    Counts the real order as one of the draws, so that p is never 0.
    """
    left, right = np.asarray(x), np.asarray(y)
    rng, real = np.random.default_rng(seed), abs(statistic(left, right))
    drawn = [abs(statistic(rng.permutation(left), right)) for _ in range(n_draws)]
    return float((1 + np.sum(np.array(drawn) >= real - 1e-12)) / (1 + n_draws))


def sign_test_p(differences: ArrayLike) -> float:
    """Exact two-sided sign test: are positive and negative differences as frequent?

    Zeros count for neither. Raises ValueError if all are zero.
    """
    signs = np.sign(np.asarray(differences, dtype=float))
    positive, n = int((signs > 0).sum()), int((signs != 0).sum())
    if n == 0:
        raise ValueError("sign_test_p got only zeros: there is nothing to compare")
    return float(scipy_stats.binomtest(positive, n).pvalue)


def null_p(value: float, null: ArrayLike) -> float:
    """Share of a control's values at least as far from 0 as `value`, two-sided.

    Counts `value` as one of them, so that p is never 0: with 19 controls the least p
    is 0.05. Raises ValueError for a control without values. Taught in chapter 05.
    """
    drawn = np.asarray(null, dtype=float).ravel()
    if drawn.size == 0:
        raise ValueError("null_p got no control: pass at least one value")
    beyond = np.abs(drawn) >= abs(value) - 1e-12
    return float((1 + beyond.sum()) / (1 + drawn.size))


def bootstrap_statistic(
    statistic: Callable[[NDArray[Any]], float],
    groups: Sequence[Any],
    *,
    n_draws: int = 500,
    level: float = 0.95,
    seed: int = 0,
) -> Estimate:
    """Any statistic with a percentile interval; whole groups are drawn.

    `statistic` gets the indices of the rows that a draw kept (a row may come more
    than once). Draws where it is not finite are left out.

    Raises ValueError if there are no rows. Taught in chapter 06.
    """
    names = np.asarray(groups)
    if len(names) == 0:
        raise ValueError("bootstrap_statistic got no rows: pass a group for each")
    rows = [np.flatnonzero(names == name) for name in np.unique(names)]
    rng = np.random.default_rng(seed)
    drawn = np.array(
        [
            statistic(np.concatenate([rows[i] for i in picks]))
            for picks in rng.integers(len(rows), size=(n_draws, len(rows)))
        ]
    )
    drawn = drawn[np.isfinite(drawn)]
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return Estimate(float(statistic(np.arange(len(names)))), float(low), float(high))


def pearson(
    x: ArrayLike, y: ArrayLike, *, n_draws: int = 1000, seed: int = 0
) -> Estimate:
    """Pearson's r with a percentile bootstrap interval over the pairs.

    0 where a column does not vary; draws in which one does not are left out. Taught in
    chapter 09.
    """
    a, b = np.asarray(x, float), np.asarray(y, float)
    draws = np.random.default_rng(seed).integers(len(a), size=(n_draws, len(a)))
    left, right = (v[draws] - v[draws].mean(1, keepdims=True) for v in (a, b))
    size = np.sqrt((left**2).sum(1) * (right**2).sum(1))
    found = ((left * right).sum(1)[size > 0]) / size[size > 0]
    if not a.std() or not b.std() or len(found) == 0:
        return Estimate(0.0, 0.0, 0.0)
    low, high = np.quantile(found, [0.025, 0.975])
    return Estimate(float(np.corrcoef(a, b)[0, 1]), float(low), float(high))


def max_null_p(values: ArrayLike, null: ArrayLike) -> float:
    """Is the best of several layers better than the best of a control's layers?

    `values` has one number a layer, `null` a row of them for each draw of the control.
    Counts the real best as one of the draws. Raises ValueError for unequal layers.
    Taught in chapter 04.
    """
    real, drawn = np.asarray(values, dtype=float), np.asarray(null, dtype=float)
    if drawn.ndim != 2 or drawn.shape[1] != len(real):
        raise ValueError(
            f"{len(real)} layers but a control of shape {drawn.shape}: pass a row of "
            "as many layers for each draw"
        )
    reached = (drawn.max(1) >= real.max() - 1e-12).sum()
    return float((1 + reached) / (1 + len(drawn)))
