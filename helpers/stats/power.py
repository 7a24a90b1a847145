"""How many samples an effect needs before it can be told from nothing."""

from __future__ import annotations

import numpy as np
from scipy.stats import norm as normal

from helpers.stats.numbers import number


def power_of(n: int, base: float, effect: float, *, level: float = 0.05) -> float:
    """The chance that `n` samples of each kind show a rate of `base + effect`.

    Two-sided test of two proportions at `level`, in the normal approximation.
    Raises ValueError for rates outside 0 to 1. Taught in chapter 10.
    """
    check_rates(base, base + effect)
    mean = base + effect / 2
    null = np.sqrt(2 * mean * (1 - mean) / n)
    real = np.sqrt((base * (1 - base) + (base + effect) * (1 - base - effect)) / n)
    bound = normal.ppf(1 - level / 2) * null
    if real == 0:
        return float(abs(effect) > bound)
    return float(
        normal.cdf((effect - bound) / real) + normal.cdf((-effect - bound) / real)
    )


def samples_needed(
    base: float, effect: float, *, power: float = 0.8, level: float = 0.05
) -> int:
    """The fewest samples of each kind with which `power_of` reaches `power`.

    Raises ValueError for rates, a power or a level outside 0 to 1, for a level of 0 and
    an effect of 0. Taught in chapter 10.
    """
    check_rates(base, base + effect, power, level)
    number(level, "level", above=0)
    if effect == 0:
        raise ValueError(
            "an effect of 0 cannot be found: pass the smallest that counts"
        )
    low, high = 1, 2
    while power_of(high, base, effect, level=level) < power:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        enough = power_of(middle, base, effect, level=level) >= power
        low, high = (low, middle) if enough else (middle, high)
    return high


def check_rates(*rates: float) -> None:
    """Raise ValueError for a rate, or a sum of two, that does not lie from 0 to 1."""
    for rate in rates:
        if not 0 <= rate <= 1:
            raise ValueError(
                f"a rate of {rate:.3g} is outside 0 to 1: pass shares, such as 0.2; "
                "an effect is added to its base"
            )
