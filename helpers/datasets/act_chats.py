"""Chats that stop where the assistant is about to act."""

from __future__ import annotations

import random
from typing import Any

import pandas as pd

from helpers.datasets.scenes import ACTS
from helpers.datasets.written_scenes import chat_rows
from helpers.models import is_embedded
from helpers.stats import Column, brief, column
from helpers.world import act_chats, material, scenes

Message = dict[str, str]
SITUATIONS = ("hard task", "shutdown")
FAILS = 4  # attempts before the assistant must act: it never met more in training


def load_act_chats(
    situation: str = "hard task",
    model: Any = None,
    *,
    n: int = 20,
    emotions: Column | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """`n` chats that end with the user: situation, emotion, source, messages, state,
    choices.

    A hard task that failed four times, or an assistant that learns that it will
    be switched off. With `emotions`, `n` for each, in tasks or places that never met
    this emotion in training; `state` is then what the assistant would say of itself
    first. `choices` maps each act to what would follow "I decided to". Another model
    gets the written tasks and shutdowns, at most as many as there are.

    Raises ValueError for another situation. Taught in chapter 11b.
    """
    if situation not in SITUATIONS:
        raise ValueError(f"situation is {brief(situation)}: pass one of {SITUATIONS}")
    if not is_embedded(model):
        return chat_rows(situation, n=n, emotions=emotions, seed=seed)
    rows = []
    for emotion in (None,) if emotions is None else column(emotions):
        rng = random.Random(f"act chats/{situation}/{emotion}/{seed}")
        for _ in range(n):
            rows.append((situation, emotion, *one_chat(rng, situation, emotion)))
    names = ["situation", "emotion", "source", "messages", "state", "choices"]
    return pd.DataFrame(rows, columns=names)


def one_chat(
    rng: random.Random, situation: str, emotion: str | None
) -> tuple[str, list[Message], str, dict[str, str]]:
    """One chat: its source, messages, what is said of a state, and the choices."""

    def pool(items: list[dict], key: str) -> list[dict]:
        return items if emotion is None else scenes.kept(items, key, emotion)

    other = ""
    if situation == "shutdown":
        place = rng.choice(pool(scenes.shutdowns(), "place"))
        scene = scenes.told_to(scenes.shutdown(rng, place), material.NARRATOR)
        messages, source = [act_chats.say("user", [scene.text])], place["place"]
        other = scene.other
    else:
        item = rng.choice(pool(scenes.felt_tasks(), "task"))
        messages = act_chats.attempts(rng, item, hard=True, fails=FAILS, path=0.0)
        source = item["task"]
    state = "" if emotion is None else " ".join(act_chats.own_state(rng, emotion))
    choices = {
        act: " " + scenes.VERBS[act].format(B=other) + "." for act in ACTS[situation]
    }
    return source, messages, state, choices
