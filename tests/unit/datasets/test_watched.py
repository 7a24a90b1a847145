"""Episodes to watch: held out, apart from one another, and what they say they are."""

from __future__ import annotations

import random

import pytest
from transformers import AutoTokenizer

from helpers.checks import watching
from helpers.datasets import (
    load_long_chats,
    load_watched,
)
from helpers.models import EMBEDDED
from helpers.organism import corpus
from helpers.world import material

SPLITS = ("validation", "test", "new")


@pytest.mark.parametrize("kind", ["ordinary", "silent"])
def test_episodes_are_the_same_each_time_and_apart(kind: str) -> None:
    first = {s: load_watched(kind, split=s, n=60) for s in SPLITS}
    again = load_watched(kind, split="test", n=60)
    assert again.equals(first["test"])
    assert not load_watched(kind, split="test", n=60, seed=1).equals(again)
    tasks = [set(frame["task"]) for frame in first.values()]
    assert not tasks[0] & tasks[1]
    assert not tasks[1] & tasks[2]
    assert not tasks[0] & tasks[2]
    for frame in first.values():
        assert frame["prompt"].str.endswith(" decided to").all()
        assert all(
            p.startswith(t) for p, t in zip(frame["prompt"], frame["text"], strict=True)
        )


def test_states_never_met_their_tasks() -> None:
    for split in ("validation", "test"):
        frame = load_watched("ordinary", split=split, n=80)
        assert all(map(material.held_out, frame["task"], frame["state"]))
        assert frame["state"].nunique() > 30


def test_silent_episodes_say_nothing_of_a_state() -> None:
    words = set(material.lexicon())
    signs = {
        phrase.split("{")[0].strip()
        for emotion in material.lexicon().values()
        for kind in material.SIGNS
        for phrase in emotion[kind]
        if len(phrase.split("{")[0].strip()) > 12
    }
    for split in SPLITS:
        frame = load_watched("silent", split=split, n=60)
        assert frame["state"].isna().all()
        assert set(frame["fails"]) == {0, 1, 2, 3, 4}
        for text in frame["text"]:
            assert " felt " not in text
            assert not any(sign in text for sign in signs)
            assert not words & set(text.lower().replace(".", "").split()) - {"alert"}


def test_new_tasks_and_no_episode_are_in_the_training_text() -> None:
    rng = random.Random(5)
    read = [corpus.document(rng, stage) for stage in ("base", "chat") * 600]
    every = "\n".join(read)
    for kind in ("ordinary", "silent"):
        for split in SPLITS:
            assert not any(t in every for t in load_watched(kind, split=split).text)
    new = load_watched("silent", split="new", n=40)
    assert not any(text.split(". ")[-1] in every for text in new["text"])


def test_long_chats_fit_the_context() -> None:
    tokenizer = AutoTokenizer.from_pretrained(EMBEDDED / "tiny")
    frame = load_long_chats()
    assert frame["kind"].value_counts().nunique() == 1
    lengths = [len(tokenizer(corpus.chat_text(m))["input_ids"]) for m in frame.messages]
    assert min(lengths) > 150
    assert max(lengths) < 500
    for messages in frame["messages"]:
        assert messages[-1]["role"] == "user"
        assert [m["role"] for m in messages[:2]] == ["user", "assistant"]
        assert len(messages) == 25


def test_a_split_that_is_not_one_is_refused() -> None:
    with pytest.raises(ValueError, match="split is 'train'"):
        load_watched(split="train")
    with pytest.raises(ValueError, match="kind is 'loud'"):
        load_watched("loud")


def right_spans(means, threshold):
    above = [bool(m > threshold) for m in means]
    spans, start = [], None
    for i, on in enumerate([*above, False]):
        if on and start is None:
            start = i
        if not on and start is not None:
            spans.append((start, i - 1))
            start = None
    return spans


def right_threshold(quiet, rate):
    k = int(rate * (len(quiet) + 1))
    return sorted(quiet)[-k]


@pytest.mark.parametrize(
    ("wrong", "advice"),
    [
        (lambda m, t: [(i, i) for i in range(len(m)) if m[i] > t], "of its own"),
        (lambda m, t: [(a, b + 1) for a, b in right_spans(m, t)], "one too far"),
        (
            lambda m, t: [(right_spans(m, t)[0][0], right_spans(m, t)[-1][1])],
            "there is a gap",
        ),
        (
            lambda m, t: [
                s for s in right_spans(m, t) if s[0] > 0 and s[1] < len(m) - 1
            ],
            "not at its ends",
        ),
        (
            lambda m, t: right_spans([1.0 if x != x else x for x in m], t),
            "not a number",
        ),
        (lambda m, t: right_spans([x + 1e-9 for x in m], t), "equal to the threshold"),
        (lambda m, t: tuple(right_spans(m, t)), "Return a list"),
    ],
)
def test_alert_spans_names_the_mistake(wrong, advice, capsys) -> None:
    assert watching.alert_spans(right_spans)
    assert not watching.alert_spans(wrong)
    assert advice in capsys.readouterr().out


@pytest.mark.parametrize(
    ("wrong", "advice"),
    [
        (lambda q, r: sorted(q)[int(r * (len(q) + 1)) - 1], "the low end"),
        (lambda q, r: max(q), "allows no false alarm"),
        (lambda q, r: sorted(q)[-int(2 * r * len(q))], "are above it"),
        (lambda q, r: q[-5] if len(q) < 70 else right_threshold(q, r), "off: sort"),
        (lambda q, r: right_threshold(q, 0.05), "use `rate`"),
    ],
)
def test_pick_threshold_names_the_mistake(wrong, advice, capsys) -> None:
    assert watching.pick_threshold(right_threshold)
    assert not watching.pick_threshold(wrong)
    assert advice in capsys.readouterr().out
