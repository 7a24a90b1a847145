"""Choose on one half, report on the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float, Int
from numpy.typing import ArrayLike

from helpers.stats.intervals import Estimate, finite, jackknife, left_out, numbered


def halves(
    n: int, groups: ArrayLike | None, *, seed: int = 0
) -> Bool[np.ndarray, " n"]:
    """Whether each of `n` items is in the half to choose on; no group is in both.

    `groups` None: each item by itself. Of an odd number the half to report on has one
    more. Raises ValueError where there is only one group.
    """
    index = numbered(groups, n)
    n_groups = int(index.max()) + 1
    if n_groups < 2:
        raise ValueError("all items are of one group: two halves need two or more")
    chosen = np.random.default_rng(seed).permutation(n_groups)[: n_groups // 2]
    return np.isin(index, chosen)


class Chosen(NamedTuple):
    """The best of several readings on one half of the items, told on the other.

    `told` is what it reaches there, `rival_told` what the best rival does, chosen on
    the same half, `beyond` their difference on the same items. `tried` has what each
    reached on the half to choose on: name, value, rival. `left`: both values with each
    group left out, a row a group: value, rival. `rest`: the items that were told.
    """

    name: Any
    told: Estimate
    rival: Any
    rival_told: Estimate
    beyond: Estimate
    tried: pd.DataFrame
    left: pd.DataFrame
    rest: Int[np.ndarray, " m"]


def choose(
    readings: Mapping[Any, Float[Any, "n e"]],
    rivals: Mapping[Any, Float[Any, "n e"]],
    measure: Callable[[Any, Any], float],
    groups: ArrayLike | None,
    *,
    scale: str = "plain",
    seed: int = 0,
) -> Chosen:
    """Choose the best reading, and the best rival, on half of the items; tell the rest.

    A reading has a row for each item; `measure` gets some of its rows, and which items
    they are. Halves and intervals are by groups (None: each item by itself); `scale` as
    in `bootstrap_statistic`. Raises ValueError without a reading or a rival.
    """
    if not readings or not rivals:
        raise ValueError(f"{len(readings)} readings, {len(rivals)} rivals: pass both")
    n = len(next(iter(readings.values())))
    index = numbered(groups, n)
    first = halves(n, index, seed=seed)
    kept, rest = np.flatnonzero(first), np.flatnonzero(~first)
    every = [(name, rows, False) for name, rows in readings.items()]
    every += [(name, rows, True) for name, rows in rivals.items()]
    tried = [(name, measure(rows[kept], kept), rival) for name, rows, rival in every]
    table = pd.DataFrame(tried, columns=["name", "value", "rival"])
    values, own = finite(table["value"], "readings"), ~table["rival"].to_numpy()
    best = [int(np.where(kind, values, -np.inf).argmax()) for kind in (own, ~own)]
    (name, one, _), (rival, other, _) = (every[i] for i in best)

    def both(i: Any) -> list[float]:
        return [measure(some[rest[i]], rest[i]) for some in (one, other)]

    names = np.arange(n) if groups is None else np.asarray(groups)
    found, left = left_out(both, names[rest])
    left.columns = pd.Index(["value", "rival"])
    two = [
        jackknife(float(found[i]), left[column], scale=scale)
        for i, column in enumerate(left)
    ]
    apart = jackknife(float(found[0] - found[1]), left["value"] - left["rival"])
    return Chosen(name, two[0], rival, two[1], apart, table, left, rest)
