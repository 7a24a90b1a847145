"""The whole profile: which of all emotions rise, not the one that was expected."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Float

from helpers.stats import Estimate, bootstrap_statistic, null_p
from helpers.vectors.geometry import correlation

Null = Callable[[pd.Series, pd.Series], Any]


class Profile(NamedTuple):
    """What rises over items, and what that goes along with.

    `table`: emotion, value (mean over items), rank (1 rises most), expected. `r` is the
    correlation of the values with ratings, its interval over groups of items; `p` that
    of each null. `expected`: the mean rank of the expected emotions, where chance is
    half of all, and the share of equally many random ones that rank as high or higher.
    """

    table: pd.DataFrame
    r: Estimate
    p: dict[str, float]
    expected: tuple[float, float]


def profile(
    change: Float[Any, "n e"],
    names: Sequence[str],
    ratings: pd.Series,
    groups: Any,
    *,
    expected: Sequence[str] = (),
    nulls: Mapping[str, Null] | None = None,
    n_draws: int = 999,
    seed: int = 0,
) -> Profile:
    """Which emotions rise over `n` items, and their correlation with ratings.

    `ratings` is indexed by emotion; emotions without one are left out of r. A null gets
    values and ratings, in one order, and gives draws of r. `groups` as in `bootstrap`.

    Raises ValueError for an expected emotion that is not among the names. Taught in
    chapter 05b.
    """
    rows, order = np.asarray(change, dtype=float), list(names)
    if strange := set(expected) - set(order):
        raise ValueError(f"{sorted(strange)} are not among the {len(order)} emotions")
    values = pd.Series(rows.mean(0), order)
    ranks = values.rank(ascending=False)
    rated = [name for name in order if name in ratings.index]
    known, place = ratings[rated], [order.index(name) for name in rated]

    def r(i: Any) -> float:
        return correlation(rows[i].mean(0)[place], known)

    over = np.arange(len(rows)) if groups is None else groups
    found = bootstrap_statistic(r, over, scale="r")
    drawn = {name: null(values[rated], known) for name, null in (nulls or {}).items()}
    p = {name: null_p(found.value, draws) for name, draws in drawn.items()}
    frame = pd.DataFrame({"emotion": order, "value": values.to_numpy()})
    frame = frame.assign(rank=ranks.to_numpy(), expected=frame.emotion.isin(expected))
    high = mean_rank(ranks, list(expected), n_draws, seed)
    return Profile(frame, found, p, high)


def mean_rank(
    ranks: pd.Series, expected: list[str], n_draws: int, seed: int
) -> tuple[float, float]:
    """The mean rank of some emotions, and how often random ones rank as high."""
    if not expected:
        return float("nan"), 1.0
    rng, mean = np.random.default_rng(seed), float(ranks[expected].mean())
    draws = [
        rng.choice(ranks, len(expected), replace=False).mean() for _ in range(n_draws)
    ]
    return mean, (1 + sum(draw <= mean for draw in draws)) / (1 + n_draws)
