"""Planted circles, groups and confounds are found; planted noise is not."""

from __future__ import annotations

import numpy as np
import pytest

from helpers.stats import bootstrap_statistic, max_null_p, null_p
from helpers.vectors import geometry


def circumplex(seed: int = 0, noise: float = 0.3) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    angle = rng.uniform(0, 2 * np.pi, 60)
    valence, arousal = np.cos(angle), np.sin(angle)
    axes = np.linalg.qr(rng.normal(size=(20, 2)))[0].T
    planted = 3 * np.outer(valence, axes[0]) + 2 * np.outer(arousal, axes[1])
    return planted + noise * rng.normal(size=(60, 20)), valence, arousal


def test_a_planted_circumplex_is_found_on_two_axes() -> None:
    vectors, valence, arousal = circumplex()
    axes = geometry.principal_axes(vectors)
    (one, r), (other, s) = (
        geometry.best_axis(axes.places, rating) for rating in (valence, arousal)
    )
    assert one != other
    assert min(abs(r), abs(s)) > 0.9
    assert axes.share[:2].sum() > 0.8


def test_planted_groups_stand_together() -> None:
    rng = np.random.default_rng(1)
    known = np.repeat(np.arange(5), 12)
    vectors = 4 * rng.normal(size=(5, 20))[known] + rng.normal(size=(60, 20))
    order = known[geometry.cosine_order(vectors)]
    assert (np.diff(order) != 0).sum() < 12


def test_a_planted_confound_is_found_and_taken_out() -> None:
    rng = np.random.default_rng(2)
    length = rng.normal(size=300)
    axis = length + 0.3 * rng.normal(size=300)
    rating = length + 0.3 * rng.normal(size=300)
    assert geometry.correlation(axis, rating) > 0.7
    assert abs(geometry.partial_correlation(axis, rating, length)) < 0.2
    assert abs(geometry.correlation(geometry.left_over(axis, length), length)) < 1e-9


def test_rsa_sees_a_turned_copy_and_not_noise() -> None:
    vectors, *_ = circumplex()
    turn = np.linalg.qr(np.random.default_rng(3).normal(size=(20, 20)))[0]
    assert geometry.rsa(vectors, vectors @ turn) == pytest.approx(1)
    noise = np.random.default_rng(4).normal(size=(60, 9))
    assert abs(geometry.rsa(vectors, noise)) < 0.15
    with pytest.raises(ValueError, match="60 rows"):
        geometry.rsa(vectors, noise[:3])


def test_permutation_keeps_its_rate_when_the_best_axis_is_chosen() -> None:
    alarms = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        places, rating = rng.normal(size=(40, 3)), rng.normal(size=40)
        dealt = [rating, *(rng.permutation(rating) for _ in range(59))]
        real, *null = [geometry.best_axis(places, one)[1] for one in dealt]
        alarms.append(null_p(real, null) <= 0.05)
    assert 0.01 <= np.mean(alarms) <= 0.095


def test_best_of_layers_keeps_its_rate() -> None:
    rng = np.random.default_rng(5)
    alarms = [
        max_null_p(rng.normal(size=6), rng.normal(size=(19, 6))) <= 0.05
        for _ in range(1000)
    ]
    assert 0.03 <= np.mean(alarms) <= 0.07
    with pytest.raises(ValueError, match="layers"):
        max_null_p([1.0, 2.0], np.zeros((3, 5)))


def test_bootstrap_of_a_statistic_covers_the_truth() -> None:
    covered = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        groups = np.repeat(np.arange(25), 4)
        x = rng.normal(size=100)
        y = 0.5 * x + np.sqrt(0.75) * rng.normal(size=100)

        def r(rows: np.ndarray, x: np.ndarray = x, y: np.ndarray = y) -> float:
            return geometry.correlation(x[rows], y[rows])

        low_high = bootstrap_statistic(r, list(groups), n_draws=200, seed=seed)
        covered.append(low_high.low <= 0.5 <= low_high.high)
    assert np.mean(covered) > 0.82


def told(
    seed: int, places: np.ndarray, noise: np.ndarray, width: int = 12
) -> np.ndarray:
    """Texts of 20 labels on 6 topics, in a model of its own axes."""
    rng = np.random.default_rng(seed)
    turn = rng.normal(size=(places.shape[1], width))
    return np.repeat(places @ turn, 6, axis=0) + noise @ rng.normal(
        size=(noise.shape[1], width)
    )


def test_models_that_share_meaning_agree_over_texts_and_shared_noise_does_not() -> None:
    labels = np.repeat(np.arange(20), 6).astype(str)
    topics = list(range(6)) * 20
    rng = np.random.default_rng(6)
    places, texts = rng.normal(size=(20, 4)), rng.normal(size=(120, 4))
    none = np.zeros((20, 4))
    alike = [told(s, places, 0.3 * texts, 40) for s in (1, 2)]
    found = geometry.split_agreement(*alike, labels.tolist(), topics)
    assert found.shape == (20, 2)
    assert found[:, 0].min() > 0.6
    assert np.abs(found[:, 1]).max() < 0.35
    empty = [told(s, none, texts, 40) for s in (1, 2)]
    same_texts = [geometry.class_means(rows, labels.astype(int)) for rows in empty]
    assert geometry.rsa(*same_texts) > 0.5, "noise of shared texts agrees"
    apart = geometry.split_agreement(*empty, labels.tolist(), topics)
    assert abs(apart[:, 0].mean()) < 0.1, "and does not where no text is shared"


def test_split_agreement_says_what_is_missing() -> None:
    rows = np.random.default_rng(7).normal(size=(8, 3))
    labels = list("aabbccdd")
    with pytest.raises(ValueError, match="one group"):
        geometry.split_agreement(rows, rows, labels, ["x"] * 8)
    with pytest.raises(ValueError, match="no text"):
        geometry.split_agreement(rows, rows, labels, list("xxyyxxyy"))
