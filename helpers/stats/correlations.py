"""Correlations with their intervals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from numpy.typing import ArrayLike
from scipy.stats import rankdata
from torch import Tensor

from helpers.stats.intervals import Estimate, interval, numbered
from helpers.stats.values import finite, present

ROUNDING = 1e-12  # of the length of a column: what does not vary, but for rounding


def pearson(
    x: ArrayLike,
    y: ArrayLike,
    groups: ArrayLike | None,
    *,
    n_draws: int = 1000,
    seed: int = 0,
) -> Estimate:
    """Pearson's r with its interval over groups (None: each pair by itself).

    Where a column does not vary it is 0, and nothing can be told. Raises ValueError
    for numbers that are not finite.
    """
    a, b = finite(x, "values of x"), finite(y, "values of y")
    index = numbered(groups, len(a))
    if not np.ptp(a) or not np.ptp(b):
        return Estimate(0.0, -np.inf, np.inf)
    a, b = (a - a.mean()) / a.std(), (b - b.mean()) / b.std()
    parts = [np.bincount(index, v) for v in (a**0, a, b, a * b, a**2, b**2)]

    def measure(times: Float[np.ndarray, "k g"]) -> Float[np.ndarray, " k"]:
        n, *sums = (times @ part for part in parts)
        left, right, both, left_2, right_2 = (total / n for total in sums)
        size = np.maximum(left_2 - left**2, 0) * np.maximum(right_2 - right**2, 0)
        r = (both - left * right) / np.sqrt(np.maximum(size, 1e-24))
        return np.where(size > 1e-20, np.clip(r, -1, 1), np.nan)

    n_groups = int(index.max()) + 1
    return interval(measure, n_groups, scale="r", n_draws=n_draws, seed=seed)


def correlations(
    columns: Float[np.ndarray, "n e"], values: Float[np.ndarray, " n"]
) -> Float[np.ndarray, " e"]:
    """Pearson's r of each column with the values; 0 where something is constant.

    Raises ValueError for a number that is not finite.
    """
    x, y = finite(columns, "numbers in the columns"), finite(values, "values")
    a, b = x - x.mean(0), y - y.mean()
    sizes, size = np.linalg.norm(a, axis=0), np.linalg.norm(b)
    vary = sizes > ROUNDING * np.linalg.norm(x, axis=0)
    vary &= size > ROUNDING * np.linalg.norm(y)
    return np.divide(a.T @ b, sizes * size, out=np.zeros(a.shape[1]), where=vary)


def rank_correlations(
    frame: pd.DataFrame, scores: Float[Tensor, "n e"], *, by: str, against: str
) -> Float[Tensor, "g e"]:
    """Spearman's correlation of each column of scores with a column of `frame`.

    One row for each group `by`, in the order of the frame. A column that never changes
    gets 0. Raises ValueError for a missing group, or a number that is not finite.
    Taught in chapter 05.
    """
    groups = np.array(present(frame[by], by), dtype=object)
    values, scored = finite(frame[against], against), finite(scores, "scores")
    rows = []
    for name in dict.fromkeys(groups):
        place = np.flatnonzero(groups == name)
        x = rankdata(values[place])[:, None]
        y = rankdata(scored[place], axis=0)
        x, y = x - x.mean(0), y - y.mean(0)
        size = np.sqrt((x**2).sum(0) * (y**2).sum(0))
        rows.append(np.where(size > 0, (x * y).sum(0) / np.maximum(size, 1e-12), 0.0))
    return torch.tensor(np.array(rows), dtype=torch.float32)
