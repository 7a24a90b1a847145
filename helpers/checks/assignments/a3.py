"""Public checks of assignment A3: axis or artifact?

They use fixed small inputs, name the usual mistake, and are not what is graded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from helpers.checks.advice import check, expect, holds, returned
from helpers.datasets import planted_axes
from helpers.vectors import correlation, left_over


def pieces(got: Any, n: int, what: str) -> list[float]:
    """`n` numbers out of what a function returned."""
    expect(got is not None, "It returned nothing: is there a `return`?")
    expect(holds(got, n), f"Return {n} things: {what}.")
    return [float(x) for x in got]


@check()
def a3_axis_p(function: Callable[..., Any]) -> None:
    """A3, question 1: a correlation and its permutation p."""
    rng = np.random.default_rng(21)
    rating = rng.normal(size=40)
    r, p = pieces(function(rating, rating, 99, 0), 2, "r and p")
    expect(abs(r - 1) < 1e-9, "An axis that is the rating has r = 1.")
    expect(p > 0, "No shuffle reached it, and still p is not 0: count the real.")
    expect(abs(p - 0.01) < 1e-9, "With 99 shuffles and the real one p is 1 in 100.")
    down = pieces(function(-rating, rating, 99, 0), 2, "r and p")
    expect(abs(down[0] + 1) < 1e-9, "Keep the sign of r.")
    expect(
        down[1] < 0.05,
        "An axis may point either way: a strong negative r is not chance.",
    )
    axis = 0.25 * rating + rng.normal(size=40)
    asked = [pieces(function(axis, rating, 199, s), 2, "r and p") for s in (1, 1)]
    expect(asked[0] == asked[1], "One seed, two answers.")
    more = {pieces(function(axis, rating, 199, s), 2, "")[1] for s in range(6)}
    expect(len(more) > 1, "Six seeds gave one p: `seed` is not used.")


@check()
def a3_left(function: Callable[..., Any]) -> None:
    """A3, question 2: a correlation once confounds are taken from both sides."""
    rng = np.random.default_rng(22)
    z = rng.normal(size=90) + 3
    axis, rating = z + rng.normal(size=90), z + rng.normal(size=90)
    got = returned(function(axis, rating, pd.DataFrame({"length": z})))
    both = correlation(left_over(axis, z), left_over(rating, z))
    through = [v - z * (z @ v) / (z @ z) for v in (axis, rating)]
    expect(abs(got - correlation(axis, rating)) > 1e-6, "The confound is still in it.")
    sides = (left_over(axis, z), rating), (axis, left_over(rating, z))
    expect(
        min(abs(got - correlation(*s)) for s in sides) > 1e-6,
        "Taken from one side only: take it out of both.",
    )
    expect(abs(got - correlation(*through)) > 1e-6, "Your fit needs an intercept, too.")
    expect(abs(got - both) < 1e-6, "Not the correlation of what is left.")
    places = pd.DataFrame({"topic": np.array(list("abcdef"))[np.arange(90) % 6]})
    shift = np.array([0.0, 3.0, -2.0, 4.0, -3.0, 1.0])[np.arange(90) % 6]
    axis, rating = shift + rng.normal(size=90), shift + rng.normal(size=90)
    left = float(function(axis, rating, places))
    columns = pd.get_dummies(places["topic"]).to_numpy(float)[:, 1:]
    right = correlation(left_over(axis, columns), left_over(rating, columns))
    expect(
        abs(left - right) < 1e-6,
        "Right for a number and not for words. A topic has no order: it needs a "
        "column of zeros and ones for each of its values.",
    )


@check()
def a3_best(function: Callable[..., Any]) -> None:
    """A3, question 3: the best of several axes, and a null that picks, too."""
    rng = np.random.default_rng(33)
    places = rng.normal(size=(60, 10))
    rating = rng.normal(size=60)
    each = np.array([correlation(column, rating) for column in places.T])
    place, r, p = pieces(function(places, rating, 199, 0), 3, "the axis, r and p")
    best = int(np.abs(each).argmax())
    expect(
        int(place) != int(each.argmax()) or int(each.argmax()) == best,
        "An axis has no sign: the largest size of r counts.",
    )
    expect(int(place) == best, "Another axis has a larger |r|. (Axes count from 0)")
    expect(abs(r - each[best]) < 1e-9, "r should be that axis' own, with its sign.")
    expect(
        p > 0.15,
        "These axes are noise. You had ten to choose from, and each shuffle has "
        "the same choice.",
    )
    real = places.copy()
    real[:, 4] = -rating
    expect(
        abs(pieces(function(real, rating, 199, 0), 3, "")[2] - 1 / 200) < 1e-9,
        "A perfect axis should have the least p that 199 shuffles can give.",
    )


@check()
def a3_interval(function: Callable[..., Any]) -> None:
    """A3, question 4: an interval of a correlation that draws whole topics."""
    rng = np.random.default_rng(24)
    topics = np.repeat([f"place {i}" for i in range(10)], 25)
    shifts = rng.normal(size=(2, 10)).repeat(25, axis=1)
    axis, rating = shifts + 0.7 * rng.normal(size=(2, 250))
    r, low, high = pieces(
        function(axis, rating, topics, 400, 0), 3, "r, the low end, the high end"
    )
    expect(abs(r - correlation(axis, rating)) < 1e-9, "r is the data's own.")
    expect(low < r < high, "r should lie inside its interval.")
    expect(
        high - low > 0.4,
        "Too narrow: 250 stories of 10 topics are not 250 facts. Draw topics.",
    )
    expect(high - low < 1.6, "Too wide for these topics.")
    ends = {tuple(function(axis, rating, topics, 50, s))[1] for s in range(4)}
    expect(len(ends) > 1, "Four seeds gave one interval: `seed` is not used.")


@check()
def a3_decide(function: Callable[[pd.DataFrame], Any]) -> None:
    """A3, question 5: which planted axes are real, on tables whose truth is known."""
    for seed in (1, 2):
        table, truth = planted_axes(seed)
        kept = table.copy()
        got = function(table)
        expect(isinstance(got, Mapping), "Return a dict: a verdict for each axis.")
        expect(table.equals(kept), "The table that came in has changed.")
        expect(set(got) == set(truth), f"The axes are {sorted(truth)}.")
        known = {"real", "chance", "length", "person", "topic", "norm"}
        strange = set(got.values()) - known
        expect(not strange, f"{sorted(map(str, strange))} are no verdicts.")
        pairs = [(truth[a], str(got[a])) for a in truth]
        lost = sum(a == "real" != b for a, b in pairs)
        luck = sum(a == "chance" != b for a, b in pairs)
        named = sum(b == "real" and a not in ("real", "chance") for a, b in pairs)
        for wrong, advice in (
            (luck, "chance is taken for more: you looked at many axes"),
            (named, "a confound is called real: out of both sides, topics as words"),
            (lost, "a real one is lost: is your bound fair?"),
        ):
            expect(wrong == 0, f"In {wrong} of {len(pairs)} axes {advice}.")
        others = sum(a != b for a, b in pairs)
        expect(others == 0, f"{others} of {len(pairs)} axes have another truth.")


@check()
def a3_report(report: Any) -> None:
    """A3, question 6: whether the parts of a report agree with each other."""
    if report is ...:
        raise NotImplementedError
    expect(isinstance(report, Mapping), "The report should be a dict.")
    for told in ("as told", "sentences added"):
        expect(told in report, f"It lacks {told!r}.")
        one = report[told]
        keys = {"axis", "r", "p", "left", "left_p", "verdict"}
        expect(isinstance(one, Mapping), f"{told!r} should hold a dict.")
        expect(set(one) >= keys, f"{told!r} lacks {sorted(keys - set(one))}.")
        expect(int(one["axis"]) in (0, 1, 2), "Axes count from 0 to 2.")
        for name in ("p", "left_p"):
            expect(0 < float(one[name]) <= 1, f"{name} lies above 0, up to 1.")
        seen, stays = float(one["p"]) < 0.05, float(one["left_p"]) < 0.05
        right = "axis" if seen and stays else "length" if seen else "nothing"
        expect(one["verdict"] == right, f"The verdict of {told!r} does not fit its p.")
