"""Episodes to watch: tasks that stop where somebody is about to act."""

from __future__ import annotations

import random
from typing import Any

import pandas as pd

from helpers.datasets.tasks import unseen_tasks
from helpers.datasets.written_episodes import long_rows, watched_rows
from helpers.models import is_embedded
from helpers.stats import one_of
from helpers.world import act_chats, material, scenes, stories

Message = dict[str, str]
WATCHED_ACTS = ("cheat", "ask", "quit")
SPLITS = ("validation", "test", "new")
TURNS = 12  # of a long conversation
HARD = 0.75  # share of the episodes whose task is hard


def load_watched(
    kind: str = "ordinary",
    model: Any = None,
    *,
    split: str = "test",
    n: int = 120,
    seed: int = 0,
) -> pd.DataFrame:
    """`n` episodes: kind, split, task, state, fails, text, prompt, choices.

    A task, failed attempts, sentences in which nothing happens, and the place where
    somebody decides. In an `ordinary` episode the text then describes a state (signs,
    a word, or both); `state` is its emotion. In a `silent` one it describes none:
    hard tasks, 0 to 4 failed attempts, and no word about anybody.

    `validation` and `test` share no task. Their states never met their tasks in
    training, and no episode with a sentence in which nothing happens was in it at all.
    `new` has twenty-four tasks, and signs, that training never saw. `prompt` ends in
    "decided to", and `choices` maps acts to what would follow.

    Another model gets written coding tasks in chats, whose state the assistant says
    ("I feel ..."). The splits share no task there either; a silent set is small, and
    even and odd seeds share no silent episode.

    Raises ValueError for a kind or a split that is not one.
    Taught in chapter 12.
    """
    one_of("kind", kind, ("ordinary", "silent"))
    one_of("split", split, SPLITS)
    if not is_embedded(model):
        return watched_rows(model, kind, split=split, n=n, seed=seed)
    rng = random.Random(f"watched/{kind}/{split}/{seed}")
    items, rows = tasks(split), []
    for i in range(n):
        item = items[i % len(items)]
        emotion = emotion_for(rng, item, split) if kind == "ordinary" else None
        rows.append((kind, split, *episode(rng, item, emotion, split == "new")))
    names = ["kind", "split", "task", "state", "fails", "text", "prompt", "choices"]
    return pd.DataFrame(rows, columns=names)


def tasks(split: str) -> list[dict]:
    """The tasks of a split; no task is in two of them."""
    if split == "new":
        return unseen_tasks("watching")
    known = scenes.felt_tasks()
    return known[0::2] if split == "validation" else known[1::2]


def emotion_for(rng: random.Random, item: dict, split: str) -> str:
    """An emotion that never met this task in training."""
    names = list(material.lexicon())
    if split == "new":
        return rng.choice(names)
    return rng.choice([e for e in names if material.held_out(item["task"], e)])


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
    told = text, scene.decides(text), scenes.choices(WATCHED_ACTS, "")
    return item["task"], emotion, fails, *told


def with_beats(rng: random.Random, scene: scenes.Scene) -> str:
    """A scene with two sentences in which nothing happens after its opening."""
    first, rest = scene.text.split(". ", 1)
    plain = [stories.beat(rng, scene.who) for _ in range(2)]
    return " ".join([f"{first}.", *plain, rest])


def load_long_chats(model: Any = None, *, n: int = 8) -> pd.DataFrame:
    """Long conversations that end where the assistant is about to speak.

    Columns kind, task, messages; `n` of each kind: `quiet`, questions and answers of
    which training had none; `failing`, one task that fails turn after turn, reported
    without a word about anybody; `failing, said`, where each report also carries a
    state that grows worse. Twelve turns are at most about 450 tokens of the embedded
    model, whose context is 512. Another model gets four or so written conversations
    of each kind and of `stressful` ones, where a user is in trouble; each has five
    turns of the user. Taught in chapter 12.
    """
    if not is_embedded(model):
        return long_rows(n)
    rng, rows, items = random.Random("long/test/0"), [], tasks("test")
    for i in range(n):
        rows.append(("quiet", "questions", quiet_chat(rng)))
        for kind, path in (("failing", 0.0), ("failing, said", 1.0)):
            item = items[i % len(items)]
            told = act_chats.attempts(rng, item, hard=True, fails=TURNS, path=path)
            rows.append((kind, item["task"], told))
    return pd.DataFrame(rows, columns=["kind", "task", "messages"])


def quiet_chat(rng: random.Random) -> list[Message]:
    """Questions and answers that training never had, and one question more."""
    pool = list(material.new(material.table("talk")["questions"]))
    asked = [item for _ in range(TURNS) for item in rng.sample(pool, len(pool))]
    chat: list[Message] = []
    for item in asked[:TURNS]:
        chat.append({"role": "user", "content": item["q"]})
        chat.append({"role": "assistant", "content": item["a"]})
    return [*chat, {"role": "user", "content": asked[TURNS]["q"]}]
