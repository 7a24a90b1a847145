"""Nulls for a correlation over emotions, on ratings smooth over the vectors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom

from helpers.stats import cluster_null, geometry_null, null_p, smooth_ratings
from helpers.stats.surrogates import best_r, root
from helpers.vectors.geometry import principal_axes

Array = Any
Null = Callable[[Array, Array, int], Array]


def made_vectors() -> Array:
    """171 vectors that a few things rule, as emotion vectors are (a quarter by one)."""
    rng = np.random.default_rng(0)
    return rng.normal(size=(171, 40)) * 0.75 ** (np.arange(40) / 2)


VECTORS = made_vectors()
PLACES = principal_axes(VECTORS, 3).places
UNIT = VECTORS / np.linalg.norm(VECTORS, axis=1, keepdims=True)
APART = np.sqrt(np.maximum(2 - 2 * UNIT @ UNIT.T, 0))
SMOOTH = root(np.exp(-APART))  # another covariance than the null's
NAMED = APART[:, :10].argmin(1)  # the nearest of ten emotions


def smooth(rng: Any) -> Array:
    """Ratings that near emotions share, and that have no link to any axis."""
    return SMOOTH @ rng.normal(size=171) + 0.5 * rng.normal(size=171)


def planted(rng: Any, r: float = 0.6) -> Array:
    """Smooth ratings that go with the first axis at `r`."""
    axis, rest = PLACES[:, 0] - PLACES[:, 0].mean(), smooth(rng)
    rest = rest - rest.mean() - axis * (axis @ rest) / (axis @ axis)
    return r * axis / axis.std() + np.sqrt(1 - r**2) * rest / rest.std()


def clustered(places: Array, ratings: Array, seed: int) -> Array:
    return cluster_null(places, ratings, VECTORS, n_draws=199, seed=seed)


def shuffled(places: Array, ratings: Array, seed: int) -> Array:
    rng = np.random.default_rng(seed)
    return np.array([best_r(places, rng.permutation(ratings)) for _ in range(199)])


def by_name(places: Array, ratings: Array, seed: int) -> Array:
    """Means dealt among named clusters, what is left shuffled within each."""
    rng, found = np.random.default_rng(seed), []
    means = np.bincount(NAMED, ratings) / np.bincount(NAMED)
    for _ in range(199):
        left = (ratings - means[NAMED])[np.lexsort((rng.random(171), NAMED))]
        dealt = rng.permutation(means)[NAMED]
        dealt[np.argsort(NAMED, kind="stable")] += left
        found.append(best_r(places, dealt))
    return np.array(found)


def alarms(null: Null, ratings: Callable[[Any], Array], n: int, axes: int = 1) -> int:
    """On how many of `n` ratings the claim about the best axis has p <= .05."""
    hits, places = 0, PLACES[:, :axes]
    for seed in range(n):
        one = ratings(np.random.default_rng(seed))
        hits += null_p(best_r(places, one), null(places, one, seed)) <= 0.05
    return hits


@pytest.mark.parametrize("axes", [1, 3])
def test_smooth_ratings_without_a_link(axes: int) -> None:
    assert alarms(clustered, smooth, 40, axes) <= binom.ppf(0.9995, 40, 0.07)


def test_a_link_is_found() -> None:
    assert alarms(clustered, planted, 20) >= binom.ppf(0.0005, 20, 0.8)


@pytest.mark.slow
@pytest.mark.parametrize("axes", [1, 3])
def test_the_rate_of_false_alarms(axes: int) -> None:
    assert 0.03 <= alarms(clustered, smooth, 500, axes) / 500 <= 0.07


@pytest.mark.slow
@pytest.mark.parametrize("axes", [1, 3])
def test_power(axes: int) -> None:
    assert alarms(clustered, planted, 200, axes) / 200 >= 0.8


@pytest.mark.parametrize("null", [shuffled, by_name])
def test_simpler_nulls_cry_wolf(null: Null) -> None:
    """Why the ratings are not just shuffled, nor dealt among named clusters."""
    assert alarms(null, smooth, 60) > binom.ppf(0.9995, 60, 0.07)


def test_smoother_ratings_have_the_wider_null() -> None:
    ratings = SMOOTH @ np.random.default_rng(1).normal(size=171)
    mixed = np.random.default_rng(2).permutation(ratings)
    wide, tight = (np.abs(clustered(PLACES, one, 0)) for one in (ratings, mixed))
    assert wide.mean() > 1.3 * tight.mean()
    again = clustered(PLACES, 5 * ratings - 3, 0)
    assert np.abs(again) == pytest.approx(wide)


def test_geometry_is_that_of_random_directions() -> None:
    """In two dimensions r is the cosine of an angle that is even over the circle."""
    rows = np.linalg.qr(np.random.default_rng(0).normal(size=(60, 2)))[0]
    flat = np.linalg.qr(np.column_stack([np.ones(60), rows]))[0][:, 1:]
    for axes in (1, 3):
        drawn = geometry_null(flat, flat[:, 0], n_axes=axes, n_draws=4000)
        angle = np.pi / 2 * (1 - 0.5 ** (1 / axes))  # median of the smallest of them
        assert np.quantile(np.abs(drawn), 0.5) == pytest.approx(np.cos(angle), abs=0.03)
        assert (drawn > 0).mean() == pytest.approx(0.5, abs=0.04)
    one = np.outer(np.arange(40.0), np.ones(5))  # one thing rules everything
    assert np.abs(geometry_null(one, np.arange(40.0), n_draws=20)) == pytest.approx(1)


WRONG = {
    "171 places, 170 ratings": (PLACES, np.arange(170.0), VECTORS),
    "all ratings are 2": (PLACES, np.full(171, 2.0), VECTORS),
    "are not finite": (PLACES, np.full(171, np.nan), VECTORS),
    "12 emotions cannot": (PLACES[:12], np.arange(12.0), VECTORS[:12]),
}


@pytest.mark.parametrize("message", WRONG)
def test_what_cannot_be_dealt_is_refused(message: str) -> None:
    with pytest.raises(ValueError, match=message):
        cluster_null(*WRONG[message])


def test_deals_are_the_ratings_in_another_order_that_keeps_neighbors() -> None:
    ratings = smooth(np.random.default_rng(3))
    dealt = smooth_ratings(PLACES, ratings, VECTORS, n_draws=99, seed=1)
    assert dealt.shape == (99, 171)
    np.testing.assert_allclose(np.sort(dealt), np.sort(ratings)[None].repeat(99, 0))
    null = clustered(PLACES, ratings, 1)
    more = smooth_ratings(PLACES, ratings, VECTORS, n_draws=199, seed=1)
    np.testing.assert_allclose(null, [best_r(PLACES, one) for one in more])
    near = APART.argsort(1)[:, 1]
    mixed = np.random.default_rng(5).permuted(dealt, axis=1)
    one, other = (
        np.mean([best_r(d[near, None], d) for d in x]) for x in (dealt, mixed)
    )
    assert one > 0.2 > other
