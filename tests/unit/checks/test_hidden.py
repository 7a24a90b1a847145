"""Checks of chapters 11 and 11b pass what is right and say what is wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from helpers import checks


def right_level(gain: Any, extra: Any) -> Any:
    return np.polyfit(extra, gain, 1)[1]


@pytest.mark.parametrize(
    ("wrong", "advice"),
    [
        (lambda g, x: g.mean(), "mean over all texts"),
        (lambda g, x: np.polyfit(x, g, 1)[0], "slope"),
        (lambda g, x: g[x == 0].mean(), "Only the text"),
        (lambda g, x: None, "`return`"),
        (lambda g, x: g[0] + 2 * (g[0] - g[2]) / (x[2] - x[0]) * -1, "least squares"),
    ],
)
def test_at_level(wrong: Any, advice: str, capsys: Any) -> None:
    assert checks.at_level(right_level)
    capsys.readouterr()
    assert not checks.at_level(wrong)
    assert advice in capsys.readouterr().out


def right_story(words: Any, own: Any, parent: Any, bar: float = 0.5) -> str:
    if not all(one.told for one in (words, own, parent)):
        return "cannot be told"
    if words.low > bar:
        return "still said"
    if parent.low > bar:
        return "only unsaid"
    return "turned" if own.low > bar else "not found"


@pytest.mark.parametrize(
    ("wrong", "advice"),
    [
        (lambda w, o, p: "hidden", "is none of"),
        (lambda w, o, p: None, "`return`"),
        (lambda w, o, p: "only unsaid", "new read it"),
        (
            lambda w, o, p: "turned" if o.low > 0.5 else right_story(w, o, p),
            "stands where it stood",
        ),
        (
            lambda w, o, p: (
                "only unsaid"
                if w.low <= 0.5 < p.low
                else "turned"
                if o.low > 0.5
                else "not found"
            ),
            "nothing was hidden",
        ),
        (
            lambda w, o, p: (
                "still said"
                if w.low > 0.5
                else "only unsaid"
                if p.low > 0.5
                else "turned"
                if o.low > 0.5
                else "not found"
            ),
            "covers everything",
        ),
        (
            lambda w, o, p: "turned" if p.high < 0.5 else right_story(w, o, p),
            "below chance is no reading",
        ),
    ],
)
def test_what_happened(wrong: Any, advice: str, capsys: Any) -> None:
    assert checks.what_happened(right_story)
    capsys.readouterr()
    assert not checks.what_happened(wrong)
    assert advice in capsys.readouterr().out
