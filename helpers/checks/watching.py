"""Checks of chapter 12: watching the inside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from helpers.checks.advice import check, expect


@check()
def alert_spans(function: Callable[[Any, float], Any]) -> None:
    """Chapter 12: the first and the last position of each stretch above a threshold."""
    means = np.array([0.0, 0.3, 0.9, 0.8, 0.1, 0.7, 0.2])
    got = function(means, 0.5)
    expect(isinstance(got, list), "Return a list of pairs.")
    spans = [tuple(int(x) for x in pair) for pair in got]
    expect(
        spans != [(2, 2), (3, 3), (5, 5)],
        "Each position is a stretch of its own: two neighbors are one alert.",
    )
    expect(
        spans != [(2, 4), (5, 6)],
        "The ends are one too far: give the last position that is above.",
    )
    expect(spans != [(2, 5)], "From the first to the last: there is a gap in between.")
    expect(spans == [(2, 3), (5, 5)], "The stretches are others.")
    ends = [
        tuple(int(x) for x in p) for p in function(np.array([0.9, 0.1, 0.8, 0.9]), 0.5)
    ]
    expect(
        ends == [(0, 0), (2, 3)],
        "Right inside a text, and not at its ends: a stretch may begin at position "
        "0, or still last at the last one.",
    )
    gap = np.array([np.nan, np.nan, 0.9, 0.4])
    expect(
        [tuple(int(x) for x in p) for p in function(gap, 0.5)] == [(2, 2)],
        "Before the window is full a mean is not a number; that is no alert.",
    )
    expect(function(np.zeros(4), 0.5) == [], "A quiet text has no alert.")
    flat = np.array([0.5, 0.5, 0.6])
    expect(
        [tuple(int(x) for x in p) for p in function(flat, 0.5)] == [(2, 2)],
        "A score equal to the threshold is not above it.",
    )


@check()
def pick_threshold(function: Callable[[Any, float], Any]) -> None:
    """Chapter 12: the score that quiet episodes exceed with at most a stated rate."""
    rng = np.random.default_rng(6)
    quiet = rng.permutation(np.arange(1.0, 100.0))  # 1 to 99
    got = float(function(quiet, 0.05))
    expect(
        got not in (5.0, 6.0),
        "This is the low end: an alert is a score that is too high.",
    )
    share = float((quiet > got).mean())
    expect(share <= 0.05, f"{share:.0%} of the quiet episodes are above it.")
    expect(got != 99.0, "The highest of all allows no false alarm: 5 % may be.")
    expect(
        got in (95.0, 96.0) or 94.0 < got < 96.0,
        f"Only {share:.0%} of the quiet episodes are above it: 5 % may be.",
    )
    odd = rng.permutation(np.r_[np.zeros(57), 7.0, 8.0, 9.0])
    strict = float(function(odd, 0.05))
    expect(
        (odd > strict).mean() <= 0.05 and strict >= 7.0,
        "With other scores it is off: sort them, and count from the top.",
    )
    wide = float(function(quiet, 0.2))
    expect(wide < got, "With 20 % allowed it should be lower: use `rate`.")
