"""Checks of chapters 04 to 07 pass their reference and know the usual mistakes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from helpers import checks


def ranks(x: Any) -> Any:
    return np.argsort(np.argsort(x))


def in_turns(offsets: Any, turns: Any, speaker: int, by: str = "end") -> list[bool]:
    own = [(a, b) for who, a, b in turns if who == speaker]
    if by == "start":
        return [any(a <= s < b for a, b in own) for s, _ in offsets]
    return [e > s and any(a < e <= b for a, b in own) for s, e in offsets]


def stays(lows: Any) -> int | None:
    found = None
    for layer in reversed(range(len(lows))):
        if lows[layer] <= 0:
            break
        found = layer
    return found


def crossing(lows: Any) -> int | None:
    return next((i for i, low in enumerate(lows) if low > 0), None)


def on_others(rows: torch.Tensor) -> torch.Tensor:
    return rows - (rows.sum(0) - rows) / (len(rows) - 1)


def changed(rows: Any) -> Any:
    rows -= rows.mean(0)
    return rows


def wins(own: Any, other: Any, tie: float = 0.5) -> float:
    a, b = own[:, None], other[None]
    return float(((a > b) + tie * (a == b)).mean())


def r(x: Any, y: Any) -> float:
    return float(np.corrcoef(x, y)[0, 1])


def rest(x: Any, z: Any, degree: int = 1) -> Any:
    if degree:
        return x - np.polyval(np.polyfit(z, x, 1), z)
    return x - z * (x @ z) / (z @ z)  # a line through zero


CASES: list[tuple[Callable[..., bool], Any, list[tuple[Any, str]]]] = [
    (
        checks.center_on_others,
        on_others,
        [
            (lambda rows: rows - rows.mean(-1, keepdim=True), "of each message"),
            (lambda rows: rows - rows.mean(), "a single number"),
            (lambda rows: rows - rows.mean(0), "leave it out"),
            (lambda rows: rows - (rows.sum(0) - rows) / len(rows), "one fewer"),
            (lambda rows: rows, "not the rows minus"),
            (lambda rows: rows.mean(0), "shape"),
            (changed, "return new ones"),
        ],
    ),
    (
        checks.rank_order,
        lambda x, y: float(np.corrcoef(ranks(x), ranks(y))[0, 1]),
        [
            (lambda x, y: float(np.corrcoef(x, y)[0, 1]), "rank them first"),
            (
                lambda x, y: float(np.corrcoef(np.argsort(x), np.argsort(y))[0, 1]),
                "argsort",
            ),
            (lambda x, y: -float(np.corrcoef(ranks(x), ranks(y))[0, 1]), "sign"),
            (lambda x, y: ranks(x), "one number"),
        ],
    ),
    (
        checks.first_layer,
        stays,
        [
            (crossing, "fell back"),
            (lambda lows: True, "whole number"),
            (lambda lows: len(lows) - 1, "above zero from there on"),
        ],
    ),
    (
        checks.speaker_tokens,
        in_turns,
        [
            (lambda o, t, s: in_turns(o, t, s, "start"), "first word"),
            (lambda o, t, s: [e > a for a, e in o], "other speaker"),
            (lambda o, t, s: [True], "each token"),
        ],
    ),
    (
        checks.area_under_curve,
        wins,
        [
            (lambda own, other: wins(other, own), "the other text scores higher"),
            (lambda own, other: (own > other.mean()).mean(), "each pair"),
            (lambda own, other: wins(own, other, 0.0), "one half"),
            (lambda own, other: wins(own, other, 1.0), "one half"),
            (lambda own, other: 0.5, "share of pairs"),
        ],
    ),
    (
        checks.partial_r,
        lambda x, y, z: r(rest(x, z), rest(y, z)),
        [
            (lambda x, y, z: r(x, y), "not been taken out"),
            (lambda x, y, z: r(rest(x, z), y), "one side"),
            (lambda x, y, z: r(x, rest(y, z)), "one side"),
            (lambda x, y, z: r(rest(x, z, 0), rest(y, z, 0)), "intercept"),
        ],
    ),
    (
        checks.order_of_best,
        lambda places, y: max(abs(r(p, y)) for p in places.T),
        [
            (lambda places, y: max(r(p, y) for p in places.T), "sign of an axis"),
            (lambda places, y: abs(r(places[:, 0], y)), "first axis only"),
            (lambda places, y: abs(r(places[:, 2], y)), "largest |r|"),
        ],
    ),
]


@pytest.mark.parametrize(("check", "right", "wrong"), CASES)
def test_right_passes_and_mistakes_get_their_advice(
    check: Any, right: Any, wrong: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(right)
    assert "passed" in capsys.readouterr().out
    for function, advice in wrong:
        assert not check(function)
        assert advice in capsys.readouterr().out


@pytest.mark.parametrize("check", [case[0] for case in CASES])
def test_an_empty_exercise_is_no_error(
    check: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    def empty(*args: Any) -> Any:
        raise NotImplementedError

    assert not check(empty)
    assert "not written yet" in capsys.readouterr().out
