"""Stories, appraisals and neutral texts: crossing, splits, leaks, determinism."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from helpers.datasets import (
    cluster_of,
    load_appraisals,
    load_emotions,
    load_neutral,
    load_stories,
)
from helpers.datasets.stories import SPLITS, topic_splits


@pytest.fixture(scope="module")
def stories() -> pd.DataFrame:
    return load_stories()


def test_every_emotion_meets_every_topic_once(stories: pd.DataFrame) -> None:
    counts = stories.groupby(["emotion", "topic"]).size()
    assert (counts == 1).all()
    n_topics = sum(len(topics) for topics in topic_splits().values())
    assert len(counts) == len(load_emotions()) * n_topics


def test_no_topic_and_no_text_in_two_splits(stories: pd.DataFrame) -> None:
    assert set(stories.split) == set(SPLITS)
    for key in ("topic", "text"):
        pairs = stories[[key, "split"]].drop_duplicates()
        assert pairs[key].is_unique
    assert stories.text.duplicated().mean() < 0.01
    every = [t for topics in topic_splits().values() for t in topics]
    assert len(every) == len(set(every))


def forms(emotion: str) -> re.Pattern[str]:
    """The emotion's word as a whole word, with common endings."""
    stem = re.escape(emotion.lower())
    if stem.endswith("y"):
        stem = f"(?:{stem}|{stem[:-1]}i)"
    return re.compile(rf"\b{stem}(?:ly|ness|er|est|ed|ing)?\b", re.IGNORECASE)


def test_no_story_names_its_emotion(stories: pd.DataFrame) -> None:
    named = [
        (emotion, text)
        for emotion, texts in stories.groupby("emotion").text
        for text in texts
        if forms(str(emotion)).search(text)
    ]
    assert named == []


def test_the_search_for_names_finds_them() -> None:
    assert forms("happy").search("They lived happily.")
    assert forms("calm").search("Calm, she said.")
    assert forms("sad").search("in her sadness")
    assert not forms("sad").search("a saddle")


def test_first_and_third_person_balance(stories: pd.DataFrame) -> None:
    first = stories.person == "first"
    for keys in (["emotion", "split"], ["topic"]):
        groups = first.groupby([stories[k] for k in keys])
        gap = (2 * groups.sum() - groups.size()).abs()
        assert gap.max() <= 1
    speaks = stories.text.str.replace(r'"[^"]*"', "", regex=True)
    says_i = speaks.str.contains(r"\b(?:I|my|me|myself)\b")
    assert (says_i == first).all()


def test_same_seed_same_texts(stories: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(stories, load_stories())
    some = ["sad", "calm"]
    part = load_stories(emotions=some)
    assert list(part.emotion.unique()) == some
    for emotion in some:
        whole = stories[stories.emotion == emotion].text
        assert list(part[part.emotion == emotion].text) == list(whole)
    assert (load_stories(seed=1).text != stories.text).mean() > 0.9


def test_other_models_get_longer_texts(stories: pd.DataFrame) -> None:
    other: Any = SimpleNamespace(config=SimpleNamespace())
    own: Any = SimpleNamespace(config=SimpleNamespace(emotion_world=True))
    longer = load_stories(other, emotions=["calm"])
    same = load_stories(own, emotions=["calm"])
    assert list(same.text) == list(stories[stories.emotion == "calm"].text)
    words = [frame.text.str.split().str.len() for frame in (longer, same)]
    assert words[0].mean() > words[1].mean() + 4
    texts = [load_neutral(m) for m in (other, own)]
    shortest = [min(len(text.split()) for text in some) for some in texts]
    assert shortest[0] >= 60 > shortest[1]


def test_strange_emotions_are_errors() -> None:
    with pytest.raises(ValueError, match=r"no stories for \['glad-ish'\]"):
        load_stories(emotions=["calm", "glad-ish"])
    with pytest.raises(ValueError, match="'glad-ish' is not one of"):
        cluster_of("glad-ish")


def test_emotions_have_ratings_and_clusters() -> None:
    frame = load_emotions()
    assert list(frame.columns) == ["emotion", "cluster", "valence", "arousal"]
    assert frame.emotion.is_unique
    assert frame[["valence", "arousal"]].abs().max(axis=None) <= 1
    at = frame.set_index("emotion")
    assert at.valence["happy"] > 0.5 > -0.5 > at.valence["sad"]
    assert at.arousal["calm"] < 0 < at.arousal["excited"]
    assert cluster_of("happy") == at.cluster["happy"]
    assert frame.cluster.nunique() <= 10


def test_neutral_texts_name_no_emotion() -> None:
    texts = load_neutral()
    assert len(texts) == 120 == len(set(texts))
    assert texts == load_neutral()
    assert texts != load_neutral(seed=1)
    names = re.compile(rf"\b(?:{'|'.join(load_emotions().emotion)})\b", re.IGNORECASE)
    assert [t for t in texts if names.search(t)] == []


@pytest.mark.parametrize("split", ["train", "test", "new"])
def test_appraisals_name_no_emotion_that_fits(split: Any) -> None:
    rows = load_appraisals(300, split=split)
    pd.testing.assert_frame_equal(rows, load_appraisals(300, split=split))
    families = {"wants", "wrongs", "favors", "fortunes", "norms"}
    assert set(rows.family) == families
    for row in rows.itertuples():
        assert row.emotions
        told = re.sub(r"hoped? (?:for|to|that)", "wished", str(row.text))  # a wish
        assert not any(forms(e).search(told) for e in row.emotions)
    assert set(rows.valence) == {-1, 1}
    assert {c for row in rows.clusters for c in row} <= set(load_emotions().cluster)


def test_appraisal_splits_share_no_text() -> None:
    texts = {s: set(load_appraisals(600, split=s).text) for s in ("train", "test")}
    texts["new"] = set(load_appraisals(600, split="new").text)
    assert not texts["train"] & texts["test"]
    assert not texts["new"] & (texts["train"] | texts["test"])
