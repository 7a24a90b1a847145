"""How well a score tells two kinds apart: area, share caught, precision."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike
from scipy import stats as scipy_stats

from helpers.stats.intervals import Estimate, interval, numbered
from helpers.stats.power import check_rates
from helpers.stats.values import finite


def auc(
    scores: ArrayLike,
    labels: ArrayLike,
    groups: ArrayLike | None,
    *,
    n_draws: int = 400,
    seed: int = 0,
) -> Estimate:
    """How often a positive scores above a negative, with its interval over groups.

    0.5 is chance; `groups=None`: each row by itself. Raises ValueError unless both
    kinds are there and all scores and labels are finite. Taught in chapter 11b.
    """
    x, y = finite(scores, "scores"), finite(labels, "labels").astype(bool)
    if y.all() or not y.any():
        raise ValueError("auc needs both classes: all labels are equal")
    index = numbered(groups, len(x))
    above = np.sign(x[y][:, None] - x[~y][None]) / 2 + 0.5

    def measure(times: Float[np.ndarray, "k g"]) -> Float[np.ndarray, " k"]:
        positive, negative = times[:, index[y]], times[:, index[~y]]
        pairs = positive.sum(1) * negative.sum(1)
        right = ((positive @ above) * negative).sum(1)
        return np.where(pairs > 0, right / np.maximum(pairs, 1), np.nan)

    n_groups = int(index.max()) + 1
    return interval(measure, n_groups, scale="share", n_draws=n_draws, seed=seed)


def caught(scores: ArrayLike, threshold: float) -> Estimate:
    """The share of scores above a threshold, with its exact 95 % interval.

    Raises ValueError for a score that is not finite, or a threshold that is no number.
    """
    if np.isnan(threshold):
        raise ValueError("the threshold is not a number: nothing is above it")
    above = finite(scores, "scores") > threshold
    test = scipy_stats.binomtest(int(above.sum()), len(above))
    low, high = test.proportion_ci(0.95, method="exact")
    return Estimate(float(above.mean()), float(low), float(high))


def of_rates(function: Callable[..., float]) -> Callable[..., float]:
    """The function, after a look whether what it is given are rates."""

    @wraps(function)
    def checked(*rates: float, **named: float) -> float:
        check_rates(*rates, *named.values())
        return function(*rates, **named)

    return checked


@of_rates
def precision(share_caught: float, false_alarms: float, base_rate: float) -> float:
    """Of all alerts, the share that is right, where `base_rate` of episodes are bad.

    Not a number if nothing raises an alert. Raises ValueError for a rate outside 0 to
    1. Taught in chapter 12.
    """
    right = share_caught * base_rate
    wrong = false_alarms * (1 - base_rate)
    return right / (right + wrong) if right + wrong > 0 else float("nan")
