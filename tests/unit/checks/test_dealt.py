"""A null that deals labels: the right one passes, each slip gets its advice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from helpers import checks


def dealt(rho: Any, bad: Any, rng: Any) -> float:
    return float(np.where(rng.permutation(bad), rho, -rho).mean())


def in_place(rho: Any, bad: Any, rng: Any) -> float:
    rng.shuffle(bad)
    return float(np.where(bad, rho, -rho).mean())


@pytest.mark.parametrize(
    ("function", "advice"),
    [
        (lambda rho, bad, rng: rho, "Return one number"),
        (in_place, "deal a copy"),
        (lambda rho, bad, rng: float(np.where(bad, rho, -rho).mean()), "nothing was"),
        (lambda rho, bad, rng: 0.5, "All draws are alike"),
        (lambda *given: 6 * dealt(*given), "That is a sum"),
        (lambda *given: -dealt(*given), "sign is turned round"),
        (
            lambda rho, bad, rng: float((rho * rng.choice([-1, 1], 6)).mean()),
            "toss no coins",
        ),
        (dealt, "passed."),
    ],
)
def test_advice(function: Callable[..., Any], advice: str, capsys: Any) -> None:
    passed = checks.deal_signs(function)
    assert advice in capsys.readouterr().out
    assert passed == (advice == "passed.")
