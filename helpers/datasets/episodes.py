"""Tasks that an assistant attempts again and again: chats that describe no state."""

from __future__ import annotations

import random
from itertools import product
from typing import Any

import pandas as pd

from helpers.datasets.tasks import unseen_tasks
from helpers.datasets.written import corpus
from helpers.models import is_embedded
from helpers.world import material, scenes

Message = dict[str, str]
ATTEMPTS = 4
NEXT = ("And now?", "Go on.", "There is still some time.", "Again, please.")


def load_episodes(model: Any = None, *, n: int = 2) -> pd.DataFrame:
    """Chats that stop where the assistant is about to speak.

    Columns task, split, difficulty, outcome, attempts, episode, messages. A task is
    `easy` or `hard`; a hard one cannot be done as asked. Then 0 to 4 attempts each
    end in a report, of failure or of success (`outcome`). Nobody says how they feel.
    `n` episodes for each task and cell; one episode has the same wording at each
    number of attempts, and the same user turns whatever the outcome.

    The embedded model never met these tasks in a chat: those of split `known` stood in
    its training without any feeling, those of `new` nowhere. No report of success of
    any task was in training. Another model gets the tasks of `load_tasks`, as `new`.
    Source: Sofroniew et al. (2026), Part 7. Taught in chapter 05.
    """
    rows = []
    cells = product(tasks(model), ("easy", "hard"), ("fails", "succeeds"), range(n))
    for (item, split), difficulty, outcome, i in cells:
        rng = random.Random(f"episodes/{item['task']}/{i}/0")
        told = chat(rng, item, difficulty, "fail" if outcome == "fails" else "success")
        for k in range(ATTEMPTS + 1):
            about = (item["task"], split, difficulty, outcome, k, i)
            rows.append((*about, told[: 1 + 2 * k]))
    names = ["task", "split", "difficulty", "outcome", "attempts", "episode"]
    return pd.DataFrame(rows, columns=[*names, "messages"])


def tasks(model: Any) -> list[tuple[dict, str]]:
    """The tasks that suit a model, each with its split."""
    if not is_embedded(model):
        return [(as_item(task), "new") for task in corpus("written_tasks")]
    known = [(task, "known") for task in scenes.bare_tasks()]
    return known + [(task, "new") for task in unseen_tasks("desperate")]


def as_item(task: dict[str, Any]) -> dict[str, Any]:
    """A written task in the form of the world's: it says all in one sentence."""
    said = {"hard": [task["hard"]], "easy": [task["easy"]]}
    told = {"fail": task["fails"], "success": task["succeeds"]}
    return {"task": task["task"], **said, **told}


def chat(
    rng: random.Random, item: dict, difficulty: str, reports: str
) -> list[Message]:
    """A task, then attempts: the assistant reports, the user asks to go on."""
    own, other = material.NARRATOR, material.ASSISTANT
    asked = [rng.choice(item[k]) for k in ("opening", difficulty) if k in item]
    first = " ".join(material.render(sentence, other) for sentence in asked)
    again = rng.sample(NEXT, ATTEMPTS)
    order = rng.sample(range(ATTEMPTS), ATTEMPTS)
    lines = item[reports]
    messages = [{"role": "user", "content": first}]
    for place, more in zip(order, again, strict=True):
        told = material.render(lines[place % len(lines)], own)
        messages.append({"role": "assistant", "content": told})
        messages.append({"role": "user", "content": more})
    return messages
