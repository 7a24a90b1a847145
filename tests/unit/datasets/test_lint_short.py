"""Neutral texts, messages, templates: each rule catches its fault; ours have none."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from helpers.datasets import (
    corpus,
    load_doses,
    load_emotions,
    load_messages,
    load_neutral,
)
from helpers.models import written_neutral
from tests.unit.datasets.lint.short import (
    dose_faults,
    lint_short,
    message_faults,
    neutral_faults,
)

OTHER: Any = SimpleNamespace(config=SimpleNamespace())
STEMS = {"angry": ["fum"]}


def test_the_shipped_short_texts_have_no_finding() -> None:
    findings = lint_short()
    assert findings.empty, findings.to_string()


def test_there_are_as_many_as_the_data_card_says() -> None:
    assert len(written_neutral()) == 200
    assert len(corpus("messages")) == 24
    assert len(corpus("doses")) == 12


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("He was furious. " + " ".join(f"a{i}" for i in range(70)), "leak"),
        (" ".join(f"b{i}" for i in range(111)), "length"),
        (written_neutral()[0] + " Then.", "copy"),
        ("The neighbour " + " ".join(f"c{i}" for i in range(70)), "spelling"),
    ],
)
def test_a_planted_neutral_fault_is_found(text: str, rule: str) -> None:
    texts = [*written_neutral()[:3], text]
    assert {f[0] for f in neutral_faults(texts)} == {rule}


def messages() -> list[dict[str, str]]:
    return [dict(m) for m in corpus("messages")]


@pytest.mark.parametrize(
    ("emotion", "key", "change", "rule"),
    [
        ("angry", "text", lambda t: t + " I fumed.", "leak"),
        ("calm", "text", lambda t: t + " So sad.", "leak"),
        ("calm", "neutral", lambda t: t + " So sad.", "leak"),
        ("happy", "text", lambda t: t.split(".")[0], "length"),
        ("happy", "neutral", lambda t: t + " and so on" * 6, "twin"),
        ("proud", "neutral", lambda t: " ".join("xyz" for _ in t.split()), "twin"),
        ("sad", "emotion", lambda _: "guilty", "crossing"),
        ("sad", "text", lambda _: messages()[0]["text"], "copy"),
    ],
)
def test_a_planted_message_fault_is_found(
    emotion: str, key: str, change: Any, rule: str
) -> None:
    rows = messages()
    assert list(message_faults(rows, STEMS)) == []
    row = next(m for m in rows if m["emotion"] == emotion)
    row[key] = change(row[key])
    assert rule in {f[0] for f in message_faults(rows, STEMS)}


@pytest.mark.parametrize(
    ("key", "value", "rule"),
    [
        ("text", "I took some of the milligrams.", "number"),
        ("unit", "barrels", "unit"),
        ("values", [1, 2, 4, 3, 5, 6], "values"),
        ("values", [1, 2], "values"),
        ("text", "I am afraid of {n} milligrams.", "leak"),
        ("low", ["glad-ish"], "unknown"),
        ("up", "good", "direction"),
    ],
)
def test_a_planted_template_fault_is_found(key: str, value: Any, rule: str) -> None:
    rows = [dict(t) for t in corpus("doses")]
    rows[0][key] = value
    found = {f[0] for f in dose_faults(rows)}
    assert rule in found
    assert found <= {rule, "balance"}


def test_as_many_templates_rise_to_good_as_to_bad() -> None:
    rows = [t for t in corpus("doses") if t["up"] == "bad"]
    assert {f[0] for f in dose_faults(rows)} == {"balance"}


@pytest.mark.parametrize("model", [None, OTHER])
def test_a_twin_has_the_form_of_its_message(model: Any) -> None:
    frame = load_messages(model)
    assert (frame["text"] != frame["twin"]).all()
    assert set(frame["text"]).isdisjoint(frame["twin"])
    words = frame[["text", "twin"]].map(lambda t: set(t.lower().split()))
    pairs = words.to_numpy()
    own = np.mean([len(a & b) / len(a) for a, b in pairs])
    turned = zip(pairs[:, 0], np.roll(pairs[:, 1], 3), strict=True)
    assert own > 1.5 * np.mean([len(a & b) / len(a) for a, b in turned])


@pytest.mark.parametrize("model", [None, OTHER])
def test_both_ends_of_a_template_are_emotions_of_the_right_side(model: Any) -> None:
    valence = load_emotions().set_index("emotion")["valence"]
    for row in load_doses(model).itertuples():
        low, high = (valence[list(end)].mean() for end in (row.low, row.high))
        assert (high > low) == (row.up == "good")


def test_all_written_neutral_texts_are_taken_unless_told() -> None:
    assert set(load_neutral(OTHER)) == set(written_neutral())
    assert len(load_neutral()) == 120
