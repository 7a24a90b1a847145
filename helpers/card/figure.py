"""One figure: a value and its control on the same groups, and what a verdict needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch

from helpers.stats import Estimate, jackknife, left_out, null_p, paired_p
from helpers.vectors import column_auc

Figure = dict[str, Any]
Figures = dict[str, Figure]
SHUFFLED, RANDOM = "shuffled labels", "random directions"
EMBEDDINGS = "embeddings (layer 0)"
WORDS = "words only"
SHARE = (0.0, 1.0)
DIGITS = 6  # of a value with a group left out: 171 of them stand in a file


def figure(
    measure: Callable[[Any], Any], groups: Any, against: str, **about: Any
) -> Figure:
    """A figure from what `measure` finds on some rows: a value, and its control's.

    `groups`: what each row belongs to; each is left out once. `about` as in `written`.
    """
    names = np.asarray(list(groups)).astype(str)
    (value, control), left = left_out(measure, names)
    left.columns = pd.Index(["value", "control"])
    return written(float(value), float(control), left, against, n=len(names), **about)


def written(
    value: float,
    control: float,
    left: pd.DataFrame,
    against: str,
    *,
    unit: str,
    over: str,
    n: int,
    chapter: str,
    null: Any = None,
    dealt: Any = None,
    scale: str = "plain",
    ends: tuple[float, float] = (-np.inf, np.inf),
    stuck: str = "",
    **more: Any,
) -> Figure:
    """A figure as a card keeps it.

    `left`: value and control with each group left out, a row a group; from them come
    the intervals of the value, and of its difference from the control. They are kept,
    so that cards of the same groups can be compared in pairs. `against` says what the
    control is, `over` what a group is; `more` stands beside it. `null`: all draws of
    the control; p is then how often they lie as far from their mean, and else that of
    the difference. `dealt`: draws of another null for p alone, where the value has to
    pass both. Raises ValueError for a number that is not finite.
    """
    if not np.isfinite([value, control]).all():
        raise ValueError("the figure is not a number on these texts")
    if null is not None:
        control = float(np.mean(null))
    apart = jackknife(value - control, left["value"] - left["control"])
    other = jackknife(control, left["control"], scale=scale)
    if null is not None:
        other = spread(null)
    tested: Figure = {"p": paired_p(apart, len(left))}
    if (drawn := null if null is not None else dealt) is not None:
        draws = np.asarray(drawn, dtype=float).ravel()
        p = null_p(value - draws.mean(), draws - draws.mean())
        tested = {"p": p, "draws": draws.size}
    beside = {k: float(v) for k, v in more.items() if np.isfinite(v)}
    return {
        **numbers(jackknife(value, left["value"], scale=scale), ends),
        "control": {"name": against, **numbers(other, ends)},
        "difference": numbers(apart),
        **tested,
        "stuck": stuck,
        "left out": kept(left["value"]),
        "unit": unit,
        "over": over,
        "n": int(n),
        "chapter": chapter,
        "beside": beside,
    }


def kept(left: pd.Series) -> dict[str, float]:
    """The values with each group left out; none where one of them is no number."""
    if not np.isfinite(left).all():
        return {}
    return {str(name): round(float(value), DIGITS) for name, value in left.items()}


def numbers(
    found: Estimate, ends: tuple[float, float] = (-np.inf, np.inf)
) -> dict[str, float | None]:
    """Value, low and high; without an interval the last two are None."""
    low, high = (float(np.clip(x, *ends)) if found.told else None for x in found[1:])
    return {"value": float(found.value), "low": low, "high": high}


def spread(values: Any, *, level: float = 0.95) -> Estimate:
    """The mean of a control's values and the range that holds `level` of them."""
    drawn = np.asarray(values, dtype=float).ravel()
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return Estimate(float(drawn.mean()), float(low), float(high))


def mean_auc(scores: Any, names: Sequence[str], truth: Any) -> float:
    """Mean area under the ROC curve over the names that have a text."""
    each = column_auc(torch.as_tensor(scores), list(names), [str(t) for t in truth])
    return float(np.nanmean(each))
