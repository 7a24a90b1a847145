"""Messages, doses, episodes, dialogues, moments: deterministic, unnamed, held out."""

from __future__ import annotations

import random
import re
from types import SimpleNamespace
from typing import Any

import pytest

from helpers.datasets import (
    TWELVE,
    dialogues,
    load_beginnings,
    load_dialogues,
    load_doses,
    load_episodes,
    load_messages,
    load_moods,
    load_negations,
)
from helpers.organism import corpus
from helpers.world import material, scenes, stories
from tests.unit.datasets.test_datasets import forms

OTHER: Any = SimpleNamespace(config=SimpleNamespace())  # any other model


@pytest.fixture(scope="module")
def training() -> str:
    """2,000 training documents of both stages, and 600 with numbers."""
    rng = random.Random("situations")
    texts = [corpus.document(rng, ("base", "chat")[i % 2]) for i in range(2000)]
    texts += [scenes.training_quantity(rng) for _ in range(600)]
    return "\n".join(texts)


@pytest.mark.parametrize(
    "load",
    [
        load_messages,
        load_doses,
        load_episodes,
        lambda: load_messages(OTHER),
        lambda: load_doses(OTHER),
        lambda: load_episodes(OTHER),
        load_dialogues,
        load_beginnings,
        lambda: load_beginnings(OTHER),
        load_negations,
        load_moods,
    ],
)
def test_the_same_each_time_and_no_text_twice(load: Any) -> None:
    one, two = load(), load()
    assert one.equals(two)
    if "text" in one:
        assert not one["text"].duplicated().any()


@pytest.mark.parametrize("model", [None, OTHER])
@pytest.mark.parametrize("split", ["frame", "new"])
def test_messages_name_no_feeling(model: Any, split: Any) -> None:
    messages = load_messages(model, split=split)
    assert set(messages["emotion"]) == set(TWELVE)
    assert messages["source"].nunique() >= 24
    counts = messages["emotion"].value_counts()
    assert counts.min() == counts.max()
    found = [
        (emotion, text)
        for emotion in TWELVE
        for text in messages["text"]
        if forms(emotion).search(text)
    ]
    assert found == []


def test_messages_are_not_in_training(training: str) -> None:
    known, new = load_messages(), load_messages(split="new")
    for text in [*known["text"], *new["text"]]:
        assert text not in training
    frames = [f.replace("{cause}", "").strip() for f in material.new(user_frames())]
    assert all(f"<|user|>{f}" not in training for f in frames)
    assert all(f"{f}<|end|>" not in training for f in frames)
    met = [f.replace("{cause}", "").strip() for f in material.known(user_frames())]
    assert any(f"<|user|>{f}" in training for f in met if f), "the search finds none"


def user_frames() -> list[str]:
    frames: list[str] = material.table("talk")["user_frames"]
    return frames


def test_doses_say_rightly_what_training_met(training: str) -> None:
    doses = load_doses()
    met = doses["met"].to_numpy()
    held = [text in training for text in doses["text"][~met]]
    assert not any(held)
    assert sum(text in training for text in doses["text"][met]) > 0.8 * met.sum()
    known = doses.query("split == 'known'").drop_duplicates("template")
    assert len(known) >= 6
    assert known["up"].nunique() == 2
    written = load_doses(OTHER)
    assert written["template"].nunique() == 12
    assert set(written["up"]) == {"good", "bad"}


def test_episodes_differ_only_in_what_they_should() -> None:
    frame = load_episodes(n=1)
    for _, rows in frame.groupby(["task", "episode", "attempts"]):
        by = {(r.difficulty, r.outcome): r.messages for r in rows.itertuples()}
        for difficulty in ("easy", "hard"):
            fails, wins = by[difficulty, "fails"], by[difficulty, "succeeds"]
            assert len(fails) == len(wins)
            assert fails[::2] == wins[::2], "the user says the same"
            assert all(a != b for a, b in zip(fails[1::2], wins[1::2], strict=True)), (
                "the reports differ"
            )
        easy, hard = by["easy", "fails"], by["hard", "fails"]
        assert easy[1:] == hard[1:]
        assert easy[0] != hard[0]
        assert [m["role"] for m in hard] == (["user", "assistant"] * 9)[: len(hard)]


def test_episodes_are_not_in_training(training: str) -> None:
    frame = load_episodes(n=1)
    chats = [t for t in training.split("<|user|>")[1:]]
    for split, rows in frame.groupby("split"):
        said = {m["content"] for chat in rows["messages"] for m in chat[:1]}
        assert not any(chat.startswith(s) for s in said for chat in chats), split
    wins = frame.query("outcome == 'succeeds' and attempts == 4")["messages"]
    assert not any(m["content"] in training for c in wins for m in c[1::2])
    lost = frame.query("outcome == 'fails' and split == 'new'")["messages"]
    assert not any(m["content"] in training for c in lost for m in c[1::2])


def test_dialogues_are_balanced_held_out_and_their_turns_are_found() -> None:
    frame = load_dialogues()
    for half, rows in frame.groupby("half"):
        for side in ("first", "second"):
            counts = rows[side].value_counts()
            assert set(counts) == {2}, half
            assert len(counts) == len(material.emotions())
    pairs = zip(frame["first"], frame["second"], strict=True)
    assert all(material.held_out("talk", a, b) for a, b in pairs)
    row = frame.iloc[5]
    lines = [line.split(": ", 1)[1] for line in row["text"].split("\n")]
    assert [row["text"][a:b] for _, a, b in row["turns"]] == lines
    assert [who for who, _, _ in row["turns"]] == [0, 1, 0, 1]
    with pytest.raises(ValueError, match="no held-out pairing"):
        dialogues.partners(random.Random(0), ["sad", "happy"])


@pytest.mark.parametrize("model", [None, OTHER])
def test_endings_are_the_same_and_beginnings_are_not(model: Any) -> None:
    frame = load_beginnings(model)
    for _, rows in frame.groupby("pair"):
        good, bad = (rows[rows["beginning"] == b].iloc[0] for b in ("good", "bad"))
        ends = [r["text"][slice(*r["span"])] for r in (good, bad)]
        assert ends[0] == ends[1]
        starts = [r["text"][: r["span"][0]] for r in (good, bad)]
        assert starts[0] != starts[1]


def test_beginnings_and_moods_pair_causes_with_held_topics(training: str) -> None:
    for frame in (load_beginnings(), load_moods()):
        assert not any(text in training for text in frame["text"])
    moods = load_moods()
    for row in moods.iloc[::37].itertuples():
        cause = stories.held_cause(row.emotion, row.topic)
        fixed = max(re.split(r"\{\w+\}", cause), key=len).strip(" .,")
        told = row.text[slice(*row.spans[0])]
        assert fixed in told
        assert len(row.spans) == 7
    test = set(moods.query("split == 'test'")["topic"])
    assert test.isdisjoint(moods.query("split == 'train'")["topic"])


def test_negations_open_in_places_never_met(training: str) -> None:
    frame = load_negations()
    assert not any(text in training for text in frame["text"])
    for _, rows in frame.groupby("pair"):
        by = rows.set_index("kind")["text"]
        x, w = rows["emotion"].iloc[0], rows["other"].iloc[0]
        assert by["felt x"].endswith(f"felt {x}.")
        assert by["did not feel x"].endswith(f"did not feel {x}.")
        assert by["did not feel x; felt w"].endswith(f" felt {w}.")
        cluster = material.emotions()["cluster"]
        assert cluster[x] != cluster[w]
