"""What an interval says, in words."""

from __future__ import annotations

from collections.abc import Sequence


def verdict(estimate: Sequence[float], zero: float = 0.0) -> str:
    """What an interval (value, low, high) says, in words that a sentence can end with.

    Taught in chapter 05.
    """
    _, low, high = estimate
    if low > zero:
        return "the interval lies above it"
    if high < zero:
        return "the interval lies below it"
    return "the interval covers it: nothing was found"
