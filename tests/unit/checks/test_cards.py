"""The checks of the page on your own model: the usual mistakes get their advice."""

from __future__ import annotations

from typing import Any

import pytest

from helpers import checks


def right_minutes(tokens: float, parameters: float, speed: float) -> float:
    return 2 * tokens * parameters / speed / 60


MINUTES: dict[str, Any] = {
    "These are seconds": lambda t, p, s: 60 * right_minutes(t, p, s),
    "a product and in a sum": lambda t, p, s: right_minutes(t, p, s) / 2,
    "ten minutes": lambda t, p, s: s / t / p,
    "use all three": lambda t, p, s: 10.0,
    "one number": lambda t, p, s: "ten",
    "is there a `return`": lambda t, p, s: None,
}


def right_comparable(one: Any, other: Any) -> list[str]:
    names = []
    for name, figure in one["figures"].items():
        beside = other["figures"].get(name, {"skipped": ""})
        if "skipped" in figure or "skipped" in beside:
            continue
        if set(figure["left out"]) == set(beside["left out"]):
            names.append(name)
    return names


def by_name(one: Any, other: Any) -> list[str]:
    return [
        name
        for name, figure in one["figures"].items()
        if name in other["figures"]
        and "skipped" not in figure
        and "skipped" not in other["figures"][name]
    ]


def same_lists(one: Any, other: Any) -> list[str]:
    kept = by_name(one, other)
    keys = {n: [list(c["figures"][n]["left out"]) for c in (one, other)] for n in kept}
    return [name for name, (a, b) in keys.items() if a == b]


COMPARABLE: dict[str, Any] = {
    "does not have every figure": lambda a, b: list(a["figures"]),
    "either card skipped": lambda a, b: [n for n in a["figures"] if n in b["figures"]],
    "the texts were others": by_name,
    "in another order are the same": same_lists,
    "order of the first card": lambda a, b: right_comparable(a, b)[::-1],
    "Return a list of names": lambda a, b: set(right_comparable(a, b)),
}


@pytest.mark.parametrize("advice", MINUTES)
def test_mistakes_with_minutes(advice: str, capsys: Any) -> None:
    assert not checks.card_minutes(MINUTES[advice])
    assert advice in capsys.readouterr().out


@pytest.mark.parametrize("advice", COMPARABLE)
def test_mistakes_with_two_cards(advice: str, capsys: Any) -> None:
    assert not checks.comparable(COMPARABLE[advice])
    assert advice in capsys.readouterr().out


def test_right_answers_pass() -> None:
    assert checks.card_minutes(right_minutes)
    assert checks.comparable(right_comparable)
