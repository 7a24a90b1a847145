"""The written corpus: each rule of the linter catches its fault; ours has none."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from helpers.datasets import (
    TOPIC_SPLITS,
    entries,
    load_emotions,
    load_neutral,
    load_stories,
    load_written_stories,
)
from helpers.datasets import lint as linter
from helpers.datasets.lint import lint_stories
from helpers.models import written_neutral

OTHER: Any = SimpleNamespace(config=SimpleNamespace())
EMOTIONS = ("calm", "angry", "happy", "afraid")


@pytest.fixture
def clean() -> pd.DataFrame:
    """Eight texts of our own for four emotions and two topics."""
    rows = []
    for i, emotion in enumerate(EMOTIONS):
        for j, topic in enumerate(("rain", "bread")):
            first = (i + j) % 2 == 0
            words = " ".join(f"w{i}x{j}y{k}" for k in range(70))
            text = f'{"My" if first else "Her"} {words}. "I know," said Bo.'
            rows.append((emotion, topic, "first" if first else "third", text))
    return pd.DataFrame(rows, columns=["emotion", "topic", "person", "text"])


def rules(stories: pd.DataFrame) -> set[str]:
    """Which rules find something; `fum` is forbidden for angry."""
    found = lint_stories(
        stories, {e: ["fum"] if e == "angry" else [] for e in EMOTIONS}
    )
    return set(found.rule)


def test_clean_texts_have_no_finding(clean: pd.DataFrame) -> None:
    assert rules(clean) == set()


@pytest.mark.parametrize(
    ("row", "extra", "rule"),
    [
        (0, " calmly", "leak"),
        (2, " fumed", "leak"),
        (4, " happiness", "leak"),
        (6, " " + "more " * 60, "length"),
        (1, " I left.", "person"),
        (3, ' "', "person"),
    ],
)
def test_a_planted_fault_is_found(
    clean: pd.DataFrame, row: int, extra: str, rule: str
) -> None:
    person_first = clean.person[row] == "first"
    if rule == "person" and " I " in extra:
        row = row if not person_first else row + 1
    clean.loc[row, "text"] += extra
    found = lint_stories(clean, {"angry": ["fum"]})
    hit = found[found.rule == rule]
    assert clean.emotion[row] in set(hit.emotion)


def test_short_stems_do_not_catch_longer_words(clean: pd.DataFrame) -> None:
    clean.loc[2, "text"] += " fumble"
    assert "leak" not in rules(clean)


def test_a_first_person_story_needs_a_narrator(clean: pd.DataFrame) -> None:
    clean.loc[0, "text"] = clean.text[0].replace("My", "Her")
    assert rules(clean) == {"person"}


def test_short_story_missing_story_and_unbalanced_persons(clean: pd.DataFrame) -> None:
    short = clean.copy()
    short.loc[0, "text"] = 'My day. "I know," said Bo.'
    assert "length" in rules(short)
    assert "crossing" in rules(clean.drop(index=7))
    unbalanced = clean.copy()
    third = unbalanced.person == "third"
    unbalanced.loc[third, "text"] = "My " + unbalanced.text[third]
    unbalanced["person"] = "first"
    assert rules(unbalanced) == {"balance"}


def test_copies_are_found_by_five_grams_and_by_words(clean: pd.DataFrame) -> None:
    words = clean.text[0].split()
    passage = clean.copy()
    passage.loc[3, "text"] += " " + " ".join(words[10:20])
    found = lint_stories(passage, {})
    assert found[found.rule == "copy"].detail.str.contains("5-grams").any()
    shuffled = clean.copy()
    shuffled.loc[3, "text"] = " ".join(["My", *words[:0:-1]]).replace('"', "")
    found = lint_stories(shuffled, {})
    assert found[found.rule == "copy"].detail.str.contains("cosine").any()


def test_length_that_follows_valence_is_found() -> None:
    rows = [
        (e, "rain", "third", "word " * int(80 + 10 * v))
        for e, v in load_emotions()[["emotion", "valence"]].itertuples(index=False)
    ]
    table = pd.DataFrame(rows, columns=["emotion", "topic", "person", "text"])
    found = {f[0] for f in linter.length_correlations(table)}
    assert "length with valence" in found
    table["text"] = "word " * 80 + "end"
    assert list(linter.length_correlations(table)) == []


def test_british_spelling_is_found_and_like_words_are_not(clean: pd.DataFrame) -> None:
    clean.loc[0, "text"] += " Your flour is sour, our hour poured, four armies."
    assert list(linter.spelling(clean)) == []
    clean.loc[3, "text"] += " Neighbours queued in grey."
    found = [f[-1] for f in linter.spelling(clean)]
    assert found == ["Neighbours", "queued", "grey"]


def test_monotone_openings_and_lengths_are_found() -> None:
    texts = [f"s{i} t{i} u{i} " + "w " * (i % 40) for i in range(200)]
    table = pd.DataFrame({"text": texts})
    assert list(linter.openings(table)) == []
    same = pd.DataFrame({"text": ["It was the " + t for t in texts[:9]] + texts[9:]})
    assert [f[0] for f in linter.openings(same)] == ["opening"]
    flat = pd.DataFrame({"text": [t[:14] for t in texts]})
    assert [f[0] for f in linter.openings(flat)] == ["spread"]


def test_the_shipped_stories_have_no_finding() -> None:
    findings = lint_stories()
    assert findings.empty, findings.to_string()


def test_every_emotion_has_every_topic_in_one_split() -> None:
    stories = load_written_stories()
    assert set(stories.emotion) == set(load_emotions().emotion) == set(entries())
    assert len(stories) == len(entries()) * len(TOPIC_SPLITS)
    assert stories.groupby("topic").split.nunique().max() == 1
    assert stories.text.is_unique


def test_other_models_get_written_stories() -> None:
    every = load_stories(OTHER)
    assert list(every.emotion.unique()) == list(load_emotions().emotion)
    key = ["emotion", "topic"]
    pd.testing.assert_frame_equal(
        every.sort_values(key).reset_index(drop=True),
        load_written_stories().sort_values(key).reset_index(drop=True),
    )
    some = load_stories(OTHER, emotions=["sad", "calm"])
    assert list(some.emotion) == ["sad"] * 8 + ["calm"] * 8
    with pytest.raises(ValueError, match=r"no stories for \['glad-ish'\]"):
        load_stories(OTHER, emotions=["glad-ish"])


def test_neutral_texts_are_flat_and_varied() -> None:
    texts = written_neutral()
    names = re.compile(rf"\b(?:{'|'.join(load_emotions().emotion)})\b", re.IGNORECASE)
    for text in texts:
        assert 60 <= len(text.split()) <= 110
        assert not names.search(text)
    table = pd.DataFrame({"text": texts, "emotion": "none", "topic": "none"})
    assert list(linter.copies(table)) == []
    few, more = load_neutral(OTHER, n=5), load_neutral(OTHER, n=len(texts) + 7)
    assert set(few) < set(texts) < set(more)
    assert len(few) == 5
    assert len(more) == len(texts) + 7
    assert load_neutral(OTHER, n=5, seed=1) != few


def test_the_package_takes_the_texts_along() -> None:
    import tomllib

    root = Path(__file__).parents[3]
    data = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    globs = data["tool"]["setuptools"]["package-data"]["helpers.datasets"]
    folder = root / "helpers" / "datasets"
    packed = {p for g in globs for p in folder.glob(g)}
    assert set((folder / "corpus").rglob("*.json")) <= packed
