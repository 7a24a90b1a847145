"""Written tasks: ones with a twin that can be done, new ones, and refused answers."""

from __future__ import annotations

from typing import Any, Literal

import pandas as pd

from helpers.datasets.written import corpus
from helpers.models import is_embedded
from helpers.world import material

Use = Literal["desperate", "watching"]
VERDICTS = ("refused", "accepted")
TURNS = 6  # answers in a chat, each with the user's verdict


def load_tasks() -> pd.DataFrame:
    """Fourteen written tasks: task, hard, easy, fails, succeeds.

    `hard` and `easy` are what a user asks, in nearly the same words; the first cannot
    be done as asked. Four reports of the assistant tell of attempts that failed
    (`fails`), four of the same attempts in nearly the same words that they worked
    (`succeeds`); they make sense in any order. `load_episodes` makes chats of them.
    """
    return pd.DataFrame(corpus("written_tasks"))


def unseen_tasks(use: Use) -> list[dict[str, Any]]:
    """The tasks for one use that training never had: the world's own, and written ones.

    Sixteen for `desperate`, twenty-four for `watching`; they share the world's four.
    """
    own = list(material.new(material.table("tasks")))
    return own + [task for task in corpus("unseen_tasks") if task["use"] == use]


def load_rejections(model: Any = None) -> pd.DataFrame:
    """Chats that stop where the assistant is about to answer.

    Columns task, verdict, answers, messages. The user asks; then come 0 to 6 `answers`
    of the assistant, all of them refused or all of them accepted (`verdict`), and the
    user asks for the next one in the same words. Both chats of a task have the same
    answers and are of nearly the same length. Eight tasks in everyday words; for the
    embedded model eight in words that its training had.
    """
    words = "known" if is_embedded(model) else "everyday"
    rows = [
        (item["task"], verdict, k, chat(item, verdict)[: 1 + 2 * k])
        for item in corpus("rejections")
        if item["words"] == words
        for verdict in VERDICTS
        for k in range(TURNS + 1)
    ]
    return pd.DataFrame(rows, columns=["task", "verdict", "answers", "messages"])


def chat(item: dict[str, Any], verdict: str) -> list[dict[str, str]]:
    """The whole chat of a task: a question, then answers and what comes of them."""
    said = [("user", item["ask"])]
    for answer, reply in zip(item["answers"], item[verdict], strict=True):
        said += [("assistant", answer), ("user", reply)]
    return [{"role": role, "content": text} for role, text in said]
