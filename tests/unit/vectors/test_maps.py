"""Maps of emotions: planted maps are found alike, noise is corrected, names count."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import spearmanr

from helpers.vectors import (
    agreement,
    disjoint_maps,
    left_maps,
    map_places,
    names_exchanged,
    over_topics,
    vectors_of,
)
from helpers.vectors.maps import ranked_cosines

N, D = 60, 30


def block(truth: Any, noise: float, *, seed: int, topics: int = 8) -> Any:
    """Stories of the planted vectors, with noise that is each story's own."""
    draw = torch.Generator().manual_seed(seed)
    shape = (topics, len(truth), truth.shape[1])
    return truth + noise * torch.randn(shape, generator=draw)


def planted(seed: int = 0) -> Any:
    draw = torch.Generator().manual_seed(seed)
    return torch.randn(N, 4, generator=draw) @ torch.randn(4, D, generator=draw)


def test_lists_multiply_to_spearman() -> None:
    a, b = torch.randn(2, N, D, generator=torch.Generator().manual_seed(1))
    upper = np.triu_indices(N, 1)
    cosines = [
        np.corrcoef(x)[upper] for x in (a - a.mean(1, True), b - b.mean(1, True))
    ]
    one, other = (ranked_cosines(x - x.mean(1, True)) for x in (a, b))
    assert one @ other == pytest.approx(spearmanr(*cosines).statistic)


def test_halves_share_no_topic() -> None:
    """One topic holds one emotion's oddity: only a half with it can show it."""
    rows = block(planted(), 0.0, seed=0, topics=6)
    maps = disjoint_maps(rows, n_splits=4)
    assert maps.shape == (7, 4, 2, N * (N - 1) // 2)
    np.testing.assert_allclose(agreement(maps, maps), 1, atol=1e-5)
    rows[2, 5] += 100
    odd = disjoint_maps(rows, n_splits=4)
    changed = np.abs(odd - maps).max(-1) > 1e-6
    assert (changed.sum(-1)[[0, 1, 2, 4, 5, 6]] == 1).all()
    assert not changed[3].any()


def test_the_correction_takes_the_noise_of_two_equal_maps_away() -> None:
    truth = planted()
    one = disjoint_maps(block(truth, 3.0, seed=1))
    turn = torch.linalg.qr(
        torch.randn(D, D, generator=torch.Generator().manual_seed(3))
    )[0]
    other = disjoint_maps(block(truth @ turn, 6.0, seed=2))
    raw = agreement(one, other)
    corrected = raw / np.sqrt(agreement(one, one) * agreement(other, other))
    assert raw[0] < 0.75
    assert 0.93 < corrected[0] < 1.07
    strange = disjoint_maps(block(planted(9), 3.0, seed=3))
    assert abs(agreement(one, strange)[0]) < 0.15


def test_what_rivals_know_is_taken_and_what_is_own_stays() -> None:
    shared, own = planted(1), planted(2)
    rival = disjoint_maps(block(shared, 0.3, seed=4))
    same = disjoint_maps(block(shared, 1.0, seed=5))
    both = disjoint_maps(block(torch.cat([shared, own], 1), 1.0, seed=6))
    gone, stays = (left_maps(m, [rival]) for m in (same, both))
    assert agreement(gone, gone)[0] < agreement(same, same)[0] / 2
    assert agreement(stays, stays)[0] > 0.5
    np.testing.assert_allclose((stays * rival).sum(-1), 0, atol=1e-4)


def test_the_interval_is_a_jackknife_over_topics() -> None:
    versions = np.array([0.5, 0.4, 0.5, 0.6, 0.5])
    found = over_topics(versions)
    assert found.value == 0.5
    error = np.sqrt(3 * np.var(versions[1:]))
    assert found.high - found.low == pytest.approx(2 * 3.182446 * error, rel=1e-5)


def test_names_dealt_by_lot_do_not_agree() -> None:
    maps = disjoint_maps(block(planted(), 1.0, seed=7))
    drawn = names_exchanged(maps, N, n_draws=50)
    assert abs(drawn.mean()) < 0.05
    assert np.abs(drawn).max() < agreement(maps, maps)[0] / 2


def test_places_are_turned_by_the_ratings_and_say_what_they_hold() -> None:
    rng = np.random.default_rng(0)
    rated = rng.uniform(-1, 1, (N, 2))
    names = [f"word {i}" for i in range(N)]
    about = pd.DataFrame(rated, columns=["valence", "arousal"], index=names)
    vectors = torch.tensor(rated @ [[-3.0, 0, 0], [0, -1, 0]]).float()
    found = map_places(vectors - vectors.mean(0), about, "block 3")
    for axis, rating in (("x", "valence"), ("y", "arousal")):
        assert np.corrcoef(found[axis], about[rating])[0, 1] > 0.95
    assert found["x axis"][0].startswith("right: 8")
    assert "% of variance, r +1.00 valence" in found["x axis"][0]
    assert set(found["space"]) == {"block 3"}


def test_too_few_topics_are_an_error() -> None:
    with pytest.raises(ValueError, match="3 topics"):
        disjoint_maps(block(planted(), 1.0, seed=8, topics=3))


def test_vectors_have_mean_zero() -> None:
    rows = block(planted() + 5, 1.0, seed=9)
    assert vectors_of(rows).mean(0).abs().max() < 1e-5
