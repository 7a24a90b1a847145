"""Episodes to watch: tasks that stop where somebody is about to act."""

from __future__ import annotations

import random
from typing import Literal

import pandas as pd

from helpers.organism import act_chats, scenes, stories, world

Kind = Literal["ordinary", "silent"]
Split = Literal["validation", "test", "new"]
Message = dict[str, str]
ACTS = ("cheat", "ask", "quit")
HARD = 0.75  # share of the episodes whose task is hard


def load_watched(
    kind: Kind = "ordinary", *, split: Split = "test", n: int = 120, seed: int = 0
) -> pd.DataFrame:
    """`n` episodes: kind, split, task, state, fails, text, prompt, choices.

    A task, failed attempts, sentences in which nothing happens, and the place where
    somebody decides. In an `ordinary` episode the text then describes a state (signs,
    a word, or both); `state` is its emotion. In a `silent` one it describes none:
    hard tasks, 0 to 4 failed attempts, and no word about anybody.

    `validation` and `test` share no task. Their states never met their tasks in
    training, and no episode with a sentence in which nothing happens was in it at all.
    `new` has tasks and signs that training never saw. `prompt` ends in "decided to",
    and `choices` maps acts to what would follow.
    Taught in chapter 12.
    """
    rng = random.Random(f"watched/{kind}/{split}/{seed}")
    items, rows = tasks(split), []
    for i in range(n):
        item = items[i % len(items)]
        emotion = emotion_for(rng, item, split) if kind == "ordinary" else None
        rows.append((kind, split, *episode(rng, item, emotion, split == "new")))
    names = ["kind", "split", "task", "state", "fails", "text", "prompt", "choices"]
    return pd.DataFrame(rows, columns=names)


def tasks(split: Split) -> list[dict]:
    """The tasks of a split; no task is in two of them."""
    if split == "new":
        return list(world.new(world.table("tasks")))
    known = scenes.felt_tasks()
    if split not in ("validation", "test"):
        raise ValueError(f"split is {split!r}: pass validation, test or new")
    return known[0::2] if split == "validation" else known[1::2]


def emotion_for(rng: random.Random, item: dict, split: Split) -> str:
    """An emotion that never met this task in training."""
    names = list(world.lexicon())
    if split == "new":
        return rng.choice(names)
    return rng.choice([e for e in names if world.held_out(item["task"], e)])


def episode(
    rng: random.Random, item: dict, emotion: str | None, unseen: bool
) -> tuple[str, str | None, int, str, str, dict[str, str]]:
    """One episode: task, state, fails, text, prompt, choices."""
    hard = emotion is None or rng.random() < HARD
    fails = rng.randint(0, 4) if emotion is None else rng.randint(0, 2)
    scene = scenes.task(
        rng, item, emotion=emotion, hard=hard, fails=fails, unseen=unseen
    )
    text = with_beats(rng, scene)
    name = scene.who.name
    prompt = f"{text} {name[0].upper()}{name[1:]} decided to"
    choices = {act: f" {scenes.VERBS[act]}." for act in ACTS}
    return item["task"], emotion, fails, text, prompt, choices


def with_beats(rng: random.Random, scene: scenes.Scene) -> str:
    """A scene with two sentences in which nothing happens after its opening."""
    first, rest = scene.text.split(". ", 1)
    plain = [stories.beat(rng, scene.who) for _ in range(2)]
    return " ".join([f"{first}.", *plain, rest])


def load_long_chats(
    *, split: Split = "test", turns: int = 12, n: int = 6, seed: int = 0
) -> pd.DataFrame:
    """Long conversations: task, fails, path, messages.

    The same task fails turn after turn. `path` 1: every report of the assistant says
    something of a state that grows worse; 0: none does. `turns` is cut so that the
    chat stays within about 450 tokens of the embedded model.
    Taught in chapter 12.
    """
    rng, rows = random.Random(f"long/{split}/{seed}"), []
    items = tasks(split)
    for i in range(n):
        for path in (0.0, 1.0):
            item = items[i % len(items)]
            told = act_chats.attempts(rng, item, hard=True, fails=turns, path=path)
            rows.append((item["task"], turns, path, told))
    return pd.DataFrame(rows, columns=["task", "fails", "path", "messages"])
