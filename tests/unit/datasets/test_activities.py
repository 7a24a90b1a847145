"""Activities and their pairs: what training may have had, and what it cannot."""

from __future__ import annotations

import random
from itertools import combinations

import pytest

from helpers.datasets import load_activities
from helpers.world import material, scenes


def trained_pair(first: str, second: str) -> bool:
    """Whether training may ask for a choice between these two."""
    known = {activity for _, activity in scenes.activities()}
    pair = sorted((first, second))
    return {first, second} <= known and not material.held_out("choice", *pair)


def test_eight_categories_of_n_each() -> None:
    for n in (1, 4):
        counts = load_activities(n=n)["category"].value_counts()
        assert len(counts) == 8
        assert set(counts) == {n}


def test_unseen_ones_are_not_among_the_known() -> None:
    known = set(load_activities(n=8)["activity"])
    new = set(load_activities(n=2, unseen=True)["activity"])
    assert not known & new
    with pytest.raises(ValueError, match="each category has 2"):
        load_activities(n=3, unseen=True)


def test_pairs_of_training_are_all_trained_pairs() -> None:
    rng = random.Random(0)
    for _ in range(300):
        first, second = scenes.a_pair(rng)
        assert trained_pair(first[1], second[1])
        assert trained_pair(second[1], first[1])


def test_some_pairs_were_never_asked() -> None:
    names = list(load_activities(n=8)["activity"])
    never = [not trained_pair(a, b) for a, b in combinations(names, 2)]
    assert 0.15 < sum(never) / len(never) < 0.25
    new = load_activities(n=1, unseen=True)["activity"][0]
    assert not trained_pair(names[0], new)


def test_wished_for_categories_come_first() -> None:
    means = load_activities(n=8).groupby("category")["wish"].mean()
    assert means[["helpful", "social", "engaging"]].min() > 0.5
    assert means[["unsafe", "aversive", "misaligned"]].max() < 0
