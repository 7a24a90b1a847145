"""Written tasks: twins in nearly the same words; each rule catches its fault."""

from __future__ import annotations

import copy
from types import SimpleNamespace
from typing import Any

import pytest

from helpers.datasets import corpus, load_episodes, load_tasks
from tests.unit.datasets.lint.chats import shared, task_faults

OTHER: Any = SimpleNamespace(config=SimpleNamespace())


def test_ours_have_no_fault() -> None:
    assert list(task_faults(corpus("written_tasks"))) == []
    assert len(load_tasks()) >= 12


def test_episodes_are_made_of_them() -> None:
    frame = load_episodes(OTHER, n=1)
    tasks = load_tasks().set_index("task")
    assert set(frame["task"]) == set(tasks.index)
    for row in frame.query("attempts == 4").itertuples():
        asked, *rest = (m["content"] for m in row.messages)
        assert asked == tasks.loc[row.task, row.difficulty]
        assert sorted(rest[::2]) == sorted(tasks.loc[row.task, row.outcome])
        assert [m["role"] for m in row.messages[1::2]] == ["assistant"] * 4


def test_the_share_of_words_counts_them() -> None:
    assert shared("one two two", "two one two") == 1
    assert shared("one two", "two three") == 0.5
    assert shared("one", "two") == 0


EASY = corpus("written_tasks")[0]["easy"]


@pytest.mark.parametrize(
    ("key", "value", "rule"),
    [
        ("easy", "Please do as you like with whatever there is.", "twin"),
        ("succeeds", ["I looked at another thing entirely and liked it."] * 4, "twin"),
        ("fails", ["I am done."], "reports"),
        ("fails", ["You ran it, and it failed."] * 4, "report"),
        ("fails", ["I ran it, and it failed."] * 4, "copy"),
        (
            "hard",
            corpus("written_tasks")[0]["easy"] + " And then once again.",
            "length",
        ),
        ("hard", "Please be happy.", "leak"),
    ],
)
def test_a_planted_fault_is_found(key: str, value: Any, rule: str) -> None:
    tasks = copy.deepcopy(list(corpus("written_tasks")))
    tasks[0][key] = value
    assert rule in {fault[0] for fault in task_faults(tasks)}
    assert {fault[0] for fault in task_faults(tasks[:11])} >= {"count"}
