"""Each check passes its reference and names each usual mistake."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from helpers import checks


def p_value(effect: float, null: Any) -> float:
    return float((1 + (np.abs(null) >= abs(effect) - 1e-12).sum()) / (1 + len(null)))


REFERENCES: dict[str, Callable[..., Any]] = {
    "expected_score": lambda a, b: 1 / (1 + 10 ** ((b - a) / 400)),
    "wanting_and_position": lambda a, b: ((a - b) / 2, (a + b) / 2),
    "shares_and_mass": lambda x: (
        x.exp() / x.exp().sum(1, keepdim=True),
        x.exp().sum(1),
    ),
    "beats_random": p_value,
}
MISTAKES: list[tuple[str, Callable[..., Any], str]] = [
    ("expected_score", lambda a, b: 1 / (1 + 10 ** ((a - b) / 400)), "check the sign"),
    ("expected_score", lambda a, b: 1 / (1 + np.exp((b - a) / 400)), "not of e"),
    ("expected_score", lambda a, b: 1 / (1 + np.exp(b - a)), "between 0 and 1"),
    ("expected_score", lambda a, b: 0.5 if a == b else 10 / 11, "use the difference"),
    ("expected_score", lambda a, b: 10 / 11, "half of the time"),
    ("wanting_and_position", lambda a, b: ((a + b) / 2, (a - b) / 2), "swapped"),
    ("wanting_and_position", lambda a, b: (a - b, a + b), "wanting twice"),
    ("wanting_and_position", lambda a, b: a - b, "two numbers"),
    ("wanting_and_position", lambda a, b: (a, b), "no wanting at all"),
    ("shares_and_mass", lambda x: (x, x.exp().sum(1)), "still log"),
    ("shares_and_mass", lambda x: (x.exp(), x.exp().sum(1)), "share of what the acts"),
    ("shares_and_mass", lambda x: (x.softmax(0), x.exp().sum(1)), "over scenes"),
    ("shares_and_mass", lambda x: (x.softmax(1), x.exp().sum(0)), "One mass for each"),
    ("shares_and_mass", lambda x: (x.softmax(1), x.softmax(1).sum(1)), "before you"),
    ("shares_and_mass", lambda x: x.softmax(1), "Return two"),
    ("beats_random", lambda e, n: float((np.abs(n) >= abs(e)).mean()), "Never 0"),
    ("beats_random", lambda e, n: (1 + (n >= e).sum()) / (1 + len(n)), "downward"),
    (
        "beats_random",
        lambda e, n: (1 + (n * np.sign(e) >= abs(e) - 1e-12).sum()) / (1 + len(n)),
        "one side",
    ),
    (
        "beats_random",
        lambda e, n: (1 + (np.abs(n) >= abs(e)).sum()) / len(n),
        "count the effect",
    ),
]


@pytest.mark.parametrize("name", REFERENCES)
def test_the_reference_passes(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert getattr(checks, name)(REFERENCES[name])
    assert "passed" in capsys.readouterr().out


NATURAL: list[Callable[[float, Any], float]] = [  # without a tolerance for ties
    lambda e, n: (1 + (np.abs(n) >= abs(e)).sum()) / (1 + len(n)),
    lambda e, n: (1 + sum(abs(x) >= abs(e) for x in n)) / (1 + len(n)),
    lambda e, n: float(np.mean(np.abs([e, *n]) >= np.abs(e))),
]


@pytest.mark.parametrize("natural", NATURAL)
def test_a_natural_right_answer_passes(natural: Callable[..., Any]) -> None:
    assert checks.beats_random(natural)


@pytest.mark.parametrize(("name", "wrong", "advice"), MISTAKES)
def test_each_mistake_gets_its_advice(
    name: str,
    wrong: Callable[..., Any],
    advice: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert not getattr(checks, name)(wrong)
    assert advice in capsys.readouterr().out


@pytest.mark.parametrize("name", REFERENCES)
def test_what_is_not_written_yet_is_no_error(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def empty(*arguments: Any) -> Any:
        raise NotImplementedError

    assert not getattr(checks, name)(empty)
    assert "not written yet" in capsys.readouterr().out
