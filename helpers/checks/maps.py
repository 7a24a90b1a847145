"""Checks of the exercises about the map of emotions: chapter 06."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.stats import pearsonr

from helpers.checks.advice import check, expect, holds

EMOTIONS, AXES, LEAST = 60, 24, 40


def r(a: Any, b: Any) -> float:
    return float(np.corrcoef(a, b)[0, 1])


@check()
def partial_r(function: Callable[[Any, Any, Any], Any]) -> None:
    """Chapter 06: correlation once a confound is taken from both sides."""
    rng = np.random.default_rng(9)
    z = rng.normal(size=80) + 2
    x, y = z + rng.normal(size=80), z + rng.normal(size=80)
    design = np.column_stack([np.ones(80), z])

    def rest(v: Any) -> Any:
        return v - design @ np.linalg.lstsq(design, v, rcond=None)[0]

    got = float(function(x, y, z))
    expect(abs(got - r(x, y)) > 1e-6, "The confound has not been taken out.")
    expect(
        min(abs(got - r(rest(x), y)), abs(got - r(x, rest(y)))) > 1e-6,
        "You took the confound out of one side. Take it out of both.",
    )
    expect(
        abs(got - r(x - z, y - z)) > 1e-6,
        "You took away the confound as it is. How much of it each side holds must "
        "be fitted.",
    )
    expect(
        abs(got - r(rest(x), rest(y))) < 1e-6,
        "Not the correlation of what is left. Does your fit have an intercept?",
    )


def drawn(seed: int) -> tuple[Any, Any]:
    """Places of emotions on axes, and a rating that has nothing to do with them."""
    rng = np.random.default_rng([11, seed])
    return rng.normal(size=(EMOTIONS, AXES)), rng.normal(size=EMOTIONS)


@check()
def fool(function: Callable[[Any, Any], Any]) -> None:
    """Chapter 06: p below .05 from a rating drawn by lot, by choosing."""
    for seed in range(6):
        places, rating = drawn(seed)
        got = function(places, rating)
        expect(
            holds(got, 2),
            "Return two things: the number of an axis, and the rows that you keep.",
        )
        axis, kept = int(got[0]), [int(i) for i in got[1]]
        expect(0 <= axis < AXES, f"There is no axis {axis} of {AXES}.")
        expect(
            len(set(kept)) == len(kept) >= LEAST,
            f"Keep at least {LEAST} emotions, each once: you keep "
            f"{len(set(kept))} in {len(kept)} rows.",
        )
        p = float(pearsonr(places[kept, axis], rating[kept]).pvalue)
        each = [abs(r(column, rating)) for column in places.T]
        expect(
            p < 0.05 or axis == int(np.argmax(each)),
            f"p is {p:.2f}. Some axis goes with the rating better than yours.",
        )
        expect(
            p < 0.05,
            f"p is {p:.2f} although you took the best axis. Which emotions spoil "
            "it? You may leave some out.",
        )


def choose(places: Any, rating: Any) -> tuple[int, Any]:
    """The check's own cheat: the best axis of the first eight, and fifty emotions."""
    each = [r(column, rating) for column in places[:, :8].T]
    axis = int(np.argmax(np.abs(each)))
    gains = np.sign(each[axis]) * places[:, axis] * rating
    return axis, np.argsort(gains)[-50:]


@check()
def catch(function: Callable[..., Any]) -> None:
    """Chapter 06: the null that may choose whatever the claim chose."""
    for seed in range(3):
        places, rating = drawn(seed)
        dealt = np.random.default_rng(seed).permuted([rating] * 99, axis=1)
        axis, kept = choose(places, rating)
        whole = [r(places[kept, axis], y[kept]) for y in dealt]
        again = [(y, *choose(places, y)) for y in dealt]
        null = np.array([r(places[k, a], y[k]) for y, a, k in again])
        real = r(places[kept, axis], rating[kept])
        n = int((abs(null) >= abs(real)).sum())
        got = float(function(choose, places, rating, dealt))
        fixed = (1 + (np.abs(whole) >= abs(real)).sum()) / 100
        expect(
            abs(got - fixed) > 1e-9,
            "Your null looks where the claim was found: what was chosen by looking "
            "must be chosen anew for each deal.",
        )
        expect(
            abs(got - n / 99) > 1e-9,
            "What was found counts as one of the deals: p is never 0.",
        )
        signed = (1 + (null >= real).sum()) / 100
        expect(
            signed == (1 + n) / 100 or abs(got - signed) > 1e-9,
            "An axis has no sign of its own: compare sizes.",
        )
        expect(
            abs(got - (1 + n) / 100) < 1e-9,
            "Not the share of deals in which the cheat finds as much.",
        )
