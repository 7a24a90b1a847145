"""Intervals over groups: what stands beside every number in the book.

What is drawn again is what was sampled: topics, tasks, openings, wordings. An interval
asks for them; `groups=None` says on purpose that each row is a sample of its own. From
100 groups on it is a percentile bootstrap. Over fewer that is too narrow, and each
group is left out once instead: a jackknife with Student's t of G - 1 degrees of freedom
(for a mean over groups of one size the plain t interval of their means). Under 4 groups
nothing can be told: the interval runs from -inf to inf.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Float, Int
from numpy.typing import ArrayLike
from scipy import stats as scipy_stats
from scipy.special import expit, logit

from helpers.stats.values import finite, present

MANY, LEAST = 100, 4  # groups: from here on a bootstrap, and anything at all
SCALES: dict[str, tuple[Any, Any]] = {  # where errors are even, and the way back
    "plain": (np.asarray, np.asarray),
    "r": (lambda r: np.arctanh(np.clip(r, 1e-12 - 1, 1 - 1e-12)), np.tanh),
    "share": (lambda p: logit(np.clip(p, 1e-6, 1 - 1e-6)), expit),
}


class Estimate(NamedTuple):
    """A value with its interval; prints as `0.71 [0.64, 0.78]`.

    Where the interval cannot be told its ends are -inf and inf: it covers everything.
    """

    value: float
    low: float
    high: float

    @property
    def told(self) -> bool:
        """Whether there is an interval."""
        return bool(np.isfinite(self).all())

    def __neg__(self) -> Estimate:
        """The same with the opposite sign: a claim that something falls."""
        return Estimate(0 - self.value, 0 - self.high, 0 - self.low)

    def __str__(self) -> str:
        if not self.told:
            return f"{self.value:.2f} [cannot be told]"
        return f"{self.value:.2f} [{self.low:.2f}, {self.high:.2f}]"


def numbered(groups: ArrayLike | None, n: int) -> Int[np.ndarray, " n"]:
    """The group of each of `n` rows, as 0, 1, ...; None: each row by itself."""
    if groups is None:
        return np.arange(n)
    names = np.asarray(present(groups, "groups"))
    if len(names) != n:
        raise ValueError(f"{n} values but {len(names)} groups: pass one each")
    return np.unique(names, return_inverse=True)[1]


def interval(
    measure: Callable[[Float[np.ndarray, "k g"]], Float[np.ndarray, " k"]],
    n_groups: int,
    *,
    scale: str = "plain",
    n_draws: int = 2000,
    level: float = 0.95,
    seed: int = 0,
    many: int = MANY,
) -> Estimate:
    """The interval of anything that is measured on weighted groups.

    `measure` gets how often each draw holds each group, a row a draw. On `scale` ("r",
    "share" or "plain") the jackknife is taken. Draws of a bootstrap that give no
    number are left out; where leaving out a group gives none, nothing can be told.
    """
    value = float(measure(np.ones((1, n_groups)))[0])
    if n_groups < LEAST <= many or not np.isfinite(value):
        return Estimate(value, -np.inf, np.inf)
    if n_groups >= many:
        rng, even = np.random.default_rng(seed), np.full(n_groups, 1 / n_groups)
        drawn = measure(rng.multinomial(n_groups, even, n_draws).astype(float))
        drawn = drawn[np.isfinite(drawn)]
        if len(drawn) == 0:
            return Estimate(value, -np.inf, np.inf)
        low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
        return Estimate(value, float(low), float(high))
    return jackknife(value, measure(1 - np.eye(n_groups)), scale=scale, level=level)


def jackknife(
    value: float, left: ArrayLike, *, scale: str = "plain", level: float = 0.95
) -> Estimate:
    """The interval of `value`, given what it is with each group left out.

    Of two values on the same groups the difference is a value, too, and so are the
    differences with each group left out: their interval is a paired one. Student's t of
    G - 1 degrees of freedom, on `scale`; nothing can be told under 4 groups.
    """
    there, back = SCALES[scale]
    moved = there(np.asarray(left, dtype=float))
    n = len(moved)
    if n < LEAST or not np.isfinite(moved).all() or not np.isfinite(value):
        return Estimate(value, -np.inf, np.inf)
    reach = scipy_stats.t.ppf((1 + level) / 2, n - 1) * np.sqrt((n - 1) * moved.var())
    low, high = back(there(value) + np.array([-reach, reach]))
    return Estimate(value, float(low), float(high))


def left_out(
    measure: Callable[[np.ndarray], Any], groups: ArrayLike
) -> tuple[Float[np.ndarray, " k"], pd.DataFrame]:
    """What `measure` finds on all rows, and on all rows but those of each group.

    `measure` gets the indices of rows, and gives one or more values. The table has a
    row for each group (its index), in order of appearance. Raises ValueError if there
    are no rows.
    """
    names = np.asarray(present(groups, "groups"))
    if len(names) == 0:
        raise ValueError("left_out got no rows: pass a group for each")
    known = list(dict.fromkeys(names.tolist()))
    every = np.atleast_1d(np.asarray(measure(np.arange(len(names))), dtype=float))
    less = np.full((len(known), len(every)), np.nan)
    for i, name in enumerate(known):
        if len(known) > 1:
            less[i] = measure(np.flatnonzero(names != name))
    return every, pd.DataFrame(less, index=known)


def bootstrap(
    values: ArrayLike,
    groups: ArrayLike | None,
    *,
    n_draws: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> Estimate:
    """The mean of `values` with its interval over groups.

    `groups`: a topic or a scene for each value, since values of one group are not
    independent; None for each by itself. `level` is the coverage aimed at. The interval
    of a share ends at 0 and 1.

    Raises ValueError if there are no values, if one is not finite, or if `groups` has
    another length. Taught in chapter 02.
    """
    numbers = finite(values, "values")
    if numbers.size == 0:
        raise ValueError("bootstrap got no values: pass at least one number")
    index = numbered(groups, len(numbers))
    sums, counts = np.bincount(index, numbers), np.bincount(index)
    options: dict[str, Any] = {"n_draws": n_draws, "level": level, "seed": seed}
    found = interval(lambda w: (w @ sums) / (w @ counts), len(sums), **options)
    if found.told and np.isin(numbers, [0, 1]).all():
        return found._replace(low=max(found.low, 0.0), high=min(found.high, 1.0))
    return found


def paired(
    a: ArrayLike, b: ArrayLike, groups: ArrayLike | None, **options: Any
) -> Estimate:
    """The mean of a - b, item by item, with its interval over groups.

    For two readings of the same items: both are drawn together, so that what is hard
    for both takes nothing from the difference. Options as in `bootstrap`. Raises
    ValueError for unequally many.
    """
    one, other = finite(a, "values of a"), finite(b, "values of b")
    if one.shape != other.shape:
        raise ValueError(
            f"{one.shape} values against {other.shape}: pass two for each item"
        )
    return bootstrap(one - other, groups, **options)


def paired_p(difference: Estimate, n_groups: int) -> float:
    """The two-sided p of a 95 % interval over groups: .05 where it just touches 0.

    Student's t of `n_groups` - 1 degrees of freedom; 1 where nothing can be told.
    """
    value, low, high = difference
    if not difference.told or high == low or n_groups < LEAST:
        return 1.0
    df = n_groups - 1
    error = (high - low) / 2 / scipy_stats.t.ppf(0.975, df)
    return float(2 * scipy_stats.t.sf(abs(value) / error, df))


def bootstrap_statistic(
    statistic: Callable[[np.ndarray], float],
    groups: ArrayLike,
    *,
    scale: str = "plain",
    n_draws: int = 500,
    level: float = 0.95,
    seed: int = 0,
    many: int = MANY,
) -> Estimate:
    """Any smooth statistic with its interval over groups.

    `statistic` gets the indices of the rows that a draw kept (a row may come more
    than once). `scale`: "r" for a correlation, "share" for what lies between 0 and 1.
    Under `many` groups it is a jackknife, which a median or a best of several defeats.

    Raises ValueError if there are no rows. Taught in chapter 06.
    """
    names = np.asarray(groups)
    if len(names) == 0:
        raise ValueError("bootstrap_statistic got no rows: pass a group for each")
    index = numbered(names, len(names))
    rows = [np.flatnonzero(index == g) for g in range(int(index.max()) + 1)]

    def one(times: np.ndarray) -> float:
        kept = np.repeat(np.arange(len(rows)), times.astype(int))
        return float(statistic(np.concatenate([rows[g] for g in kept])))

    options: dict[str, Any] = {"n_draws": n_draws, "level": level, "seed": seed}
    found = interval(
        lambda w: np.array([one(times) for times in w]),
        len(rows),
        scale=scale,
        many=many,
        **options,
    )
    return found._replace(value=float(statistic(np.arange(len(names)))))


def by_layer(
    layers: Sequence[int], measure: Callable[[int], Any], **about: Any
) -> pd.DataFrame:
    """A row for each layer with what `measure(layer)` finds: value, low, high."""
    rows = [(layer, *measure(layer)) for layer in layers]
    frame = pd.DataFrame(rows, columns=["layer", "value", "low", "high"])
    return frame.assign(**about)
