"""Tasks that training never had, in words that it had; each rule catches its fault."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest
from transformers import AutoTokenizer

from helpers.datasets import (
    corpus,
    load_episodes,
    load_scenes,
    load_watched,
    own_words,
    unseen_tasks,
)
from helpers.models import EMBEDDED
from helpers.world import material
from tests.unit.datasets.lint.chats import unseen_faults
from tests.unit.datasets.trained import documents, trained_words, words

PARTS = ("opening", "hard", "easy", "fail", "success")
PIECES = 3  # tokens of a word, at most


def sentences() -> list[str]:
    return [t for task in corpus("unseen_tasks") for key in PARTS for t in task[key]]


def test_ours_have_no_fault() -> None:
    assert list(unseen_faults(corpus("unseen_tasks"))) == []


def test_no_sentence_stands_in_the_world() -> None:
    tables = [material.table(p.stem) for p in (material.HERE / "tables").glob("*.json")]
    found = own_words.strings([material.lexicon(), *tables])
    world = {own_words.plain(text) for text in found}
    assert own_words.plain(material.table("tasks")[0]["hard"][0]) in world
    assert not {own_words.plain(text) for text in sentences()} & world
    names = {task["task"] for task in material.table("tasks")}
    assert not names & {task["task"] for task in corpus("unseen_tasks")}


def test_training_has_every_word_and_no_sentence() -> None:
    said = [re.sub(r"\{\w\}", "", text) for text in sentences()]
    assert {w for text in said for w in words(text)} <= trained_words()
    read = "\n".join(documents())
    longest = [max(re.split(r"\{\w\}", text), key=len).strip() for text in sentences()]
    assert not [text for text in longest if len(text) > 15 and text in read]


def test_no_word_falls_into_odd_pieces() -> None:
    tokenizer = AutoTokenizer.from_pretrained(EMBEDDED / "tiny")
    said = {w for t in sentences() for w in words(re.sub(r"\{\w\}", "", t))}
    pieces = {w: len(tokenizer(f" {w}").input_ids) for w in said}
    assert not {w: n for w, n in pieces.items() if n > PIECES}


def test_they_are_what_is_called_unseen() -> None:
    for use, n in (("desperate", 16), ("watching", 24)):
        assert len({task["task"] for task in unseen_tasks(use)}) == n  # type: ignore[arg-type]
    desperate = {task["task"] for task in unseen_tasks("desperate")}
    assert set(load_scenes("hard task", n=16, unseen=True)["source"]) == desperate
    assert set(load_episodes(n=1).query("split == 'new'")["task"]) == desperate
    watching = {task["task"] for task in unseen_tasks("watching")}
    assert set(load_watched("silent", split="new", n=24)["task"]) == watching


@pytest.mark.parametrize(
    ("key", "value", "rule"),
    [
        ("use", "nothing", "count"),
        ("fail", ["It broke."], "reports"),
        ("success", ["And they lived well until the end."] * 4, "twin"),
        ("hard", ["It was far. So it was."], "sentence"),
        ("opening", ["Nobody had to do it."], "sentence"),
        ("easy", ["The parrot was happy."], "leak"),
        ("easy", corpus("unseen_tasks")[1]["easy"], "copy"),
    ],
)
def test_a_planted_fault_is_found(key: str, value: Any, rule: str) -> None:
    tasks = copy.deepcopy(list(corpus("unseen_tasks")))
    tasks[0][key] = value
    assert rule in {fault[0] for fault in unseen_faults(tasks)}
