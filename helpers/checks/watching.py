"""Checks of chapters 12 and 12b: watching the inside, and what that is worth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from helpers.checks.advice import check, expect, holds


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


@check()
def choose_and_tell(function: Callable[[Any, Any, Any], Any]) -> None:
    """Chapter 12b: the best of several readings by half of the episodes, told on rest.

    One is best on all, one on the half to tell, one on the half to choose, one turned.
    """
    rng, first = np.random.default_rng(5), np.arange(80) % 2 == 0
    odds, noise = rng.normal(size=80), rng.normal(size=(5, 80))
    sure = np.array([[0, 0], [2, 2], [0, 9], [3, 0.5], [-9, -9]])
    readings = odds * np.where(first, sure[:, :1], sure[:, 1:]) + noise
    got = function(readings, odds, first)
    expect(holds(got, 2), "Return two things: the index, and the r on the others.")
    best, r = int(got[0]), float(got[1])
    expect(best != 4, "The strongest one goes against the odds: r with its sign.")
    expect(best != 2, "This one was chosen on the episodes that it is told on.")
    expect(best != 1, "This one is best over all episodes: choose by `first` alone.")
    expect(best == 3, "Another reading has a higher r on the episodes to choose on.")
    here, there = (np.corrcoef(readings[3][s], odds[s])[0, 1] for s in (first, ~first))
    expect(abs(r - here) > 1e-6, "This r is from where the reading was chosen.")
    expect(abs(r - there) < 1e-6, "The r should be over the other episodes, all.")


@check()
def answer_alarm(function: Callable[[float, float, float, float], Any]) -> None:
    """Chapter 12b: what to do at an alarm, by what each answer costs on average."""
    got = function(0.5, 10.0, 4.0, 3.0)
    expect(got in {"nothing", "stop", "ask"}, "Return one of the three words.")
    expect(got != "nothing", "Half of the alarms are right, and a bad one costs 10.")
    expect(got == "stop", "To stop ends a good one at each second alarm: 2 on average.")
    rare = function(0.01, 10.0, 4.0, 3.0)
    expect(rare == "nothing", "With one alarm in a hundred right, none of it pays.")
    dear = function(0.5, 100.0, 40.0, 3.0)
    expect(dear == "ask", "Where both mistakes are dear, a question is cheap.")
    sure = function(0.99, 10.0, 400.0, 9.0)
    expect(sure == "stop", "A good one is ended only where the alarm is wrong.")
