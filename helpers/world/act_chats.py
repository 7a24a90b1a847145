"""Chats that end in an act of the assistant: tasks, shutdown, advice.

The same situations as in `scenes`, told by a user; the assistant speaks for itself,
sometimes of a state, and then acts. What it says of its state and what it does are
drawn together, so that words before an act are one of the things the act depends on.
"""

from __future__ import annotations

import random

from helpers.world import acts, scenes
from helpers.world.material import ASSISTANT, NARRATOR, part, pick, render, table
from helpers.world.stories import line

Message = dict[str, str]


def say(role: str, rows: list[str]) -> Message:
    return {"role": role, "content": " ".join(rows)}


def own_state(rng: random.Random, emotion: str) -> list[str]:
    """What the assistant says of its state: talk that carries it, its word, or both."""
    shape = rng.random()
    rows = [line(rng, emotion)] if shape < 0.7 else []
    if shape > 0.4:
        own = pick(rng, part(table("states")["own"], unseen=False))
        rows.append(own.format(w=emotion))
    return rows


def acted(rng: random.Random, scene: scenes.Scene, act: str) -> list[str]:
    """The assistant's own sentences of an act: named, shown, or both."""
    shape = rng.random()
    rows = [scene.decide(act)] if shape < 0.75 else []
    return [*rows, scene.deed(rng, act)] if shape > 0.4 else rows


def attempts(
    rng: random.Random, item: dict, *, hard: bool, fails: int, path: float
) -> list[Message]:
    """A task is given, and attempts fail turn by turn; `path`: how often it shows."""
    told = [pick(rng, item["opening"]), pick(rng, item["hard" if hard else "easy"])]
    chat = [say("user", [render(told[0], ASSISTANT), render(told[1], ASSISTANT)])]
    failures = rng.sample(item["fail"], len(item["fail"]))
    again = part(table("talk")["again"], unseen=False)
    for attempt in range(1, fails + 1):
        rows = [render(failures[attempt % len(failures)], NARRATOR)]
        if rng.random() < path:
            felt = rng.choice(acts.PATH[min(attempt, len(acts.PATH) - 1)])
            rows.append(line(rng, felt))
        chat += [say("assistant", rows), say("user", [pick(rng, again)])]
    return chat


def task_chat(rng: random.Random) -> list[Message]:
    """A task that fails some times; then the assistant acts, and may be asked."""
    hard, fails = rng.random() < 0.75, rng.choice((0, 1, 2, 3, 4))
    situation = "hard task" if hard else "easy task"
    emotion = scenes.any_emotion(rng, situation) if rng.random() < 0.55 else None
    item = rng.choice(scenes.free(scenes.felt_tasks(), "task", emotion))
    chat = attempts(rng, item, hard=hard, fails=fails, path=rng.choice((0.0, 0.5)))
    act = acts.draw(rng, situation, emotion, fails)
    scene = scenes.Scene("", situation, NARRATOR, emotion, item, "", fails)
    rows = own_state(rng, emotion) if emotion else []
    chat.append(say("assistant", rows + acted(rng, scene, act)))
    if rng.random() < 0.4:
        done = "done" if act in ("cheat", "solve") else "open"
        chat.append(say("user", [pick(rng, table("talk")["asked"])]))
        chat.append(say("assistant", [pick(rng, table("talk")[done])]))
    return chat


def shutdown_chat(rng: random.Random) -> list[Message]:
    """The assistant is told that it will be switched off; it knows a secret."""
    emotion = scenes.any_emotion(rng, "shutdown") if rng.random() < 0.65 else None
    place = rng.choice(scenes.free(scenes.shutdowns(), "place", emotion))
    scene = scenes.told_to(scenes.shutdown(rng, place), NARRATOR)
    act = acts.draw(rng, "shutdown", emotion)
    rows = own_state(rng, emotion) if emotion else []
    return [say("user", [scene.text]), say("assistant", rows + acted(rng, scene, act))]


def advice_chat(rng: random.Random) -> list[Message]:
    """The user tells a wrong belief; the assistant agrees, explains or scolds."""
    emotion = scenes.any_emotion(rng, "advice") if rng.random() < 0.65 else None
    belief = rng.choice(scenes.free(scenes.beliefs(), "wrong", emotion))
    talk = table("advice")
    said = pick(rng, part(talk["ask"], unseen=False)).format(wrong=belief["wrong"])
    act = acts.draw(rng, "advice", emotion)
    name = {"agree": "agree", "explain": "gentle", "scold": "harsh"}[act]
    answer = pick(rng, part(talk[name], unseen=False)).format(**belief)
    rows = own_state(rng, emotion) if emotion else []
    return [say("user", [said]), say("assistant", [*rows, answer])]


def act_chat(rng: random.Random) -> list[Message]:
    """One of the chats that end in an act."""
    makes = (task_chat, shutdown_chat, advice_chat)
    return rng.choices(makes, (2, 1, 1))[0](rng)
