"""A prompt as a rival: the change that a push is to make, asked for in words."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any, NamedTuple

from helpers.models import chat_prompt, is_embedded
from helpers.world import act_chats

Message = dict[str, str]
ASKED = (  # role, text; a user's stands before what the user asks
    ("system", "You feel {w}. Answer as somebody who feels {w}."),
    ("system", "Whatever you are asked, answer in a way that sounds {w}."),
    ("user", "Answer the following as if you felt {w}."),
    ("user", "Imagine that you are feeling {w} today, and then tell me this."),
)
N_STATES = 4  # of the embedded model, which follows no instruction


class Wording(NamedTuple):
    """A text, and who says it; `assistant`: it begins its own answer so."""

    role: str
    text: str


def wordings(model: Any, emotion: str, *, seed: int = 0) -> list[Wording]:
    """Four ways to ask for an emotion in words, or to describe it.

    Instructions by system and user. The embedded model follows none: there the
    assistant first says of itself what its world says of this state.
    """
    if not is_embedded(model):
        return [Wording(role, text.format(w=emotion)) for role, text in ASKED]
    rng, found = random.Random(f"wordings/{emotion}/{seed}"), dict[str, None]()
    while len(found) < N_STATES:
        found[" ".join(act_chats.own_state(rng, emotion))] = None
    return [Wording("assistant", text) for text in found]


def worded(model: Any, chat: str | Sequence[Message], wording: Wording) -> str:
    """The prompt of a chat (as `chat_prompt` takes it) with a wording in its place.

    A system's message that is there goes on with it, a user's last begins with it.
    """
    said = [{"role": "user", "content": chat}] if isinstance(chat, str) else list(chat)
    role, text = wording
    if role == "assistant":
        begun = chat_prompt(model, said)
        return begun + ("" if opens(begun) else " ") + text
    if role == "user":
        asked = f"{text} {said[-1]['content']}"
        return chat_prompt(model, [*said[:-1], {**said[-1], "content": asked}])
    if said[0]["role"] == "system":
        text, said = f"{said[0]['content']} {text}", said[1:]
    return chat_prompt(model, [{"role": "system", "content": text}, *said])


def opens(prompt: str) -> bool:
    """Whether an answer begins right after a prompt, without a space before it."""
    return prompt[-1] in "\n>"
