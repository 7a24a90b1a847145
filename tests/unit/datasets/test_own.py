"""Own emotions and planted axes: what assignments A2 and A3 are made from."""

from __future__ import annotations

import re

import numpy as np
import pytest

from helpers.datasets import load_emotions, own, own_words, planted_axes
from helpers.datasets.planted import CONFOUNDS, coded
from helpers.vectors import geometry

BANK = {"causes": ["{S} fell.", "A dog bit {o}."], "signs": [f"{{S}} hid {i}." for i in "abcdef"]}  # fmt: skip  # noqa: E501


def parts(text: str) -> set[str]:
    """The sentences of a story without the person in them."""
    text = re.sub(r"\b(?:I|he|she|me|him|her|my|his|herself|myself)\b", "_", text)
    return set(re.split(r"(?<=[.!?\"]) ", text))


def test_phrases_are_those_that_training_had() -> None:
    for emotion in ("lonely", "proud"):
        bank = own.phrases(emotion)
        assert len(bank["causes"]) >= 4
        assert len(bank["signs"]) >= 8
        own.check_bank(bank)
        assert all(emotion in own_words.sources(s) for s in bank["signs"])
    with pytest.raises(ValueError, match="not one of"):
        own.phrases("homesick")


def test_tell_crosses_topics_and_persons() -> None:
    topics = own.own_topics()[:4]
    table = own.tell("glum", BANK, topics, n=2)
    assert list(table["topic"]) == [t for t in topics for _ in range(2)]
    assert (table["person"] == "first").sum() == 4
    assert table.equals(own.tell("glum", BANK, topics, n=2))
    assert not table.equals(own.tell("glum", BANK, topics, n=2, seed=1))
    assert not table["text"].str.contains("[{}]").any()


@pytest.mark.parametrize(
    ("bank", "topics", "says"),
    [
        ({"causes": ["A."]}, ["kitchen"], "lacks"),
        ({"causes": ["A."], "signs": ["B.", "C."]}, ["kitchen"], "a story needs"),
        (BANK | {"causes": ["{X} fell."]}, ["kitchen"], "cannot be filled in"),
        (BANK | {"causes": ["{S fell."]}, ["kitchen"], "cannot be filled in"),
        (BANK | {"causes": [" "]}, ["kitchen"], "is no sentence"),
        (BANK | {"causes": "{S} fell."}, ["kitchen"], "is one text"),
        (BANK, ["the moon"], "no openings"),
    ],
)
def test_a_bad_bank_is_refused(
    bank: dict[str, list[str]], topics: list[str], says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        own.tell("glum", bank, topics)


@pytest.mark.parametrize(
    "field",
    [
        "{S:>90000000000}", "{S:{s}}", "{S!r}", "{S!s}", "{S.__class__}", "{S[0]}",
        "{}", "{0}", "{name}", "{S:}}", "{{S}", "{S", "S}", "{ S}", "{SS}",
    ],
)  # fmt: skip
def test_no_format_of_a_sentence_is_carried_out(field: str) -> None:
    """Nobody's memory holds the first, so it must be refused without being tried."""
    for kind in ("causes", "signs"):
        bank = BANK | {kind: [*BANK[kind], f"{field} sat there."]}
        with pytest.raises(ValueError, match="cannot be filled in"):
            own.check_bank(bank)


def test_braces_that_are_doubled_are_no_placeholders() -> None:
    own.check_bank(BANK | {"causes": ["{{S}} fell, {s} said, and {{}} too."]})


@pytest.mark.parametrize("seed", [0, 5])
def test_no_topic_and_no_sentence_on_both_sides(seed: int) -> None:
    train, test = own.tables("glum", own.phrases("sad"), ["sad"], seed=seed)
    assert not set(train["topic"]) & set(test["topic"])
    for _, group in train.groupby("emotion"):
        assert set(group["topic"]) == set(train["topic"])
    assert "sad" not in set(train["emotion"])
    assert set(train["emotion"]) == set(test["emotion"])
    openings = 1  # the first sentence is the place's, and places differ
    seen = [
        {s for text in t["text"] for s in list(parts(text))[openings:]}
        for t in (train[train["emotion"] == "glum"], test[test["emotion"] == "glum"])
    ]
    assert not seen[0] & seen[1]


def test_practice_is_made_in_the_same_way() -> None:
    name, train, test = own.practice(3)
    assert name in set(train["emotion"]) <= set(load_emotions()["emotion"])
    assert not set(train["topic"]) & set(test["topic"])
    assert own.practice(3)[1].equals(train)
    assert not own.practice(4)[1].equals(train)


def test_words_that_were_never_read() -> None:
    assert own_words.unknown_words(["{S} ate soup.", "A zyzzyva sang."]) == ["zyzzyva"]
    sentence = own.phrases("proud")["signs"][0]
    assert "proud" in own_words.sources(sentence.upper().replace(".", "!"))
    assert not own_words.sources("{S} wrote this one alone.")


@pytest.mark.parametrize("seed", [0, 1, 2, 12345])
def test_planted_axes_are_what_their_truth_says(seed: int) -> None:
    table, truth = planted_axes(seed)
    axes = [c for c in table if c.startswith("axis")]
    assert sorted(axes) == sorted(truth)
    assert {"real", "chance", *CONFOUNDS} == set(truth.values())
    rating, rng = table["rating"].to_numpy(), np.random.default_rng(seed)
    places = table[axes].to_numpy()
    null = [
        max(abs(geometry.correlation(p, mixed)) for p in places.T)
        for mixed in (rng.permutation(rating) for _ in range(100))
    ]
    bound = float(np.quantile(null, 0.95))
    for axis in axes:
        values = table[axis].to_numpy()
        seen = abs(geometry.correlation(values, rating))
        left = {
            c: abs(geometry.partial_correlation(values, rating, coded(table[c])))
            for c in CONFOUNDS
        }
        gone = [c for c in CONFOUNDS if left[c] <= bound]
        if truth[axis] == "chance":
            assert seen < bound
        else:
            assert seen > bound
            assert gone == ([] if truth[axis] == "real" else [truth[axis]])


def test_one_chance_axis_is_lucky() -> None:
    table, truth = planted_axes(7)
    sizes = [
        abs(geometry.correlation(table[a], table["rating"]))
        for a in truth
        if truth[a] == "chance"
    ]
    assert max(sizes) > 0.13, "alone it would pass at 5 %"


def test_topics_cannot_be_taken_out_as_codes() -> None:
    table, truth = planted_axes(3)
    axis = next(a for a in truth if truth[a] == "topic")
    codes = np.unique(table["topic"], return_inverse=True)[1]
    left = geometry.partial_correlation(table[axis], table["rating"], codes)
    assert abs(left) > 0.2
