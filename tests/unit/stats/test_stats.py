"""Intervals and controls against simulation and scipy."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats as scipy_stats

from helpers.stats import (
    Estimate,
    bootstrap,
    caught,
    correlations,
    jackknife,
    left_out,
    max_null_p,
    null_p,
    paired,
    paired_p,
    pearson,
    random_directions,
    shuffled_labels,
)


def coverage(grouped: bool, n: int = 200) -> float:
    """Share of simulated tables (40 groups of 6) whose interval holds the truth."""
    rng, groups, hits = np.random.default_rng(3), np.repeat(np.arange(40), 6), 0
    for seed in range(n):
        values = 2.0 + rng.normal(size=40)[groups] + 0.5 * rng.normal(size=240)
        own = groups.tolist() if grouped else None
        _, low, high = bootstrap(values, own, n_draws=300, seed=seed)
        hits += low <= 2.0 <= high
    return hits / n


def test_grouped_intervals_cover_what_they_promise() -> None:
    assert 0.89 <= coverage(grouped=True) <= 0.99


def test_intervals_that_ignore_groups_are_too_narrow() -> None:
    assert coverage(grouped=False) < 0.75


def test_bootstrap_level_and_errors() -> None:
    values = np.random.default_rng(0).normal(size=50)
    wide, narrow = (
        bootstrap(values, None, level=0.99),
        bootstrap(values, None, level=0.5),
    )
    assert wide.low < narrow.low < narrow.value < narrow.high < wide.high
    assert wide.value == pytest.approx(values.mean())
    assert bootstrap(values, None) == bootstrap(values, None, seed=0)
    assert str(bootstrap([1.5] * 4, None)) == "1.50 [1.50, 1.50]"
    assert str(bootstrap([1.0, 2.0, 3.0], None)) == "2.00 [cannot be told]"
    assert not bootstrap([1.0, 2.0, 3.0], None).told
    with pytest.raises(ValueError, match="1 of 2 values are not finite"):
        bootstrap([1.0, np.nan], None)
    with pytest.raises(ValueError, match="no values"):
        bootstrap([], None)
    with pytest.raises(ValueError, match="3 values but 2 groups"):
        bootstrap([1, 2, 3], ["a", "b"])


def test_random_directions_have_the_mean_norm() -> None:
    like = torch.randn(5, 16) * torch.arange(1, 6)[:, None]
    drawn = random_directions(like, 400, seed=1)
    assert torch.allclose(drawn.norm(dim=-1), like.norm(dim=-1).mean().expand(400))
    assert drawn.mean(0).norm() < 0.15 * like.norm(dim=-1).mean()
    assert torch.equal(drawn, random_directions(like, 400, seed=1))
    assert not torch.equal(drawn, random_directions(like, 400, seed=2))


def test_shuffled_labels_keep_counts() -> None:
    labels = ["calm"] * 5 + ["sad"] * 3 + ["proud"] * 4
    mixed = shuffled_labels(labels, seed=1)
    assert mixed != labels
    assert Counter(mixed) == Counter(labels)
    groups = ["x", "y"] * 6
    inside = shuffled_labels(labels, groups, seed=1)
    assert inside != labels
    assert Counter(zip(inside, groups, strict=True)) == Counter(
        zip(labels, groups, strict=True)
    )


def test_shuffles_keep_whole_units_names_and_places() -> None:
    scenes, topics = list("aabbccdd"), list("xxxxyyyy")
    labels = [0, 0, 1, 1, 2, 2, 3, 3]
    seen = set()
    for seed in range(20):
        mixed = shuffled_labels(labels, topics, whole=scenes, seed=seed)
        assert mixed[::2] == mixed[1::2]
        assert set(mixed[:4]) == {0, 1}
        seen.add(tuple(mixed))
    assert len(seen) == 4
    names = ["sad", "calm", "sad", "proud", "calm"]
    again = shuffled_labels(names, whole=names, seed=2)
    assert len(set(zip(names, again, strict=True))) == 3  # one new name for each
    assert again != names
    with pytest.raises(ValueError, match="unit a has more than one label"):
        shuffled_labels([0, 1, 1, 1], whole=list("aabb"))
    with pytest.raises(ValueError, match="unit b has more than one group"):
        shuffled_labels([0, 0, 1, 1], list("xxxy"), whole=list("aabb"))


def test_pearson_of_a_column_that_never_changes_is_zero() -> None:
    x = np.random.default_rng(7).normal(size=30)
    assert pearson(x, np.ones(30), None) == (0.0, -np.inf, np.inf)
    rare = np.zeros(30)
    rare[3] = 1.0
    found = pearson(x, rare, None)
    assert found.value == pytest.approx(scipy_stats.pearsonr(x, rare).statistic)
    assert not found.told  # it rests on one pair
    assert pearson(x, -2 * x + 1, None).high == pytest.approx(-1.0)


@pytest.mark.parametrize(
    "work",
    [
        lambda: null_p(np.nan, np.ones(9)),
        lambda: null_p(0.1, [np.nan] * 9),
        lambda: max_null_p([np.nan, 0.0], np.zeros((9, 2))),
        lambda: max_null_p([0.0, 0.0], np.full((9, 2), np.inf)),
        lambda: pearson([1, 2, 3, 4, np.nan], [1, 2, 3, 4, 5], None),
        lambda: caught([np.nan] * 9, 0.5),
    ],
)
def test_what_is_no_number_is_no_evidence(work: Any) -> None:
    with pytest.raises(ValueError, match="not finite"):
        work()


def test_correlations_are_those_of_numpy() -> None:
    rng = np.random.default_rng(0)
    columns, values = rng.normal(size=(12, 4)), rng.normal(size=12)
    columns[:, 3] = 1.0
    found = correlations(columns, values)
    right = [np.corrcoef(c, values)[0, 1] for c in columns.T[:3]]
    assert found == pytest.approx([*right, 0.0])


def test_p_of_a_paired_difference_is_that_of_a_t_test() -> None:
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=(2, 9)) + [[0.8], [0.0]]
    gap = paired(a, b, np.arange(9))
    right = scipy_stats.ttest_rel(a, b).pvalue
    assert paired_p(gap, 9) == pytest.approx(right, rel=1e-6)
    assert paired_p(Estimate(0.5, -np.inf, np.inf), 3) == 1.0


def test_each_group_left_out_gives_the_interval_of_a_mean() -> None:
    rng = np.random.default_rng(0)
    groups = np.repeat([f"g{i}" for i in range(9)], 4)
    a, b = rng.normal(size=(2, 36)) + rng.normal(size=9)[np.arange(36) // 4]
    (value, other), left = left_out(lambda i: (a[i].mean(), b[i].mean()), groups)
    assert list(left.index) == [f"g{i}" for i in range(9)]
    assert left.loc["g3", 0] == pytest.approx(a[groups != "g3"].mean())
    assert jackknife(value, left[0]) == pytest.approx(bootstrap(a, groups))
    apart = jackknife(value - other, left[0] - left[1])
    assert apart == pytest.approx(paired(a, b, groups))
    assert not jackknife(value, left[0][:3]).told
    with pytest.raises(ValueError, match="no rows"):
        left_out(lambda i: 0.0, [])
