"""One rule for what a number beside its control says, and a table of such verdicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from helpers.stats.intervals import LEAST, Estimate, finite, numbered, paired, paired_p
from helpers.stats.multiple import holm, least_p

BEYOND, SAME, BELOW = "beyond", "not told apart", "below"
CANNOT = "cannot be told"
LEVEL = 0.05


@dataclass(frozen=True)
class Compared:
    """A figure to be judged: its value, its control's, and what is known of the two.

    `difference`: value minus control, paired over the same groups (`paired`), of which
    `groups` says how many ("8 topics"). `p` of the control's `n_draws` draws (None: it
    comes from no draws). `stuck`: why the scores could not have shown anything, by the
    function of that name, or nothing.
    """

    value: float
    control: float
    difference: Estimate
    p: float
    n_draws: int | None = None
    stuck: str = ""
    groups: str = ""

    def __neg__(self) -> Compared:
        """The same with the opposite sign: *beyond* where this one is *below*."""
        both = 0 - self.value, 0 - self.control, -self.difference
        return Compared(*both, *astuple(self)[3:])


def beside(
    one: ArrayLike,
    other: ArrayLike,
    groups: ArrayLike | None,
    what: str,
    *,
    stuck: str = "",
) -> Compared:
    """A reading beside its rival on the same items, for `judge`.

    The difference is paired, with its interval over `groups` (None: each item by
    itself) and the p of that interval; `what` names the groups, in the plural. Raises
    ValueError for unequally many.
    """
    a, b = finite(one, "values of one"), finite(other, "values of the other")
    gap, n = paired(a, b, groups), len(set(numbered(groups, len(a))))
    means = float(a.mean()), float(b.mean())
    return Compared(*means, gap, paired_p(gap, n), None, stuck, f"{n} {what}")


@dataclass(frozen=True)
class Verdict:
    """What a figure says beside its control: a word, and the sentence behind it.

    `p` is by Holm within `family` tests.
    """

    value: float
    control: float
    difference: Estimate
    p: float
    family: int
    word: str
    reason: str
    groups: str = ""


def judge(tests: Mapping[str, Compared]) -> dict[str, Verdict]:
    """The verdict on each test of one family: all tests of a figure, or of a card.

    *beyond*: the difference's interval lies above 0, and p by Holm is at most .05;
    *below* the mirror image; *not told apart* all else. *cannot be told*: the scores
    are stuck, the groups too few, or the draws so few that no p could have been small
    enough beside the others. Raises ValueError for a p outside 0 to 1.
    """
    raw = [test.p for test in tests.values()]
    found = {}
    for i, (name, test) in enumerate(tests.items()):
        best = raw[i] if test.n_draws is None else least_p(test.n_draws)
        least = float(holm([*raw[:i], min(best, raw[i]), *raw[i + 1 :]])[i])
        p = float(holm(raw)[i])
        word, reason = ruled(test, p, least)
        told = test.value, test.control, test.difference, p, len(raw)
        found[name] = Verdict(*told, word, reason, test.groups)
    return found


def ruled(test: Compared, p: float, least: float) -> tuple[str, str]:
    """The word and its reason; `p` by Holm, `least` the smallest that it could be."""
    _, low, high = test.difference
    if test.stuck:
        return CANNOT, test.stuck
    if not test.difference.told:
        return CANNOT, f"fewer than {LEAST} groups, or one that carries it all"
    if test.n_draws is not None and least > LEVEL:
        return CANNOT, f"{test.n_draws} draws allow no p below {least:.2g} by Holm"
    if low <= 0 <= high:
        return SAME, "the interval of the difference covers 0"
    if p > LEVEL:
        return SAME, f"p by Holm is {p:.2g}"
    side = "above" if low > 0 else "below"
    reason = f"the difference's interval lies {side} 0, and p by Holm is {p:.2g}"
    return BEYOND if low > 0 else BELOW, reason


def stuck(scores: ArrayLike, *, floor: float = -np.inf, ceiling: float = np.inf) -> str:
    """Why scores cannot show a change, or nothing: constant, or at a floor or ceiling.

    At an end are scores of which 95 % stand within 2 % of the range from it. Raises
    ValueError for scores that are not finite.
    """
    values = finite(scores, "scores")
    if not np.ptp(values):
        return f"every score is {values.flat[0]:.3g}"
    reach = 0.02 * (ceiling - floor if np.isfinite(ceiling - floor) else 0)
    for name, near in (
        ("floor", values <= floor + reach),
        ("ceiling", values >= ceiling - reach),
    ):
        if near.mean() >= 0.95:
            return f"{near.mean():.0%} of the scores are at the {name}"
    return ""


def verdict_table(found: Mapping[str, Verdict]) -> pd.DataFrame:
    """A row for each verdict, with the interval of the difference behind it.

    Columns figure, value, control, difference, low, high, p, family, word, reason.
    """
    rows = [
        (name, one.value, one.control, *one.difference, *astuple(one)[3:])
        for name, one in found.items()
    ]
    names = [field.name for field in fields(Verdict)]
    return pd.DataFrame(rows, columns=["figure", *names[:3], "low", "high", *names[3:]])


def verdict(estimate: Sequence[float], zero: float = 0.0) -> str:
    """What an interval (value, low, high) says, in words that a sentence can end with.

    Of a difference alone: beside a control, `judge` decides. Taught in chapter 07.
    """
    value, low, high = estimate
    if not np.isfinite([value, low, high]).all():
        return "it cannot be told"
    if low > zero:
        return "the interval lies above it"
    if high < zero:
        return "the interval lies below it"
    return "the interval covers it: nothing was found"
