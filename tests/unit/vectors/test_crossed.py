"""Crossed stories: likeness within clusters and halves, against planted truths."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from helpers.vectors import (
    by_topic,
    difference_of_means,
    likeness,
    names_by_lot,
    two_halves,
)

CLUSTERS = [c for c in "abcd" for _ in range(5)]


def planted(strength: float, seed: int = 0) -> torch.Tensor:
    """8 topics x 20 emotions x 40: a direction for each cluster, and noise."""
    draw = torch.Generator().manual_seed(seed)
    shared = torch.randn(4, 40, generator=draw).repeat_interleave(5, 0)
    own = torch.randn(20, 40, generator=draw)
    noise = torch.randn(8, 20, 40, generator=draw)
    return strength * (shared + own) + noise + 5


def test_a_block_gives_the_vectors_of_the_rows() -> None:
    rows = torch.randn(12, 5)
    topics, emotions = list("xyz") * 4, [e for e in "dcba" for _ in range(3)]
    block = by_topic(rows, topics, emotions)
    vectors, names = difference_of_means(rows, emotions)
    means = block.mean(0)
    assert names == tuple("dcba")
    torch.testing.assert_close(means - means.mean(0), vectors)
    order = torch.randperm(12).tolist()
    mixed = by_topic(
        rows[order], [topics[i] for i in order], [emotions[i] for i in order]
    )
    torch.testing.assert_close(mixed.sort(1).values.sum(0), block.sort(1).values.sum(0))


def test_stories_that_are_not_crossed_are_refused() -> None:
    with pytest.raises(ValueError, match="topic 'y' has 1 stories of 1 emotions"):
        by_topic(torch.randn(3, 2), ["x", "x", "y"], ["a", "b", "a"])
    with pytest.raises(ValueError, match="topic 'x' has 2 stories of 1 emotions"):
        by_topic(torch.randn(2, 2), ["x", "x"], ["a", "a"])


def test_planted_clusters_are_found_and_noise_gives_none() -> None:
    found = likeness({"vectors": planted(1.0), "noise": planted(0.0)}, CLUSTERS)
    assert found.areas["vectors"].low > 0.9
    assert found.areas["noise"].low < 0.5 < found.areas["noise"].high
    assert found.beyond["noise"].low > 0.2
    assert found.beyond["vectors"] == (0, 0, 0)
    low, high = np.quantile(found.dealt, [0.025, 0.975])
    assert low < 0.5 < high < found.areas["vectors"].value
    table = found.table[found.table["control"] == "found"].set_index("pairs")
    assert table.value["vectors, same cluster"] > 0.3 > table.value["vectors, others"]


def test_the_area_is_the_share_of_pairs_won() -> None:
    block = planted(0.3)
    found = likeness({"vectors": block}, CLUSTERS, n_draws=3).areas["vectors"].value
    means = block.mean(0) - block.mean((0, 1))
    unit = means / means.norm(dim=1, keepdim=True)
    of = np.array(CLUSTERS)
    pairs = [(i, j) for i in range(20) for j in range(i)]
    same, other = (
        [float(unit[i] @ unit[j]) for i, j in pairs if bool(of[i] == of[j]) == k]
        for k in (True, False)
    )
    wins = np.mean([a > b for a in same for b in other])
    assert found == pytest.approx(wins, abs=1e-3)


def test_one_cluster_is_refused() -> None:
    with pytest.raises(ValueError, match="no two kinds of pairs"):
        likeness({"vectors": planted(1.0)}, ["a"] * 20)


def test_more_topics_make_a_stabler_vector() -> None:
    block = planted(1.0)
    some = [two_halves(block, k) for k in (1, 2, 4)]
    assert some[0][0] < some[1][0] < some[2][0]
    assert all(abs(other) < 0.2 for _, other in some)
    assert abs(two_halves(planted(0.0), 4)[0]) < 0.1


def test_names_by_lot_keep_each_topics_rows() -> None:
    block = planted(1.0)
    mixed = names_by_lot(block, seed=3)
    for before, after in zip(block, mixed, strict=True):
        assert sorted(before.tolist()) == sorted(after.tolist())
        assert not torch.equal(before, after)
    assert abs(two_halves(mixed, 4)[0]) < 0.2 < two_halves(block, 4)[0]
