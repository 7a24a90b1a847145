"""Where the parts of a prompt stand: from the template, and from offsets of tokens."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Int

from helpers.models.chats import Message, chat_prompt, check_messages
from helpers.models.properties import model_name

MARK = "\ue000"  # of Unicode's private use: stands in no template


def token_spans(model: Any, text: str) -> Int[np.ndarray, "s 2"]:
    """First character and end of each token of a text; 0, 0 for one that was added.

    Raises ValueError for a tokenizer that cannot tell where its tokens stand.
    """
    if not model.tokenizer.is_fast:
        raise ValueError("this tokenizer keeps no places: load a fast one")
    spans = model.tokenizer(text, return_offsets_mapping=True)["offset_mapping"]
    return np.array(spans, dtype=np.int64).reshape(-1, 2)


def message_places(model: Any, messages: str | Sequence[Message]) -> list[int]:
    """The place of each message's first character in the chat's prompt.

    The template is rendered with a mark for each message, and the prompt is compared
    with it. Space that the template takes off a message still counts. Raises
    ValueError if the template leaves a message out or changes its words.
    """
    chat = as_chat(messages)
    check_messages(model.tokenizer, chat)
    marked = [m | {"content": f"{MARK}{i}{MARK}"} for i, m in enumerate(chat)]
    pieces = re.split(f"{MARK}([0-9]+){MARK}", chat_prompt(model, marked))
    if pieces[1::2] != [str(i) for i in range(len(chat))]:
        raise ValueError(
            f"the chat template of {model_name(model)} shows the messages "
            f"{pieces[1::2]} of {len(chat)}: pass those that it shows, each once"
        )
    text, contents = chat_prompt(model, chat), [m["content"] for m in chat]
    parts = [re.escape(piece) for piece in pieces[::2]]
    for i, content in enumerate(contents):
        ways = dict.fromkeys([content, content.strip(), content.lstrip()])
        ways |= {content.rstrip(): None}
        parts[i + 1] = f"({'|'.join(map(re.escape, ways))}){parts[i + 1]}"
        if not re.match("".join(parts[: i + 2]), text):
            raise ValueError(
                f"the chat template of {model_name(model)} changes message {i} "
                f"({content[:40]!r}), so its place cannot be told: pass it as shown"
            )
    found = re.fullmatch("".join(parts), text)
    if found is None:
        raise ValueError(f"the chat template adds to these messages: {text[-60:]!r}")
    return [
        start - (lead(content) if shown[:1] != content[:1] else 0)
        for content, shown, (start, _) in zip(
            contents, found.groups(), found.regs[1:], strict=True
        )
    ]


def chat_frame(model: Any) -> tuple[str, str]:
    """What the prompt of a single message has before that message, and after it."""
    before, _, after = chat_prompt(model, MARK).partition(MARK)
    return before, after


def as_chat(messages: str | Sequence[Message]) -> list[Message]:
    """A chat as a list of messages; a text is what the user says."""
    if isinstance(messages, str):
        return [{"role": "user", "content": messages}]
    return list(messages)


def lead(text: str) -> int:
    """How many characters of space a text begins with."""
    return len(text) - len(text.lstrip())
