"""Do 95 % intervals hold the truth in 95 % of the samples, for few groups and many?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom, norm

from helpers.stats import Estimate, auc, bootstrap, bootstrap_statistic, paired, pearson

COUNTS = (4, 5, 8, 13, 30, 60)
EACH, SHARED = 10, 0.3  # items a group, and what they share of the variance


def sample(rng: Any, n_groups: int, r: float) -> tuple[Any, Any, Any]:
    """Two columns that go together with `r`, in groups and within them alike."""
    groups = np.repeat(np.arange(n_groups), EACH)
    mix = np.linalg.cholesky([[1, r], [r, 1]])
    common, own = (mix @ rng.normal(size=(2, n)) for n in (n_groups, len(groups)))
    x, y = np.sqrt(SHARED) * common[:, groups] + np.sqrt(1 - SHARED) * own
    return x, y, groups


def mean_of(rng: Any, n_groups: int, truth: float) -> Estimate:
    x, _, groups = sample(rng, n_groups, 0)
    return bootstrap(x + truth, groups, n_draws=400)


def uneven_mean_of(rng: Any, n_groups: int, truth: float) -> Estimate:
    """Groups of 1 to 10 items."""
    x, _, groups = sample(rng, n_groups, 0)
    kept = rng.random(len(x)) < np.linspace(0.2, 1, n_groups)[groups]
    kept[::EACH] = True
    return bootstrap(x[kept] + truth, groups[kept], n_draws=400)


def area_of(rng: Any, n_groups: int, truth: float) -> Estimate:
    x, _, groups = sample(rng, n_groups, 0)
    own = rng.random(len(x)) < 0.5
    return auc(x + own * norm.ppf(truth) * np.sqrt(2), own, groups, n_draws=400)


def r_of(rng: Any, n_groups: int, truth: float) -> Estimate:
    return pearson(*sample(rng, n_groups, truth), n_draws=400)


CASES = [(mean_of, 2.0), (uneven_mean_of, 2.0), (area_of, 0.5), (area_of, 0.8)]
CASES += [(r_of, 0.0), (r_of, 0.3), (r_of, 0.6)]
Interval = Callable[[Any, int, float], Estimate]


def held(interval: Interval, n_groups: int, truth: float, n: int) -> int:
    """In how many of `n` samples the interval holds the truth."""
    found = [interval(np.random.default_rng(s), n_groups, truth) for s in range(n)]
    return sum(one.low <= truth <= one.high for one in found)


@pytest.mark.parametrize("n_groups", COUNTS)
@pytest.mark.parametrize(("interval", "truth"), CASES)
def test_coverage(interval: Interval, truth: float, n_groups: int) -> None:
    """Within 92 and 98 %, as far as 150 samples can tell (one in a thousand)."""
    hits = held(interval, n_groups, truth, 150)
    assert binom.ppf(0.0005, 150, 0.92) <= hits <= binom.ppf(0.9995, 150, 0.98)


@pytest.mark.slow
@pytest.mark.parametrize("n_groups", [*COUNTS, 120])
@pytest.mark.parametrize(("interval", "truth"), CASES)
def test_coverage_to_a_point(interval: Interval, truth: float, n_groups: int) -> None:
    assert 0.92 <= held(interval, n_groups, truth, 3000) / 3000 <= 0.98


def test_percentiles_over_few_groups_are_too_narrow() -> None:
    def percentile(rng: Any, n_groups: int, truth: float) -> Estimate:
        x, _, groups = sample(rng, n_groups, 0)
        return bootstrap_statistic(lambda i: x[i].mean(), groups, n_draws=200, many=1)

    assert held(percentile, 4, 0.0, 150) < binom.ppf(0.0005, 150, 0.92)


def test_a_mean_over_equal_groups_has_the_t_interval_of_their_means() -> None:
    x, _, groups = sample(np.random.default_rng(1), 7, 0)
    means = x.reshape(7, EACH).mean(1)
    reach = 2.446912 * means.std(ddof=1) / np.sqrt(7)
    expected = means.mean(), means.mean() - reach, means.mean() + reach
    assert bootstrap(x, groups) == pytest.approx(expected, rel=1e-5)
    slow = bootstrap_statistic(lambda i: float(x[i].mean()), groups)
    assert slow == pytest.approx(bootstrap(x, groups))


def test_names_and_order_of_groups_do_not_matter() -> None:
    x, y, groups = sample(np.random.default_rng(2), 9, 0.5)
    names, mixed = np.array(list("qwertzuio"))[groups], np.arange(len(x))[::-1]
    for found, again in (
        (pearson(x, y, groups), pearson(x[mixed], y[mixed], names[mixed])),
        (auc(x, y > 0, groups), auc(x[mixed], y[mixed] > 0, names[mixed])),
    ):
        assert found == pytest.approx(again)
    with_rows = bootstrap_statistic(
        lambda i: float(np.corrcoef(x[i], y[i])[0, 1]), groups, scale="r"
    )
    assert pearson(x, y, groups) == pytest.approx(with_rows)


def test_under_four_groups_nothing_can_be_told() -> None:
    x, y, groups = sample(np.random.default_rng(3), 3, 0.9)
    for found in (bootstrap(x, groups), pearson(x, y, groups), auc(x, y > 0, groups)):
        assert found[1:] == (-np.inf, np.inf)
        assert np.isfinite(found.value)
        assert "cannot be told" in str(found)


def test_a_statistic_that_one_group_carries_cannot_be_told() -> None:
    groups = np.repeat(np.arange(6), 5)
    assert not auc(np.arange(30.0), groups == 5, groups).told


def test_paired_differences_see_what_two_intervals_cannot() -> None:
    rng = np.random.default_rng(4)
    hard, groups = 3 * rng.normal(size=12), np.repeat(np.arange(12), 5)
    a, b = (hard[groups] + 0.3 * rng.normal(size=60) + d for d in (0.4, 0.0))
    apart = paired(a, b, groups)
    assert apart.low > 0
    assert apart.value == pytest.approx((a - b).mean())
    assert bootstrap(a, groups).low < bootstrap(b, groups).high
    assert paired(b, a, groups).high < 0
    same = hard[groups] + 0.3 * rng.normal(size=60)
    assert paired(same, b, groups).low < 0 < paired(same, b, groups).high
    with pytest.raises(ValueError, match="values against"):
        paired(a, b[:-1], groups)


def test_shares_stay_within_0_and_1() -> None:
    rare = np.zeros(40)
    rare[:3] = 1
    groups = np.repeat(np.arange(8), 5)
    assert bootstrap(rare, groups).low == 0
    assert bootstrap(1 - rare, groups).high == 1
    assert bootstrap(2 * rare, groups).low < 0
