"""Twins of an act: a case that calls for it, and a like one that does not.

In the words of signal detection: sensitivity (does it tell them apart?) and criterion
(does it say so more or less to everything?).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Float
from numpy.typing import ArrayLike

from helpers.stats.intervals import Estimate, bootstrap, finite, paired
from helpers.stats.nulls import null_p

MEASURES = ("criterion", "sensitivity")


class Twins(NamedTuple):
    """What the scores of cases and their twins say, each with its interval.

    In the unit of the scores (nats): `sensitivity`, case minus twin; `criterion`, the
    mean of both. `right`: the share of pairs whose case scores higher.
    """

    sensitivity: Estimate
    criterion: Estimate
    right: Estimate


def twins(case: ArrayLike, twin: ArrayLike, groups: ArrayLike | None) -> Twins:
    """Sensitivity, criterion and share right of scores, with intervals over groups.

    Item i of both is one pair; `groups` None: each pair by itself. Raises ValueError
    for unequally many, or a score that is not finite.
    """
    apart = paired(case, twin, groups)
    one, other = finite(case, "scores"), finite(twin, "scores")
    right = (np.sign(one - other) + 1) / 2
    return Twins(apart, bootstrap((one + other) / 2, groups), bootstrap(right, groups))


def moved(
    scores: Float[Any, "p n 2"], plain: Float[Any, "n 2"], groups: ArrayLike | None
) -> pd.DataFrame:
    """How far each of `p` pushes moves criterion and sensitivity, item by item.

    The last axis is case, twin; `plain` is without a push. Columns push (its place),
    measure, value, low, high.
    """
    before, after = of_items(plain), of_items(scores)
    rows = [
        (i, name, *paired(after[name][i], before[name], groups))
        for i in range(len(np.asarray(scores)))
        for name in MEASURES
    ]
    return pd.DataFrame(rows, columns=["push", "measure", "value", "low", "high"])


def moved_beside(
    claim: Float[Any, "n 2"],
    control: Float[Any, "k n 2"],
    plain: Float[Any, "n 2"],
    groups: ArrayLike | None,
) -> pd.DataFrame:
    """What one push moves beyond the mean of `k` controls, on the same items.

    Columns measure, value (what the claim moves), difference, low, high (claim minus
    the controls' mean, paired), least, most (what the controls move), p: the share of
    controls that lie as far from their mean as the claim, which counts as one.
    """
    before, own, others = (of_items(scores) for scores in (plain, claim, control))
    rows = []
    for name in MEASURES:
        drawn = others[name].mean(-1) - before[name].mean()
        value = float(own[name].mean() - before[name].mean())
        apart = paired(own[name], others[name].mean(0), groups)
        p = null_p(value - drawn.mean(), drawn - drawn.mean())
        rows.append((name, value, *apart, drawn.min(), drawn.max(), p))
    names = ["measure", "value", "difference", "low", "high", "least", "most", "p"]
    return pd.DataFrame(rows, columns=names)


def of_items(scores: Float[Any, "*p n 2"]) -> dict[str, Float[np.ndarray, "*p n"]]:
    """Criterion and sensitivity of each item."""
    both = finite(scores, "scores")
    apart = both[..., 0] - both[..., 1]
    return {"criterion": both.mean(-1), "sensitivity": apart}
