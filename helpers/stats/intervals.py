"""Intervals and controls: what stands beside every number in the book."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray


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


def by_layer(
    layers: Sequence[int], measure: Callable[[int], Any], **about: Any
) -> pd.DataFrame:
    """A row for each layer with what `measure(layer)` finds: value, low, high."""
    rows = [(layer, *measure(layer)) for layer in layers]
    frame = pd.DataFrame(rows, columns=["layer", "value", "low", "high"])
    return frame.assign(**about)
