"""Checks of the page on your own model beside ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from helpers.checks.advice import check, expect

Card = Mapping[str, Any]


@check()
def card_minutes(function: Callable[[float, float, float], Any]) -> None:
    """Chapter 13, your model: how long a card takes, estimated before it is begun."""
    returned = function(300_000, 1e9, 1e12)
    expect(returned is not None, "It returned nothing: is there a `return`?")
    expect(isinstance(returned, int | float), "Return one number, the minutes.")
    got = float(returned)
    expect(got != 600, "These are seconds: how many minutes are they?")
    expect(
        got not in (5.0, 300.0),
        "Each parameter takes part in a product and in a sum for each token.",
    )
    expect(
        abs(got - 10) < 1e-6,
        "300,000 tokens through a billion parameters at a trillion operations a "
        "second are ten minutes. What grows the time, and what shortens it?",
    )
    expect(
        abs(float(function(600_000, 5e8, 2e12)) - 5) < 1e-6,
        "Right for one model and not for another: use all three.",
    )


@check()
def comparable(function: Callable[[Card, Card], Any]) -> None:
    """Chapter 13, your model: which figures of two cards may be compared in pairs."""

    def figure(*groups: str) -> dict[str, Any]:
        return {"value": 0.5, "left out": dict.fromkeys(groups, 0.5)}

    one = {"auc": figure("sad", "calm"), "map": figure("a", "b", "c")}
    one |= {"lens": figure("x", "y"), "doses": {"skipped": "one token"}}
    one |= {"judging": figure("p", "q"), "wanting": figure("m", "n")}
    other = {"wanting": figure("n", "m"), "map": figure("a", "b")}
    other |= {"auc": figure("calm", "sad"), "judging": {"skipped": "too long"}}
    other |= {"doses": figure("d", "e")}
    got = function({"figures": one}, {"figures": other})
    expect(isinstance(got, list | tuple), "Return a list of names.")
    names = list(got)
    expect("lens" not in names, "The second card does not have every figure.")
    expect(
        not {"doses", "judging"} & set(names),
        "A figure that either card skipped has no value to compare.",
    )
    expect(
        "map" not in names,
        "Equal names are not enough: over other groups the texts were others.",
    )
    expect(
        {"auc", "wanting"} <= set(names),
        "The same groups in another order are the same groups.",
    )
    expect(names == ["auc", "wanting"], "Keep the order of the first card.")
