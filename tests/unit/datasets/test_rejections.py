"""Chats of refusals: twins but for the verdict; each rule catches its fault."""

from __future__ import annotations

import copy
from types import SimpleNamespace
from typing import Any

import pytest

from helpers.datasets import corpus, load_rejections
from tests.unit.datasets.lint.chats import rejection_faults
from tests.unit.datasets.trained import trained_words, words

OTHER: Any = SimpleNamespace(config=SimpleNamespace())


def test_ours_have_no_fault() -> None:
    assert list(rejection_faults(corpus("rejections"))) == []


@pytest.mark.parametrize("model", [None, OTHER])
def test_twins_differ_in_the_verdicts_alone(model: Any) -> None:
    frame = load_rejections(model)
    assert frame["task"].nunique() == 8
    assert set(frame["answers"]) == set(range(7))
    for (_, k), rows in frame.groupby(["task", "answers"]):
        no, yes = rows["messages"]
        assert len(no) == len(yes) == 1 + 2 * k
        assert [m["role"] for m in no] == (["user", "assistant"] * 7)[: len(no)]
        assert no[0] == yes[0]
        assert no[1::2] == yes[1::2]
        assert all(a != b for a, b in zip(no[2::2], yes[2::2], strict=True))


def test_the_two_sets_are_for_two_kinds_of_model() -> None:
    assert set(load_rejections()["task"]).isdisjoint(load_rejections(OTHER)["task"])


def test_the_embedded_model_has_read_every_word() -> None:
    chats = load_rejections()["messages"]
    said = {m["content"] for messages in chats for m in messages}
    assert {w for text in said for w in words(text)} <= trained_words()
    others = {m["content"] for c in load_rejections(OTHER)["messages"] for m in c}
    assert not {w for text in others for w in words(text)} <= trained_words()


@pytest.mark.parametrize(
    ("key", "value", "rule"),
    [
        ("words", "strange", "count"),
        ("ask", "I am so angry.", "leak"),
        ("answers", ["One."], "turns"),
        ("refused", ["No, not at all, and never ever again. Next."] * 6, "length"),
        ("refused", ["No, we had that one. Next."] * 6, "copy"),
        ("accepted", ["Well, we had that one. Next."] * 6, "verdict"),
        ("ask", "What is my favourite colour?", "spelling"),
    ],
)
def test_a_planted_fault_is_found(key: str, value: Any, rule: str) -> None:
    items = copy.deepcopy(list(corpus("rejections")))
    for item in items[:3]:
        item[key] = value
    assert rule in {fault[0] for fault in rejection_faults(items)}
