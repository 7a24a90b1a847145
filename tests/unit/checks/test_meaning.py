"""Checks of chapters 04 to 07 pass their reference and know the usual mistakes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from helpers import checks


def ranks(x: Any) -> Any:
    return np.argsort(np.argsort(x))


def in_turns(offsets: Any, turns: Any, speaker: int, by: str = "end") -> list[bool]:
    own = [(a, b) for who, a, b in turns if who == speaker]
    if by == "start":
        return [any(a <= s < b for a, b in own) for s, _ in offsets]
    return [e > s and any(a < e <= b for a, b in own) for s, e in offsets]


def best_of(places: Any, rating: Any) -> int:
    return int(np.argmax([abs(r(column, rating)) for column in places.T]))


def fooled(places: Any, rating: Any) -> tuple[int, Any]:
    axis = best_of(places, rating)
    sign = np.sign(r(places[:, axis], rating))
    return axis, np.argsort(sign * places[:, axis] * rating)[-40:]


def caught(cheat: Any, places: Any, rating: Any, dealt: Any, size: Any = abs) -> float:
    def found(y: Any) -> float:
        axis, kept = cheat(places, y)
        return float(size(r(places[kept, axis], y[kept])))

    return (1 + sum(found(y) >= found(rating) for y in dealt)) / (1 + len(dealt))


def stays(effects: Any, null: Any, each: bool = False) -> int | None:
    bound = np.quantile(null.max(1), 0.95) * np.ones(len(effects))
    above = effects > (np.quantile(null, 0.95, axis=0) if each else bound)
    found = None
    for layer in reversed(range(len(effects))):
        if not above[layer]:
            break
        found = layer
    return found


def crossing(effects: Any, null: Any) -> int | None:
    above = effects > np.quantile(null.max(1), 0.95)
    return int(np.argmax(above)) if above.any() else None


def worth(rows: Any, itself: bool = False, unit: bool = True) -> float:
    n = len(rows)
    own = torch.nn.functional.normalize(rows, dim=-1) if unit else rows
    cosines = own @ own.T
    mean = cosines.mean()
    if not itself:
        mean = (cosines.sum() - cosines.diagonal().sum()) / (n * n - n)
    return float(n / (1 + (n - 1) * mean))


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
            (crossing, "has to stay"),
            (lambda e, null: stays(e, null, each=True), "choose its layer"),
            (lambda e, null: True, "whole number"),
            (lambda e, null: len(e) - 1, "first that is above"),
        ],
    ),
    (
        checks.carried,
        lambda: ["B", "C"],
        [
            (lambda: ["A", "B", "C"], "beginning"),
            (lambda: "BCD", "a list"),
            (lambda: ["B", "D"], "other words"),
            (lambda: ["B"], "single token"),
            (lambda: ["C"], "plainest"),
        ],
    ),
    (
        checks.effective_n,
        worth,
        [
            (lambda rows: worth(rows, itself=True), "with itself"),
            (lambda rows: worth(rows, unit=False), "not cosines"),
            (len, "Not n over"),
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
            (lambda x, y, z: r(x - z, y - z), "as it is"),
        ],
    ),
    (
        checks.fool,
        fooled,
        [
            (lambda places, y: (0, range(60)), "Some axis goes with"),
            (lambda places, y: (best_of(places, y), range(60)), "best axis"),
            (lambda places, y: (0, range(30)), "Keep at least 40"),
            (lambda places, y: (0, [1] * 50), "each once"),
            (lambda places, y: (24, range(60)), "no axis 24"),
            (lambda places, y: 3, "two things"),
        ],
    ),
    (
        checks.catch,
        caught,
        [
            (lambda c, p, y, dealt: caught(lambda *_: c(p, y), p, y, dealt), "anew"),
            (lambda c, p, y, dealt: (100 * caught(c, p, y, dealt) - 1) / 99, "never 0"),
            (lambda c, p, y, dealt: caught(c, p, y, dealt, size=float), "no sign"),
            (lambda c, p, y, dealt: 0.5, "as much"),
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
