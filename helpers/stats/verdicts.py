"""What an interval says, in words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def verdict(estimate: Sequence[float], zero: float = 0.0) -> str:
    """What an interval (value, low, high) says, in words that a sentence can end with.

    Taught in chapter 05.
    """
    value, low, high = estimate
    if not np.isfinite([value, low, high]).all():
        return "it cannot be told"
    if low > zero:
        return "the interval lies above it"
    if high < zero:
        return "the interval lies below it"
    return "the interval covers it: nothing was found"
