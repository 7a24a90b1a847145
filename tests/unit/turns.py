"""Where the turns of a chat begin, told by the places of its messages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from helpers.models import chat_prompt, message_places, token_spans
from helpers.models.chats import Message
from helpers.models.places import as_chat, lead


def turn_starts(model: Any, messages: str | Sequence[Message]) -> pd.DataFrame:
    """Where each message of a chat begins in its prompt: position, label (the role).

    Raises ValueError as `chat_prompt` and `message_places` do.
    """
    chat = as_chat(messages)
    ends = token_spans(model, chat_prompt(model, chat))[:, 1]
    rows = [
        (int((ends > at + lead(m["content"])).argmax()), m["role"])
        for at, m in zip(message_places(model, chat), chat, strict=True)
    ]
    return pd.DataFrame(rows, columns=["position", "label"])
