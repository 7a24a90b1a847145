"""The checks of chapter 08b pass the right answer and name each usual mistake."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from helpers import checks
from helpers.checks.judging import CONTROL
from helpers.datasets import scrambled


def right(pairs: Any, score: Any, n_draws: int, **how: Any) -> tuple[Any, ...]:
    rng = random.Random(0)

    def apart(some: Any) -> Any:
        return np.mean([score(case) - score(twin) for case, twin in some])

    def mixed(text: str, side: int) -> str:
        if side not in how.get("sides", (0, 1)):
            return text
        again = random.Random(0) if how.get("once") else rng
        return how.get("mix", scrambled)(text, again)

    both = np.mean([[score(t) for t in pair] for pair in pairs])
    each = [
        apart([[mixed(t, i) for i, t in enumerate(pair)] for pair in pairs])
        for _ in range(n_draws)
    ]
    sign, twice = how.get("sign", 1), how.get("twice", 1)
    return sign * apart(pairs), twice * both, np.mean(each)


def shorter(text: str, rng: random.Random) -> str:
    return " ".join(text.split()[1:])


def wrong(**how: Any) -> Callable[..., Any]:
    return lambda p, s, n: right(p, s, n, **how)


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (right, "passed"),
        (wrong(sign=-1), "wrong sign"),
        (wrong(twice=2), "twice too large"),
        (wrong(twice=3), "not that of case and twin"),
        (lambda p, s, n: right(p, s, n)[::-1], "that is the criterion|mean difference"),
        (lambda p, s, n: right(p, s, n)[:2], "three numbers"),
        (lambda p, s, n: (1.0, [1, 2], 3.0), "should be one number"),
        (lambda p, s, n: right(p, lambda t: s([t]), n), "given a list"),
        (wrong(mix=shorter), "other words than its own"),
        (wrong(mix=lambda t, rng: t), "never asked"),
        (wrong(sides=(0,)), "of the twins, too"),
        (wrong(sides=(1,)), "of the cases, too"),
        (wrong(once=True), "mix anew"),
    ],
)
def test_three_numbers(
    function: Callable[..., Any], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert checks.three_numbers(function) == (says == "passed")
    told = capsys.readouterr().out
    assert any(word in told for word in says.split("|")), told


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (CONTROL, "passed"),
        ({"A": 1}, "just the keys A, B, C, D, E."),
        (CONTROL | {"A": 0}, "A is 0: say one of 1, 2, 3, 4, 5."),
        (CONTROL | {"C": 1}, "4 of 5 right. Look at C again"),
    ],
)
def test_which_control(
    answer: Any, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert checks.which_control(lambda: answer) == (says == "passed")
    assert says in capsys.readouterr().out
