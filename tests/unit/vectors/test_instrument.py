"""Rulers against scikit-learn, a planted instrument, the profile of a planted rise."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from helpers.datasets import load_messages, load_stories
from helpers.models import load_model
from helpers.vectors import (
    cosine_scores,
    difference_of_means,
    instrument,
    left_out_ridge,
    own_area,
    profile,
    rulers,
)
from helpers.vectors.instrument import readings

NAMES = [f"emotion {i}" for i in range(6)]


def planted(n: int = 60, seed: int = 0) -> tuple[torch.Tensor, list[str]]:
    """Rows with a class each; one dimension of huge spread says nothing."""
    rng = torch.Generator().manual_seed(seed)
    labels = [NAMES[i % 6] for i in range(n)]
    means = torch.randn(6, 20, generator=torch.Generator().manual_seed(99))
    rows = torch.randn(n, 20, generator=rng)
    rows += means[[NAMES.index(label) for label in labels]]
    rows[:, 3] = 30 * torch.randn(n, generator=rng)
    return rows + 5, labels


def test_rulers_equal_their_formulas() -> None:
    (rows, labels), (new, _) = planted(), planted(seed=1)
    found = rulers(rows, labels)
    vectors, emotions = difference_of_means(rows, labels)
    assert list(emotions) == NAMES
    center = rows.mean(0)  # classes of one size
    right = cosine_scores(new - center, vectors)
    assert torch.allclose(found["cosine"].scores(new), right, atol=1e-4)
    spread = rows.std(0)
    right = cosine_scores((new - center) / spread, vectors / spread)
    assert torch.allclose(found["scaled"].scores(new), right, atol=1e-4)
    model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.5)
    model.fit(rows.numpy(), labels)
    picked = [NAMES[i] for i in found["ridge LDA"].scores(new).argmax(1)]
    assert picked == model.predict(new.numpy()).tolist()


def test_a_better_ruler_sees_past_a_dimension_of_huge_spread() -> None:
    (rows, labels), (new, truth) = planted(), planted(seed=1)
    scores = {name: r.scores(new) for name, r in rulers(rows, labels).items()}
    for name, ruler in rulers(rows, labels).items():
        best = [ruler.emotions[int(row.argmax())] for row in scores[name]]
        assert ruler.named(new) == best
    named = {name: ruler.named(new) for name, ruler in rulers(rows, labels).items()}
    first = {n: np.mean(np.array(found) == truth) for n, found in named.items()}
    assert first["cosine"] < 0.5 < 0.8 < first["scaled"]
    assert first["ridge LDA"] > 0.6
    assert own_area(scores["scaled"], NAMES, truth) > 0.95
    mixed = list(np.random.default_rng(0).permutation(truth))
    assert abs(own_area(scores["scaled"], NAMES, mixed) - 0.5) < 0.15


def test_ridge_predicts_groups_that_it_never_saw() -> None:
    rng = np.random.default_rng(0)
    rows, groups = torch.tensor(rng.normal(size=(90, 12))).float(), np.arange(90) % 9
    ratings = rows[:, 2].numpy() + rng.normal(0, 0.3, 90)
    found = left_out_ridge(rows, ratings, groups)
    assert np.corrcoef(found, ratings)[0, 1] > 0.8
    only = groups * 1.0  # known from the group alone: nothing is left to predict
    assert np.corrcoef(left_out_ridge(rows, only, groups), only)[0, 1] < 0.2
    ratings[groups == 4] += 100
    again = left_out_ridge(rows, ratings, groups)
    here = torch.from_numpy(groups == 4)
    assert torch.allclose(again[here], found[here], atol=1e-4)
    two = left_out_ridge(rows, np.stack([ratings, only], 1), groups)
    assert torch.allclose(two[:, 0], again, atol=1e-4)
    assert torch.allclose(two[:, 1], left_out_ridge(rows, only, groups), atol=1e-4)
    with pytest.raises(ValueError, match="of one group"):
        left_out_ridge(rows, ratings, [1] * 90)


def test_tiny_is_given_its_best_chance() -> None:
    model = load_model("tiny")
    rows = load_messages(model).groupby("emotion").head(8)
    stories = load_stories(model, emotions=sorted(set(rows["emotion"])))
    train = stories[stories["split"] == "train"]
    asked = list(rows["text"]), list(rows["emotion"]), list(rows["source"])
    found = instrument(model, train, *asked, [1, 4])
    assert len(found.tried) == 3 * 2 * 3 + 3
    assert found.name[1] in (1, 4)
    assert found.rival[:2] == ("text", -1)
    assert found.told.low > 0.6
    some = train[train["emotion"] != "happy"]
    with pytest.raises(ValueError, match=r"no stories of \['happy'\]"):
        instrument(model, some, *asked, [1])


def episodes(rise: float, seed: int = 0) -> tuple[Any, list[str], pd.Series]:
    """Changes of 40 emotions over 12 tasks that go along with their valence."""
    rng = np.random.default_rng(seed)
    names = [f"e{i}" for i in range(40)]
    valence = pd.Series(rng.uniform(-1, 1, 40), names)
    return rng.normal(size=(12, 40)) - rise * valence.to_numpy(), names, valence


def permuted(values: pd.Series, ratings: pd.Series) -> list[float]:
    rng = np.random.default_rng(0)
    return [np.corrcoef(values, rng.permutation(ratings))[0, 1] for _ in range(199)]


def test_the_profile_finds_a_planted_rise_and_nothing_in_noise() -> None:
    for rise, there in ((1.0, True), (0.0, False)):
        change, names, valence = episodes(rise)
        low = list(valence.nsmallest(5).index)
        found = profile(
            change, names, valence[5:], None, expected=low, nulls={"dealt": permuted}
        )
        right = np.corrcoef(change.mean(0)[5:], valence[5:])[0, 1]
        assert found.r.value == pytest.approx(right)
        assert (found.r.high < 0) == there
        assert (found.p["dealt"] <= 0.05) == there
        rank, p = found.expected
        assert (p <= 0.05) == there
        assert rank == found.table[found.table["expected"]]["rank"].mean()
    top = found.table.set_index("emotion")["value"].idxmax()
    assert found.table.set_index("emotion").loc[top, "rank"] == 1
    with pytest.raises(ValueError, match="not among the 40 emotions"):
        profile(change, names, valence, None, expected=["joy"])


def test_a_place_where_all_texts_are_alike_is_not_read() -> None:
    (rows, labels), (new, _) = planted(), planted(seed=1)
    flat = new[:1].expand(8, -1) * (1 + 1e-7 * torch.arange(8)[:, None])
    read = {"text": new[None, :8], "header": flat[None]}
    found = readings(rows[None], labels, read, [3], NAMES[:2])
    assert {place for place, *_ in found} == {"text"}
    right = rulers(rows, labels)["scaled"].scores(new[:8], new[:8].mean(0))[:, :2]
    assert torch.equal(found["text", 3, "scaled"], right)
    with pytest.raises(ValueError, match="all of these texts alike"):
        readings(rows[None], labels, {"header": flat[None]}, [3], NAMES)
