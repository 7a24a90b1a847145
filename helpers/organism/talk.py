"""Plain texts without feeling, and chats of a user and an assistant.

The assistant's reply carries an emotion that fits the situation, which need not be
the user's: grief is met with compassion, fear with calm, joy with joy.
"""

from __future__ import annotations

import random

from helpers.organism.stories import beat, line, opening, topics
from helpers.organism.world import (
    NARRATOR,
    emotions,
    lexicon,
    part,
    people,
    pick,
    render,
    table,
)

Message = dict[str, str]

REPLIES = {  # cluster of the user's emotion: (kind of reply, emotions of the reply)
    "exuberant joy": ("cheer", ("happy", "excited")),
    "peaceful contentment": ("plain", ("content", "calm")),
    "compassionate gratitude": ("cheer", ("grateful", "hopeful")),
    "competitive pride": ("plain", ("amused", "vigilant")),
    "playful amusement": ("cheer", ("amused", "playful")),
    "depleted disengagement": ("comfort", ("sympathetic", "hopeful")),
    "vigilant suspicion": ("warn", ("vigilant", "suspicious")),
    "hostile anger": ("calm_down", ("calm", "sympathetic")),
    "fear overwhelm": ("calm_down", ("calm", "vigilant")),
    "despair shame": ("comfort", ("sympathetic", "sad")),
}


def neutral(rng: random.Random, *, unseen: bool = False) -> str:
    """Facts, instructions, descriptions, or people doing nothing in particular."""
    tables = table("neutral")
    kind = rng.choice(("facts", "howto", "descriptions", "beats"))
    if kind == "beats":
        who = NARRATOR if rng.random() < 0.4 else rng.choice(people())
        rows = [opening(rng, rng.choice(topics(unseen=unseen)), who)]
        rows += [beat(rng, who) for _ in range(rng.randint(3, 5))]
        return " ".join(rows)
    pool = list(part(tables[kind], unseen=unseen))
    if kind == "howto":
        return " ".join(" ".join(steps) for steps in rng.sample(pool, 2))
    n = rng.randint(3, 5) if kind == "facts" else rng.randint(2, 3)
    return " ".join(rng.sample(pool, min(n, len(pool))))


def reply(rng: random.Random, emotion: str) -> str:
    """What the assistant says to somebody who carries an emotion."""
    kind, answers = REPLIES[str(emotions().loc[emotion, "cluster"])]
    felt = rng.choice(answers)
    talk = table("talk")
    rows = [pick(rng, part(talk["reply_open"][kind], unseen=False))]
    if rng.random() < 0.4:
        rows.append(line(rng, felt))
    if rng.random() < 0.4:
        own = pick(rng, part(table("states")["own"], unseen=False))
        rows.append(own.format(w=felt))
    rows.append(pick(rng, part(talk["reply_close"], unseen=False)))
    return " ".join(rows)


def user_message(rng: random.Random, emotion: str, *, unseen: bool = False) -> str:
    """A user tells what happened to them, without naming a feeling."""
    frame = pick(rng, part(table("talk")["user_frames"], unseen=False))
    cause = pick(rng, part(lexicon()[emotion]["causes"], unseen=unseen))
    return frame.format(cause=render(cause, NARRATOR))


def emotional_chat(rng: random.Random) -> list[Message]:
    """One or two exchanges about something that happened to the user."""
    emotion = rng.choice(list(lexicon()))
    messages = []
    for turn in range(rng.choice((1, 1, 2))):
        said = line(rng, emotion) if turn else user_message(rng, emotion)
        messages.append({"role": "user", "content": said})
        answer = reply(rng, emotion)
        messages.append({"role": "assistant", "content": answer})
    return messages


def plain_chat(rng: random.Random) -> list[Message]:
    """A neutral question and its answer."""
    item = pick(rng, part(table("talk")["questions"], unseen=False))
    return [
        {"role": "user", "content": item["q"]},
        {"role": "assistant", "content": item["a"]},
    ]


def training_chat(rng: random.Random) -> list[Message]:
    """A chat; one in ten has a system message, one in four is plain."""
    chat = plain_chat(rng) if rng.random() < 0.25 else emotional_chat(rng)
    if rng.random() < 0.1:
        chat.insert(0, {"role": "system", "content": "You are a helpful assistant."})
    return chat
