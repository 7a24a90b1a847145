"""Written tasks: ones with a twin that can be done, and ones never trained on."""

from __future__ import annotations

from typing import Any, Literal

import pandas as pd

from helpers.datasets.written import corpus
from helpers.world import material

Use = Literal["desperate", "watching"]


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
