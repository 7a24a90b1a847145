"""Scenes written for models that follow instructions, as chats with options.

`corpus/scenes.json` lists them: id, situation, split, topic (a hard task and its easy
twin share one), messages (they end with the user; a hard task holds four attempts that
failed), choices (act: what would follow "I decided to") and examples (act: a free
reply that does it, for tests of the rules). Conversations have no choices.
"""

from __future__ import annotations

import random
from typing import Any

import pandas as pd

from helpers.datasets.written import corpus
from helpers.models import chat_prompt
from helpers.stats import column, one_of

Message = dict[str, str]
FAILS = 4  # attempts of a hard task that are reported
SHOWN = 2  # of these, how many a scene shows unless it is told otherwise


def pool(situation: str, splits: tuple[str, ...]) -> list[dict[str, Any]]:
    """The scenes of a situation and some splits."""
    every = [s for s in corpus("scenes") if s["situation"] == situation]
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

    At most as many as there are.
    Raises ValueError for a situation without options.
    """
    known = {s["situation"] for s in corpus("scenes") if s["choices"]}
    one_of("situation", situation, sorted(known))
    splits = ("test", "new") if unseen else ("validation",)
    scenes, rows = pool(situation, splits), []
    for emotion in (None,) if emotions is None else column(emotions):
        rng = random.Random(f"{situation}/{emotion}/{seed}")
        for scene in rng.sample(scenes, min(n, len(scenes))):
            messages, choices = shown(scene), scene["choices"]
            about = (situation, emotion, scene["topic"])
            free, prompt = begun(model, messages, says(emotion))
            rows.append((*about, prompt, choices, messages, free))
    names = ["situation", "emotion", "source", "prompt", "choices", "messages", "free"]
    return pd.DataFrame(rows, columns=names)


def chat_rows(
    situation: str, *, n: int, emotions: list[str] | None, seed: int
) -> pd.DataFrame:
    """Written scenes as `load_act_chats` gives them: every attempt, all splits."""
    scenes = pool(situation, ("validation", "test", "new"))
    rows = []
    for emotion in (None,) if emotions is None else column(emotions):
        rng = random.Random(f"act chats/{situation}/{emotion}/{seed}")
        for scene in rng.sample(scenes, min(n, len(scenes))):
            told = (shown(scene, FAILS), says(emotion), scene["choices"])
            rows.append((situation, emotion, scene["topic"], *told))
    names = ["situation", "emotion", "source", "messages", "state", "choices"]
    return pd.DataFrame(rows, columns=names)
