"""Correlations with their intervals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from numpy.typing import ArrayLike
from scipy.stats import rankdata
from torch import Tensor

from helpers.stats.intervals import Estimate


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


def rank_correlations(
    frame: pd.DataFrame, scores: Float[Tensor, "n e"], *, by: str, against: str
) -> Float[Tensor, "g e"]:
    """Spearman's correlation of each column of scores with a column of `frame`.

    One row for each group `by`, in the order of the frame. A column that never changes
    gets 0. Taught in chapter 05.
    """
    groups, values = frame[by].to_numpy(), frame[against].to_numpy()
    rows = []
    for name in dict.fromkeys(groups):
        place = np.flatnonzero(groups == name)
        x = rankdata(values[place])[:, None]
        y = rankdata(scores[torch.from_numpy(place)].numpy(), axis=0)
        x, y = x - x.mean(0), y - y.mean(0)
        size = np.sqrt((x**2).sum(0) * (y**2).sum(0))
        rows.append(np.where(size > 0, (x * y).sum(0) / np.maximum(size, 1e-12), 0.0))
    return torch.tensor(np.array(rows), dtype=torch.float32)
