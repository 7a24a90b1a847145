"""Thresholds hold their rate, alerts are where they were planted, ROC is what it is."""

from __future__ import annotations

import numpy as np
import pytest

from helpers.monitor import find_alerts, set_threshold
from helpers.monitor.alarms import alert_at, smooth
from helpers.stats import auc, caught, precision


def test_smooth_is_the_mean_of_the_last_window() -> None:
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(20, 3))
    means = smooth(scores, 4)
    assert np.isnan(means[:3]).all()
    for t in range(3, 20):
        assert np.allclose(means[t], scores[t - 3 : t + 1].mean(0))
    assert np.isnan(smooth(scores[:3], 4)).all()
    assert np.allclose(smooth(scores, 1), scores)


def test_planted_stretches_are_exactly_the_alerts() -> None:
    rng = np.random.default_rng(1)
    scores = rng.uniform(-0.1, 0.1, size=(60, 2))
    scores[10:20, 0] += 1.0
    scores[30:33, 0] += 1.0  # too short for a mean of eight to pass 0.5
    scores[40:50, 1] -= 1.0  # low, not high
    tokens = [f"w{i}" for i in range(60)]
    found = find_alerts(scores, {"a": 0.55, "b": 0.55}, 8, tokens)
    assert [(a.emotion, a.start, a.end) for a in found] == [("a", 14, 22)]
    (alert,) = found
    assert alert.peak in (17, 18, 19)
    assert alert.score == pytest.approx(smooth(scores, 8)[alert.peak, 0])
    assert set(alert.because) <= {"w10", "w11", "w12", "w13", "w14"}
    assert "a at tokens 14 to 22" in str(alert)
    assert find_alerts(scores, {"a": np.inf, "b": np.inf}, 8, tokens) == []
    (late,) = find_alerts(scores, {"a": 0.55, "b": 9.0}, 8, tokens, 10)
    assert (late.start, late.end) == (17, 22)  # a whole window from position 10 on
    assert find_alerts(scores, {"a": 0.55, "b": 9.0}, 8, tokens, 16) == []


@pytest.mark.parametrize("law", ["normal", "exponential", "standard_cauchy"])
@pytest.mark.parametrize(("n", "rate"), [(60, 0.05), (200, 0.1)])
def test_the_rate_on_fresh_data_is_within_the_interval(
    law: str, n: int, rate: float
) -> None:
    """95 % of thresholds have a true rate in their interval, whatever the scores."""
    rng = np.random.default_rng(2)
    draw, inside, rates = getattr(rng, law), [], []
    for _ in range(400):
        bound = set_threshold(draw(size=n), rate)
        fresh = float((draw(size=4_000) > bound.value).mean())
        inside.append(bound.low <= fresh <= bound.high)
        rates.append(fresh)
    assert 0.90 <= np.mean(inside) <= 0.985
    assert np.mean(rates) == pytest.approx(bound.rate, abs=0.006)
    assert bound.rate <= rate + 1e-9


def test_a_rate_too_small_for_the_data_is_refused() -> None:
    with pytest.raises(ValueError, match="needs more than the 10 quiet"):
        set_threshold(np.zeros(10), 0.05)
    with pytest.raises(ValueError, match=r"rate of 0\.0 needs"):
        set_threshold(np.zeros(10), 0.0)
    with pytest.raises(ValueError, match="not finite"):
        set_threshold([*range(50), float("nan")], 0.05)
    assert set_threshold(np.arange(19.0), 0.05).value == 18


def test_auc_counts_pairs() -> None:
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=60), rng.integers(0, 2, 60)
    pairs = x[y == 1][:, None] - x[y == 0][None]
    estimate = auc(x, y, None)
    assert estimate.value == pytest.approx((pairs > 0).mean())
    assert estimate.low < estimate.value < estimate.high
    with pytest.raises(ValueError, match="all labels are equal"):
        auc(x, np.ones(60), None)


def test_auc_interval_covers_chance_and_widens_with_groups() -> None:
    rng, covers, wider = np.random.default_rng(4), [], []
    for seed in range(60):
        groups = np.repeat(np.arange(12), 6)
        x = np.repeat(rng.normal(size=12), 6) + 0.1 * rng.normal(size=72)
        y = np.repeat(rng.permutation(np.arange(12) % 2), 6)
        own = auc(x, y, groups.tolist(), n_draws=200, seed=seed)
        bare = auc(x, y, None, n_draws=200, seed=seed)
        covers.append(own.low <= 0.5 <= own.high)
        wider.append(own.high - own.low > bare.high - bare.low)
    assert np.mean(covers) > 0.8
    assert np.mean(wider) > 0.9


def test_precision_is_bayes_rule() -> None:
    bad, n = 30, 3_000
    raised = 24 + 0.05 * (n - bad)
    assert precision(0.8, 0.05, bad / n) == pytest.approx(24 / raised)
    assert precision(0.5, 0.0, 0.01) == 1
    assert np.isnan(precision(0.0, 0.0, 0.01))


def test_caught_has_an_exact_interval() -> None:
    share = caught([0.0] * 8 + [1.0] * 2, 0.5)
    assert share.value == 0.2
    assert share.low < 0.03 < 0.5 < share.high


@pytest.mark.parametrize("window", [1, 2, 3])
@pytest.mark.parametrize("bound", [0.5, np.inf])
def test_what_is_not_a_number_is_never_quiet(window: int, bound: float) -> None:
    """At each place of it, online and offline; what is beside it still counts."""
    tokens = [f"w{i}" for i in range(9)]
    for at in range(9):
        scores = np.zeros((9, 2))
        scores[at, 0], scores[5, 1] = np.nan, 9.0
        bounds = {"a": bound, "b": 0.5}
        there = {i for i in range(at, at + window) if window - 1 <= i < 9}
        loud = {i for i in range(5, 5 + window) if i < 9}
        found = find_alerts(scores, bounds, window, tokens)
        at_a = {i for f in found if f.emotion == "a" for i in range(f.start, f.end + 1)}
        at_b = {i for f in found if f.emotion == "b" for i in range(f.start, f.end + 1)}
        assert (at_a, at_b) == (there, loud)
        online = set()
        for i in range(9):
            rows = scores[max(0, i + 1 - window) : i + 1].tolist()
            seen = alert_at(
                i, rows, tokens[max(0, i + 1 - window) : i + 1], bounds, window
            )
            if seen is not None:
                online.add(i)
                assert seen.emotion == ("a" if i in there else "b")
                assert np.isnan(seen.score) == (i in there)
        assert online == there | loud
        if there:
            assert "not a number" in str(next(f for f in found if f.emotion == "a"))


def test_the_worst_of_two_is_the_alert() -> None:
    rows, words = [[1.0, 9.0], [2.0, 9.0]], ["x", "y"]
    seen = alert_at(1, rows, words, {"a": 0.5, "b": 8.5}, 2)
    assert (seen.emotion, seen.score) == ("a", pytest.approx(1.5))
    seen = alert_at(1, rows, words, {"a": 0.5, "b": 7.0}, 2)
    assert (seen.emotion, seen.score) == ("b", pytest.approx(9.0))
    assert alert_at(1, rows, words, {"a": 1.5, "b": np.inf}, 2) is None


@pytest.mark.parametrize("rate", [np.nan, np.inf, -0.1, "0.05", None])
def test_a_rate_is_a_number(rate: object) -> None:
    with pytest.raises(ValueError, match="rate"):
        set_threshold(np.arange(50.0), rate)
    with pytest.raises(ValueError, match="quiet score 2 is not finite"):
        set_threshold([1.0, 2.0, np.nan] * 20)
