"""How well a score tells two kinds apart: ROC, area, share caught, precision."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats as scipy_stats
from sklearn.metrics import roc_auc_score, roc_curve

from helpers.stats.intervals import Estimate


def roc(scores: ArrayLike, labels: ArrayLike) -> pd.DataFrame:
    """False-alarm rate and share caught at every threshold: columns far, caught."""
    far, caught_share, bounds = roc_curve(np.asarray(labels), np.asarray(scores))
    return pd.DataFrame({"far": far, "caught": caught_share, "threshold": bounds})


def auc(
    scores: ArrayLike,
    labels: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    n_draws: int = 400,
    seed: int = 0,
) -> Estimate:
    """How often a positive scores above a negative, with a bootstrap over groups.

    0.5 is chance. Raises ValueError unless both kinds are there. Taught in chapter 11.
    """
    x, y = np.asarray(scores, dtype=float), np.asarray(labels).astype(bool)
    if y.all() or not y.any():
        raise ValueError("auc needs both classes: all labels are equal")
    names = np.arange(len(x)) if groups is None else np.asarray(groups)
    index, each = pd.factorize(names)
    rng = np.random.default_rng(seed)
    times = rng.multinomial(len(each), np.full(len(each), 1 / len(each)), n_draws)
    weights = times[:, index].astype(float)  # how often each draw holds each episode
    above = np.sign(x[y][:, None] - x[~y][None]) / 2 + 0.5
    positive, negative = weights[:, y], weights[:, ~y]
    pairs = positive.sum(1) * negative.sum(1)
    right = ((positive @ above) * negative).sum(1)[pairs > 0]
    drawn = right / pairs[pairs > 0] if len(right) else np.array([0.0, 1.0])
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Estimate(float(roc_auc_score(y, x)), float(low), float(high))


def caught(scores: ArrayLike, threshold: float) -> Estimate:
    """The share of scores above a threshold, with its exact 95 % interval."""
    above = np.asarray(scores, dtype=float) > threshold
    test = scipy_stats.binomtest(int(above.sum()), len(above))
    low, high = test.proportion_ci(0.95, method="exact")
    return Estimate(float(above.mean()), float(low), float(high))


def precision(share_caught: float, false_alarms: float, base_rate: float) -> float:
    """Of all alerts, the share that is right, where `base_rate` of episodes are bad.

    Not a number if nothing raises an alert. Taught in chapter 12.
    """
    right = share_caught * base_rate
    wrong = false_alarms * (1 - base_rate)
    return right / (right + wrong) if right + wrong > 0 else float("nan")
