"""Each check of chapter 08 passes the right answer and names each usual mistake."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from helpers import checks


def unit(vector: Any) -> Any:
    return vector / vector.norm()


def in_place(x: Any, v: Any, s: float, n: float) -> Any:
    x += s * n * unit(v)
    return x


def last_only(x: Any, v: Any, s: float, n: float) -> Any:
    y = x.clone()
    y[:, -1] += s * n * unit(v)
    return y


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (lambda x, v, s, n: x + s * n * unit(v), "passed"),
        (in_place, "return a new one"),
        (lambda x, v, s, n: x + s * v, "own length decides"),
        (lambda x, v, s, n: x + s * n * v, "length 1 first"),
        (lambda x, v, s, n: x + s * unit(v), "`norm` is not used"),
        (lambda x, v, s, n: x - s * n * unit(v), "wrong way"),
        (lambda x, v, s, n: x[:, 0], "shape should stay"),
        (last_only, "Only the last"),
    ],
)
def test_add_vector(
    function: Callable[..., Any], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert checks.add_vector(function) == (says == "passed")
    assert says in capsys.readouterr().out


def band(strengths: Any, low: Any, price: Any, limit: float) -> list[float]:
    rows = zip(strengths, low, price, strict=True)
    return [s for s, effect, cost in rows if effect > 0 and cost <= limit]


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (band, "passed"),
        (
            lambda s, low, p, limit: [
                x for x, c in zip(s, p, strict=True) if c <= limit
            ],
            "At 0.1",
        ),
        (
            lambda s, low, p, limit: [x for x, e in zip(s, low, strict=True) if e > 0],
            "At 0.8",
        ),
        (lambda s, low, p, limit: band(s, low, p, 1.0), "fewer strengths"),
        (lambda s, low, p, limit: [0.2], "another number"),
        (lambda s, low, p, limit: [1.0, 2.0], "not effects"),
        (lambda s, low, p, limit: None, "nothing"),
    ],
)
def test_usable_band(
    function: Callable[..., Any], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert checks.usable_band(function) == (says == "passed")
    assert says in capsys.readouterr().out


@pytest.mark.parametrize(
    ("answer", "word"),
    [([1, 1, 2], "different"), ([0, 1, 2], "from 1 to 6"), ((1.0, 2, 3), "tuple")],
)
def test_a_blind_test_asks_for_three_numbers(
    answer: Any, word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not checks.blind_test(lambda: answer)
    assert word in capsys.readouterr().out


def test_a_blind_test_is_scored(capsys: pytest.CaptureFixture[str]) -> None:
    right = [i for i, pushed in enumerate(checks.blind_order(), 1) if pushed]
    assert checks.blind_test(lambda: right)
    checks.blind_score(lambda: right)
    checks.blind_score(lambda: [i for i in range(1, 7) if i not in right])
    told = capsys.readouterr().out
    assert "3 of 3" in told
    assert "0 of 3" in told


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        (lambda c: (c.diagonal(dim1=1, dim2=2).mean(1), c.mean((1, 2))), "still among"),
        (lambda c: (c.mean((1, 2)), c.mean((1, 2))), "diagonal"),
        (lambda c: c.mean((1, 2)), "two things"),
        (lambda c: (c.diagonal(dim1=1, dim2=2).mean(), c.mean()), "One number for"),
    ],
)
def test_own_and_others(
    wrong: Any, word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not checks.own_and_others(wrong)
    assert word in capsys.readouterr().out
