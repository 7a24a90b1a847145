"""Choosing on one half: a planted reading is found, and luck does not survive."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from helpers.stats import choose, halves


def mean_of(rows: Any, items: Any) -> float:
    return float(np.asarray(rows).mean())


def noise(n: int, k: int, seed: int) -> dict[int, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {i: rng.normal(size=(n, 1)) for i in range(k)}


def test_the_planted_reading_is_chosen_and_told() -> None:
    readings, rivals = noise(80, 20, 0), noise(80, 3, 1)
    readings[7] += 2
    found = choose(readings, rivals, mean_of, np.repeat(np.arange(20), 4), seed=3)
    assert found.name == 7
    rest = ~halves(80, np.repeat(np.arange(20), 4), seed=3)
    assert found.told.value == pytest.approx(readings[7][rest].mean())
    right = (readings[7] - rivals[found.rival])[rest].mean()
    assert found.beyond.value == pytest.approx(right)
    assert found.beyond.low > 1
    assert found.tried["rival"].tolist() == [False] * 20 + [True] * 3


def test_the_best_of_many_noises_is_told_without_its_luck() -> None:
    """Best of 40 on its own half lies at about .4; told on the other it is nominal."""
    beyond, lucky = [], []
    for seed in range(100):
        found = choose(noise(40, 40, seed), noise(40, 1, 1000 + seed), mean_of, None)
        beyond.append(found.told.low > 0 or found.told.high < 0)
        lucky.append(found.tried["value"].max())
    assert np.mean(lucky) > 0.35
    assert np.mean(beyond) <= 0.12


def test_rivals_are_needed() -> None:
    with pytest.raises(ValueError, match="2 readings, 0 rivals"):
        choose(noise(8, 2, 0), {}, mean_of, None)
