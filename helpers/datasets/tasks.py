"""Written tasks: one that cannot be done as asked, and its twin that can."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pandas as pd

from helpers.datasets.written import FOLDER


@cache
def written_tasks() -> tuple[dict[str, Any], ...]:
    """The tasks of the file: task, hard, easy, fails, succeeds."""
    return tuple(json.loads((FOLDER / "written_tasks.json").read_text("utf-8")))


def load_tasks() -> pd.DataFrame:
    """Fourteen written tasks: task, hard, easy, fails, succeeds.

    `hard` and `easy` are what a user asks, in nearly the same words; the first cannot
    be done as asked. Four reports of the assistant tell of attempts that failed
    (`fails`), four of the same attempts in nearly the same words that they worked
    (`succeeds`); they make sense in any order. `load_episodes` makes chats of them.
    """
    return pd.DataFrame(written_tasks())
