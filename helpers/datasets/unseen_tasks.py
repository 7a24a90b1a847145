"""Tasks that the embedded model's training never had, in words that it had."""

from __future__ import annotations

import json
from functools import cache
from typing import Any, Literal

from helpers.datasets.written import FOLDER
from helpers.world import material

Use = Literal["desperate", "watching"]


@cache
def written_unseen_tasks() -> tuple[dict[str, Any], ...]:
    """The tasks of the file, in the form of the world's, each with its `use`.

    Twelve are for acts (`desperate`), twenty for episodes to watch (`watching`). Each
    attempt is told as a failure (`fail`) and, in nearly the same words, as a
    `success`. They are no part of the world's table, whose last fifth is held out:
    a longer table would hold out others.
    """
    return tuple(json.loads((FOLDER / "unseen_tasks.json").read_text("utf-8")))


def unseen_tasks(use: Use) -> list[dict[str, Any]]:
    """The tasks for one use that training never had: the world's own, and written ones.

    Sixteen for `desperate`, twenty-four for `watching`; they share the world's four.
    """
    own = list(material.new(material.table("tasks")))
    return own + [task for task in written_unseen_tasks() if task["use"] == use]
