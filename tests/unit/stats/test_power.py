"""Power against simulation, and the fewest samples that reach it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats as scipy_stats

from helpers.stats import samples_needed
from helpers.stats.power import power_of


@pytest.mark.parametrize(("base", "effect"), [(0.2, 0.2), (0.5, -0.25), (0.3, 0.0)])
def test_power_is_what_simulation_finds(base: float, effect: float) -> None:
    n, rng = 80, np.random.default_rng(1)
    one = rng.binomial(n, base, 4000) / n
    two = rng.binomial(n, base + effect, 4000) / n
    mean = (one + two) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.abs(two - one) / np.sqrt(2 * mean * (1 - mean) / n)
    found = (np.nan_to_num(z) > scipy_stats.norm.ppf(0.975)).mean()
    assert abs(found - power_of(n, base, effect)) < 0.03


@pytest.mark.parametrize(("base", "effect"), [(0.2, 0.1), (0.05, 0.01), (0.9, -0.4)])
def test_samples_needed_is_the_fewest(base: float, effect: float) -> None:
    n = samples_needed(base, effect)
    assert power_of(n, base, effect) >= 0.8 > power_of(n - 1, base, effect)
    assert samples_needed(base, effect / 2) > 3 * n


def test_impossible_rates_are_refused() -> None:
    with pytest.raises(ValueError, match="outside 0 to 1"):
        power_of(10, 0.9, 0.2)
    with pytest.raises(ValueError, match="effect of 0"):
        samples_needed(0.3, 0.0)
