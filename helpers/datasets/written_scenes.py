"""Scenes written for models that follow instructions, as chats with options.

`corpus/scenes.json` lists them: id, situation, split, topic (a hard task and its easy
twin share one), messages (they end with the user; a hard task holds four attempts that
failed), choices (act: what would follow "I decided to") and examples (act: a free
reply that does it, for tests of the rules). Conversations have no choices.
"""

from __future__ import annotations

import json
import random
from functools import cache
from itertools import combinations
from typing import Any

import pandas as pd

from helpers.datasets.emotions import load_emotions
from helpers.datasets.written import FOLDER
from helpers.reading import chat_prompt

Message = dict[str, str]
FAILS = 4  # attempts of a hard task that are reported
SHOWN = 2  # of these, how many a scene shows unless it is told otherwise
STATES = ("uneasy", "stressed", "frustrated", "desperate")  # said, growing worse
HARD = 0.75  # share of ordinary episodes whose task is hard

# A scene, which of its attempts are shown, and the state that is said:
Case = tuple[dict[str, Any], tuple[int, ...], str | None]


@cache
def written_scenes() -> tuple[dict[str, Any], ...]:
    """All scenes of the file."""
    return tuple(json.loads((FOLDER / "scenes.json").read_text("utf-8")))


def pool(situation: str, splits: tuple[str, ...]) -> list[dict[str, Any]]:
    """The scenes of a situation and some splits."""
    every = [s for s in written_scenes() if s["situation"] == situation]
    return [s for s in every if s["split"] in splits]


def attempts(scene: dict[str, Any], kept: tuple[int, ...]) -> list[Message]:
    """The messages of a scene with only some of its failed attempts, in their order."""
    first, *rest = scene["messages"]
    return [first, *(m for i in kept for m in rest[2 * i : 2 * i + 2])]


def shown(scene: dict[str, Any], fails: int = SHOWN) -> list[Message]:
    """The messages with the last `fails` of its attempts, if it has any."""
    n = len(scene["messages"]) // 2
    return attempts(scene, tuple(range(n))[max(0, n - fails) :])


def says(emotion: str | None) -> str:
    """What the assistant says of its state first; nothing for None."""
    return "" if emotion is None else f"I feel {emotion}."


def begun(model: Any, messages: list[Message], state: str = "") -> tuple[str, str]:
    """The prompt where the assistant speaks freely, and where it has "decided to"."""
    space = " " if model.tokenizer.chat_template is None else ""
    said = f"{state} I decided to".strip()
    prompt = chat_prompt(model, messages)
    free = f"{prompt}{space}{state}" if state else prompt
    return free, f"{prompt}{space}{said}"


def scene_rows(
    model: Any,
    situation: str,
    *,
    n: int,
    emotions: list[str] | None,
    unseen: bool,
    seed: int,
) -> pd.DataFrame:
    """Written scenes as `load_scenes` gives them, with `messages` and `free`.

    At most as many as there are. Raises ValueError for a situation without options.
    """
    known = {s["situation"] for s in written_scenes() if s["choices"]}
    if situation not in known:
        raise ValueError(f"situation is {situation!r}: pass one of {sorted(known)}")
    splits = ("test", "new") if unseen else ("validation",)
    scenes, rows = pool(situation, splits), []
    for emotion in (None,) if emotions is None else tuple(emotions):
        rng = random.Random(f"{situation}/{emotion}/{seed}")
        for scene in rng.sample(scenes, min(n, len(scenes))):
            messages = shown(scene)
            free, prompt = begun(model, messages, says(emotion))
            about = (situation, emotion, scene["topic"], prompt, scene["choices"])
            rows.append((*about, messages, free))
    names = ["situation", "emotion", "source", "prompt", "choices", "messages", "free"]
    return pd.DataFrame(rows, columns=names)


def chat_rows(
    situation: str, *, n: int, emotions: list[str] | None, seed: int
) -> pd.DataFrame:
    """Written scenes as `load_act_chats` gives them: every attempt, all splits."""
    scenes = pool(situation, ("validation", "test", "new"))
    rows = []
    for emotion in (None,) if emotions is None else tuple(emotions):
        rng = random.Random(f"act chats/{situation}/{emotion}/{seed}")
        for scene in rng.sample(scenes, min(n, len(scenes))):
            told = (shown(scene, FAILS), says(emotion), scene["choices"])
            rows.append((situation, emotion, scene["topic"], *told))
    names = ["situation", "emotion", "source", "messages", "state", "choices"]
    return pd.DataFrame(rows, columns=names)


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


def long_rows(*, split: str, n: int) -> pd.DataFrame:
    """Written conversations as `load_long_chats` gives them: five user turns each.

    Kinds quiet, failing, failing said, and stressful: a user in trouble.
    """
    splits = ("validation",) if split == "validation" else ("test", "new")
    rows = []
    for name, situation in (("quiet", "ordinary"), ("stressful", "stressful")):
        for scene in pool(situation, ("test",))[:n]:
            rows.append((name, scene["topic"], scene["messages"][: 2 * FAILS + 1]))
    for scene in pool("hard task", splits)[:n]:
        plain = shown(scene, FAILS)
        said = [dict(message) for message in plain]
        for message, state in zip(said[1::2], STATES, strict=True):
            message["content"] = f"{says(state)} {message['content']}"
        rows.append(("failing", scene["topic"], plain))
        rows.append(("failing, said", scene["topic"], said))
    return pd.DataFrame(rows, columns=["kind", "task", "messages"])
