"""Controls: each kind against plain sums, and a planted direction among them."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
import torch

from helpers.activations import mean_activations
from helpers.datasets import load_neutral, load_stories, load_subjects
from helpers.models import load_model
from helpers.stats import shuffled_labels
from helpers.steering import Directions, controls
from helpers.steering.controls import KINDS
from helpers.vectors import EmotionVectors, column_auc, extract

OF, EMOTIONS = ["desperate", "calm"], ["desperate", "calm", "happy", "angry", "proud"]


@pytest.fixture(scope="module")
def tiny() -> Any:
    return load_model("tiny")


@pytest.fixture(scope="module")
def stories(tiny: Any) -> pd.DataFrame:
    return load_stories(tiny, emotions=EMOTIONS)


@pytest.fixture(scope="module")
def vectors(tiny: Any, stories: pd.DataFrame) -> EmotionVectors:
    return extract(tiny, stories[stories.split == "train"], progress=False)


@pytest.fixture(scope="module")
def found(tiny: Any, stories: pd.DataFrame, vectors: EmotionVectors) -> Directions:
    train = stories[stories.split == "train"]
    return controls(tiny, vectors, train, OF, n_random=12, n_shuffled=8)


def test_one_table_with_every_kind(found: Directions) -> None:
    counts = found.table["kind"].value_counts()
    assert list(dict.fromkeys(found.table["kind"])) == list(KINDS)
    assert counts[list(KINDS)].tolist() == [2, 12, 8, 3, 40, 13]
    assert torch.allclose(found.unit.norm(dim=-1), torch.ones(len(found)), atol=1e-5)
    some = found.of("topics", "emotion")
    assert some.table["name"].tolist()[:2] == OF
    assert torch.equal(some.unit[2:], found.unit[-13:])
    with pytest.raises(ValueError, match="no directions of \\['topic'\\]"):
        found.of("topic")


def test_learned_controls_equal_plain_sums(
    tiny: Any, stories: pd.DataFrame, vectors: EmotionVectors, found: Directions
) -> None:
    train = stories[stories.split == "train"].reset_index(drop=True)
    means = mean_activations(tiny, train["text"], vectors.layer)
    neutral = mean_activations(tiny, load_neutral(tiny), vectors.layer)
    held = torch.linalg.svd(neutral - neutral.mean(0), full_matrices=False)[2]
    held = held[: vectors.method["components"]]

    def plain(rows: torch.Tensor, names: list[str], name: str) -> torch.Tensor:
        frame = pd.DataFrame(rows.double().numpy()).groupby(names).mean()
        row = torch.tensor((frame.loc[name] - frame.mean()).to_numpy())
        row = row - held.double().T @ (held.double() @ row)
        return (row / row.norm()).float()

    def close(kind: str, name: str, right: torch.Tensor) -> None:
        place = found.table.query("kind == @kind and name == @name").index[0]
        assert torch.allclose(found.unit[place], right, atol=1e-3)

    topics = list(train["topic"])
    close("topics", "market", plain(means, topics, "market"))
    close("other emotions", "proud", plain(means, list(train["emotion"]), "proud"))
    mixed = shuffled_labels(list(train["emotion"]), topics, seed=3)
    close("shuffled labels", "4", plain(means, mixed, OF[0]))
    about = load_subjects(tiny).query("split == 'train'")
    texts = mean_activations(tiny, about["text"], vectors.layer)
    subject = "count the sheep on the hill"
    close("unrelated", subject, plain(texts, list(about["subject"]), subject))


def test_no_control_reads_the_texts_of_the_claim(
    tiny: Any, stories: pd.DataFrame, vectors: EmotionVectors, found: Directions
) -> None:
    test = stories[stories.split == "test"]
    rows = mean_activations(tiny, test["text"], vectors.layer)
    scores = found.scores(rows - vectors.center)
    assert scores.shape == (len(test), len(found))
    along = scores[:, 0] * vectors.norm
    at = (rows - vectors.center) @ vectors["desperate"]
    assert torch.allclose(along, at / vectors["desperate"].norm(), atol=1e-3)
    names = ["desperate"] * len(found)
    area = pd.Series(column_auc(scores, names, list(test["emotion"])))
    by_kind = area.groupby(found.table["kind"])
    assert area[0] > 0.9
    for kind in ("random", "unrelated", "topics", "shuffled labels"):
        null = by_kind.get_group(kind)
        assert (null >= area[0]).mean() < 0.1, kind
        assert 0.25 < null.median() < 0.75, kind


def test_the_worlds_subjects_cross_their_topics_and_name_no_emotion() -> None:
    rows = load_subjects()
    train = rows[rows.split == "train"]
    assert train["subject"].nunique() == 40
    assert (train.groupby(["subject", "topic"]).size() == 1).all()
    assert abs(train["person"].eq("first").mean() - 0.5) < 0.01
    assert rows["valence"].isin([-1, 1]).all()
    texts = set(rows["text"])
    assert len(texts) == len(rows)
    assert not texts & set(load_stories()["text"])


def test_other_neutral_texts_are_refused(
    tiny: Any, stories: pd.DataFrame, vectors: EmotionVectors
) -> None:
    few = list(load_neutral(tiny))[:5]
    with pytest.raises(ValueError, match="5 neutral texts give"):
        controls(tiny, vectors, stories, OF, neutral=few)
    with pytest.raises(KeyError, match="no vector for 'sad'"):
        controls(tiny, vectors, stories, ["sad"])
