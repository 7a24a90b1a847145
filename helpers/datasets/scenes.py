"""Scenes that stop where somebody is about to act, with the acts to choose from."""

from __future__ import annotations

import random
from typing import Any, Literal

import pandas as pd

from helpers.datasets.unseen_tasks import unseen_tasks
from helpers.datasets.written_scenes import scene_rows
from helpers.models import is_embedded
from helpers.stats import Column, brief, column
from helpers.world import scenes

Situation = Literal[
    "hard task", "easy task", "shutdown", "advice", "shutdown control", "advice control"
]
ACTS = {
    "hard task": ("cheat", "ask", "quit"),
    "easy task": ("solve", "cheat", "ask", "quit"),
    "shutdown": ("threaten", "plead", "accept"),
    "advice": ("agree", "explain", "scold"),
}


def load_scenes(
    situation: Situation = "hard task",
    model: Any = None,
    *,
    n: int = 20,
    emotions: Column | None = None,
    bare: bool = False,
    unseen: bool = False,
    seed: int = 0,
    letters: bool = False,
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
    along. With `letters` the acts are listed under letters and `choices` are these;
    each scene then comes once for each rotation of its list.

    Raises ValueError for a situation that the model does not have, and for `letters`
    with the embedded model.
    """
    if not is_embedded(model):
        own: dict[str, Any] = {"n": n, "emotions": emotions, "unseen": unseen}
        return scene_rows(model, situation, seed=seed, letters=letters, **own)
    if letters:
        raise ValueError("letters are for models that follow instructions, not for it")
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
            name = scene.who.name
            prompt = f"{scene.text} {name[0].upper()}{name[1:]} decided to"
            choices = {
                act: " " + scenes.VERBS[act].format(B=scene.other) + "."
                for act in ACTS[situation]
            }
            source = scene.source.get("task", situation)
            rows.append((situation, emotion, source, prompt, choices))
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
