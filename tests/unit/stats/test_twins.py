"""Twins: planted sensitivity and criterion are found, and told from each other."""

from __future__ import annotations

import numpy as np
import pytest

from helpers.stats import halves, moved, moved_beside, twins


def planted(n: int = 60, seed: int = 0) -> np.ndarray:
    """Log-odds "n 2" of pairs that differ from one another more than case from twin."""
    rng = np.random.default_rng(seed)
    items = rng.normal(0, 3, (n, 1))
    return items + np.array([0.75, -0.75]) + rng.normal(0, 0.5, (n, 2))


def test_two_numbers_by_hand() -> None:
    found = twins(np.array([3.0, 1, 2, 4]), np.array([1.0, 1, 3, 0]), None)
    assert found.sensitivity.value == 1.25
    assert found.criterion.value == 15 / 8
    assert found.right.value == 0.625


def test_what_is_planted_is_found() -> None:
    both, topics = planted(), np.repeat(np.arange(12), 5)
    for groups in (None, topics):
        found = twins(both[:, 0], both[:, 1], groups)
        assert found.sensitivity.low < 1.5 < found.sensitivity.high
        assert found.sensitivity.low > 1
        assert found.criterion.low < 0 < found.criterion.high
        assert found.right.value > 0.9
    few = twins(both[:, 0], both[:, 1], np.repeat([0, 1, 2], 20))
    assert not few.sensitivity.told


def pushes(seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Pairs without a push, and under three: criterion, sensitivity, nothing."""
    before, rng = planted(), np.random.default_rng(seed)
    what = np.array([[2.0, 2.0], [-0.5, 0.5], [0.0, 0.0]])[:, None]
    return before, before + what + rng.normal(0, 0.3, (3, *before.shape))


def test_a_push_moves_what_was_planted_and_nothing_else() -> None:
    before, after = pushes()
    rows = moved(after, before, None).set_index(["push", "measure"])
    beyond = (rows["low"] > 0) | (rows["high"] < 0)
    assert beyond.to_dict() == {
        (push, measure): (push, measure) in {(0, "criterion"), (1, "sensitivity")}
        for push in range(3)
        for measure in ("criterion", "sensitivity")
    }
    assert rows.loc[(0, "criterion"), "value"] == pytest.approx(2, abs=0.1)
    assert rows.loc[(1, "sensitivity"), "value"] == pytest.approx(-1, abs=0.15)


def test_beside_controls_only_the_planted_push_stands_out() -> None:
    before, after = pushes()
    rng = np.random.default_rng(2)
    shifts = rng.normal(0, 0.4, (39, 1, 1)) + rng.normal(0, 0.3, (39, *before.shape))
    for push, right in ((0, 2.0), (2, 0.0)):
        rows = moved_beside(after[push], before + shifts, before, None)
        row = rows.set_index("measure").loc["criterion"]
        drawn = shifts.mean((1, 2))
        assert row["difference"] == pytest.approx(row["value"] - drawn.mean())
        assert row["difference"] == pytest.approx(right, abs=0.3)
        assert (row["least"], row["most"]) == pytest.approx((drawn.min(), drawn.max()))
        assert (row["p"] <= 0.05) == bool(right)


def test_halves_share_no_group() -> None:
    groups = np.repeat(np.arange(9), 3)
    seen = np.zeros(27)
    for seed in range(20):
        first = halves(27, groups, seed=seed)
        assert first.sum() == 12
        assert not set(groups[first]) & set(groups[~first])
        seen += first
    assert (seen > 0).all()
    assert (seen < 20).all()
    assert halves(5, None).sum() == 2
    with pytest.raises(ValueError, match="of one group"):
        halves(3, [1, 1, 1])


def test_unequal_pairs_are_refused() -> None:
    with pytest.raises(ValueError, match="pass two for each item"):
        twins(np.ones(3), np.ones(2), None)
