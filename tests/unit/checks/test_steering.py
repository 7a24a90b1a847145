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
