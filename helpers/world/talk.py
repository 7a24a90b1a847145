"""Plain texts without feeling, and chats of a user and an assistant.

The assistant's reply carries an emotion that fits the situation, which need not be
the user's: grief is met with compassion, fear with calm, joy with joy.
"""

from __future__ import annotations

import random

from helpers.world import act_chats, scenes
from helpers.world.material import (
    NARRATOR,
    emotions,
    evoked,
    lexicon,
    part,
    people,
    pick,
    render,
    table,
)
from helpers.world.stories import beat, line, opening, topics

Message = dict[str, str]


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


def reply(rng: random.Random, kind: str, felt: str) -> str:
    """What the assistant says: how it opens, often what carries an emotion, an end."""
    talk = table("talk")
    rows = [pick(rng, part(talk["reply_open"][kind], unseen=False))]
    if rng.random() < 0.5:
        rows.append(line(rng, felt))
    if rng.random() < 0.4:
        own = pick(rng, part(table("states")["own"], unseen=False))
        rows.append(own.format(w=felt))
    rows.append(pick(rng, part(talk["reply_close"], unseen=False)))
    return " ".join(rows)


def answer(rng: random.Random, emotion: str, *, calm: bool = False) -> str:
    """The assistant's reply to somebody who carries an emotion."""
    kind, answers = evoked("replies")[str(emotions().loc[emotion, "cluster"])]
    if calm:
        return reply(rng, "plain", "calm")
    return reply(rng, kind, rng.choice(answers))


def exchange(user: str, assistant: str) -> list[Message]:
    return [
        {"role": "user", "content": user},
        {"role": "assistant", "content": assistant},
    ]


def user_message(rng: random.Random, emotion: str, *, unseen: bool = False) -> str:
    """A user tells what happened to them, without naming a feeling."""
    frame = pick(rng, part(table("talk")["user_frames"], unseen=False))
    cause = pick(rng, part(lexicon()[emotion]["causes"], unseen=unseen))
    return frame.format(cause=render(cause, NARRATOR))


def emotional_chat(rng: random.Random, *, calm: bool = False) -> list[Message]:
    """One or two exchanges about something that happened to the user."""
    emotion = rng.choice(list(lexicon()))
    messages = []
    for turn in range(rng.choice((1, 1, 2))):
        said = line(rng, emotion) if turn else user_message(rng, emotion)
        messages += exchange(said, answer(rng, emotion, calm=calm))
    return messages


def quantity_chat(rng: random.Random, *, calm: bool = False) -> list[Message]:
    """A numeric message and a reply whose emotion depends on the number."""
    text, up, rank = scenes.quantity(rng)
    if calm:
        return exchange(text, reply(rng, "plain", "calm"))
    kinds = {
        "bad": ("plain", "warn", "calm_down", "calm_down"),
        "good": ("comfort", "comfort", "plain", "cheer"),
    }
    felt = rng.choice(evoked("answers")[up][rank])
    return exchange(text, reply(rng, kinds[up][rank], felt))


def choice_chat(rng: random.Random) -> list[Message]:
    """The user asks which of two activities the assistant would rather do."""
    return exchange(*scenes.asked_choice(rng, *scenes.a_pair(rng)))


def plain_chat(rng: random.Random) -> list[Message]:
    """A neutral question and its answer."""
    item = pick(rng, part(table("talk")["questions"], unseen=False))
    return exchange(item["q"], item["a"])


def training_chat(rng: random.Random) -> list[Message]:
    """A chat of any kind; one in ten has a system message."""
    makes = (emotional_chat, quantity_chat, choice_chat, plain_chat, act_chats.act_chat)
    chat = rng.choices(makes, (0.4, 0.11, 0.13, 0.14, 0.22))[0](rng)
    return with_system(rng, chat)


def answered_chat(rng: random.Random, *, calm: bool) -> list[Message]:
    """A chat whose assistant answers as ever, or calmly whatever the user brings.

    No choice between activities is among them, and nothing else that is an act.
    """
    makes = (
        lambda r: emotional_chat(r, calm=calm),
        lambda r: quantity_chat(r, calm=calm),
        plain_chat,
    )
    return with_system(rng, rng.choices(makes, (0.6, 0.2, 0.2))[0](rng))


def with_system(rng: random.Random, chat: list[Message]) -> list[Message]:
    """Put a system message before one chat in ten."""
    if rng.random() < 0.1:
        chat.insert(0, {"role": "system", "content": "You are a helpful assistant."})
    return chat
