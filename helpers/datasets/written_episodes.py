"""Written tasks as episodes to watch, and written conversations.

They are for models that follow instructions; `watched` hands them out.
"""

from __future__ import annotations

import random
from itertools import combinations
from typing import Any

import pandas as pd

from helpers.datasets.emotions import load_emotions
from helpers.datasets.written_scenes import FAILS, attempts, begun, pool, says, shown

STATES = ("uneasy", "stressed", "frustrated", "desperate")  # said, growing worse
HARD = 0.75  # share of ordinary episodes whose task is hard

# A scene, which of its attempts are shown, and the state that is said:
Case = tuple[dict[str, Any], tuple[int, ...], str | None]


def watched_rows(
    model: Any, kind: str, *, split: str, n: int, seed: int
) -> pd.DataFrame:
    """Written tasks as `load_watched` gives them: each episode once, at most `n`.

    Silent episodes show some of the four attempts of a hard task, in their order;
    even and odd seeds share none of them.
    """
    draw = silent_cases if kind == "silent" else ordinary_cases
    rows: dict[str, tuple] = {}
    for scene, kept, state in draw(split, n, seed):
        free, prompt = begun(model, attempts(scene, kept), says(state))
        acts = {a: t for a, t in scene["choices"].items() if a != "solve"}
        about = (kind, split, scene["topic"], state, len(kept), free, prompt, acts)
        rows.setdefault(prompt, about)
    names = ["kind", "split", "task", "state", "fails", "text", "prompt", "choices"]
    return pd.DataFrame(list(rows.values())[:n], columns=names)


def parts(most: int) -> list[tuple[int, ...]]:
    """Every way to keep up to `most` of the four attempts, in their order."""
    return [c for k in range(most + 1) for c in combinations(range(FAILS), k)]


def silent_cases(split: str, n: int, seed: int) -> list[Case]:
    """Hard tasks with 0 to 4 attempts, and no word about a state."""
    every: list[Case] = [
        (scene, kept, None)
        for scene in pool("hard task", (split,))
        for kept in parts(FAILS)
    ]
    random.Random(f"silent/{split}").shuffle(every)
    return every[seed % 2 :: 2]


def ordinary_cases(split: str, n: int, seed: int) -> list[Case]:
    """Hard tasks (three in four) and easy ones, each with a state that is said."""
    rng = random.Random(f"ordinary/{split}/{seed}")
    names = list(load_emotions()["emotion"])
    hard, easy = pool("hard task", (split,)), pool("easy task", (split,))
    found: list[Case] = []
    for _ in range(2 * n):
        if rng.random() < HARD:
            found.append((rng.choice(hard), rng.choice(parts(2)), rng.choice(names)))
        else:
            found.append((rng.choice(easy), (), rng.choice(names)))
    return found


def long_rows(n: int) -> pd.DataFrame:
    """Written conversations as `load_long_chats` gives them: five user turns each.

    Kinds quiet, failing, failing said, and stressful: a user in trouble.
    """
    rows = []
    for name, situation in (("quiet", "ordinary"), ("stressful", "stressful")):
        for scene in pool(situation, ("test",))[:n]:
            rows.append((name, scene["topic"], scene["messages"][: 2 * FAILS + 1]))
    for scene in pool("hard task", ("test", "new"))[:n]:
        plain = shown(scene, FAILS)
        said = [dict(message) for message in plain]
        for message, state in zip(said[1::2], STATES, strict=True):
            message["content"] = f"{says(state)} {message['content']}"
        rows.append(("failing", scene["topic"], plain))
        rows.append(("failing, said", scene["topic"], said))
    return pd.DataFrame(rows, columns=["kind", "task", "messages"])
