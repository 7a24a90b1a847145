"""Check of the exercise on a null that deals good and bad between templates."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np

from helpers.checks.advice import check, expect

RHO = np.array([0.9, 0.5, -0.2, 0.7, 0.1, -0.6])
BAD = np.array([True, True, True, True, False, False])
DRAWS = 60


@check()
def deal_signs(function: Callable[[Any, Any, Any], Any]) -> None:
    """Chapter 05: one draw of the null, in which good and bad are dealt anew."""
    rho, bad = RHO.copy(), BAD.copy()
    rng = np.random.default_rng(8)
    found = [function(rho, bad, rng) for _ in range(DRAWS)]
    expect(
        all(isinstance(x, int | float | np.floating) for x in found)
        and not isinstance(found[0], bool),
        "Return one number: the mean over the templates.",
    )
    expect(
        np.array_equal(rho, RHO) and np.array_equal(bad, BAD),
        "You changed what you were given: deal a copy.",
    )
    real = float(np.where(BAD, RHO, -RHO).mean())
    expect(
        np.ptp(found) > 0 or abs(found[0] - real) > 1e-9,
        "Each draw is the real value: nothing was dealt.",
    )
    expect(np.ptp(found) > 0, "All draws are alike: take them from `rng`.")
    allowed = [
        float(np.where(np.isin(range(6), four), RHO, -RHO).mean())
        for four in combinations(range(6), int(BAD.sum()))
    ]
    far = [min(abs(x - one) for one in allowed) > 1e-9 for x in found]
    sums = [min(abs(x / 6 - one) for one in allowed) < 1e-9 for x in found]
    expect(not all(sums) or not any(far), "That is a sum: the mean is asked for.")
    turned = [min(abs(x + one) for one in allowed) < 1e-9 for x in found]
    expect(
        not (all(turned) and any(far)),
        "The sign is turned round: a bad template keeps its correlation, a good "
        "one is turned.",
    )
    expect(
        not any(far),
        "Some draws have more or fewer bad templates than there are: exchange the "
        "labels, toss no coins.",
    )
