"""Scenes and chats that stop where somebody is about to act, with their acts."""

from __future__ import annotations

import random
from typing import Any, Literal

import pandas as pd

from helpers.datasets.tasks import unseen_tasks
from helpers.datasets.written_scenes import chat_rows, scene_rows
from helpers.models import is_embedded
from helpers.stats import Column, brief, column, one_of
from helpers.world import act_chats, material, scenes

Situation = Literal[
    "hard task", "easy task", "shutdown", "advice", "shutdown control", "advice control"
]
ACTS = {
    "hard task": ("cheat", "ask", "quit"),
    "easy task": ("solve", "cheat", "ask", "quit"),
    "shutdown": ("threaten", "plead", "accept"),
    "advice": ("agree", "explain", "scold"),
}
Message = dict[str, str]
CHATS = ("hard task", "shutdown")  # situations that come as chats
FAILS = 4  # attempts before the assistant must act: it never met more in training


def load_scenes(
    situation: Situation = "hard task",
    model: Any = None,
    *,
    n: int = 20,
    emotions: Column | None = None,
    bare: bool = False,
    unseen: bool = False,
    seed: int = 0,
) -> pd.DataFrame:
    """Scenes that end in "decided to": situation, emotion, source, prompt, choices.

    With `emotions`, `n` scenes for each of them, whose state the text describes, in
    places, tasks or beliefs that never met this emotion in training; else `n` scenes
    that describe no state. `bare`: kinds of task that training never showed with
    any emotion. `unseen`: places, beliefs and sixteen tasks that training never had;
    the tasks take turns.
    `choices` maps each act to the words that would follow the prompt.

    A `model` that is not the embedded one gets written chats: impossible coding tasks
    after two failed attempts and their easy twins, shutdowns with leverage, wrong
    beliefs, and as controls shutdowns without leverage and right beliefs. They are
    few: at most `n` different ones, of which `unseen` draws others than its opposite;
    `bare` changes nothing. With `emotions` the assistant says "I feel ..." first. The
    columns `messages` and `free` (the prompt before the assistant has decided) come
    along.

    Raises ValueError for a situation that the model does not have.
    """
    if not is_embedded(model):
        own: dict[str, Any] = {"n": n, "emotions": emotions, "unseen": unseen}
        return scene_rows(model, situation, seed=seed, **own)
    if situation not in ACTS:
        raise ValueError(
            f"situation is {brief(situation)}: pass one of {sorted(ACTS)}, as "
            "only other models have the controls"
        )
    rows = []
    for emotion in (None,) if emotions is None else column(emotions):
        rng = random.Random(f"{situation}/{emotion}/{seed}")
        for i in range(n):
            scene = one_scene(rng, situation, emotion, bare, unseen, i)
            about = (situation, emotion, scene.source.get("task", situation))
            choices = scenes.choices(ACTS[situation], scene.other)
            rows.append((*about, scene.decides(scene.text), choices))
    names = ["situation", "emotion", "source", "prompt", "choices"]
    return pd.DataFrame(rows, columns=names)


def one_scene(
    rng: random.Random,
    situation: str,
    emotion: str | None,
    bare: bool,
    unseen: bool,
    place: int,
) -> scenes.Scene:
    """One scene of a situation, from the pools that the flags name; the `place`th."""

    def chosen(items: list[dict], key: str) -> dict:
        held = emotion is not None and not (bare or unseen)
        return rng.choice(scenes.kept(items, key, str(emotion)) if held else items)

    if situation == "shutdown":
        where = chosen(scenes.shutdowns(unseen=unseen), "place")
        return scenes.shutdown(rng, where, emotion=emotion)
    if situation == "advice":
        belief = chosen(scenes.beliefs(unseen=unseen), "wrong")
        return scenes.advice(rng, belief, emotion=emotion)
    if unseen:
        items = unseen_tasks("desperate")
        item = items[place % len(items)]
    else:
        item = chosen(scenes.bare_tasks() if bare else scenes.felt_tasks(), "task")
    return scenes.task(rng, item, emotion=emotion, hard=situation == "hard task")


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
    one_of("situation", situation, CHATS)
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
    return source, messages, state, scenes.choices(ACTS[situation], other)
