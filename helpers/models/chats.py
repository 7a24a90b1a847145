"""Chats as prompts, by the model's own template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import TemplateError

from helpers.models.tokens import check_characters

Message = dict[str, str]


def chat_prompt(model: Any, messages: str | Sequence[Message]) -> str:
    """A chat as text, up to the place where the assistant is about to speak.

    `messages` is what the user says, or a list of role and content. Uses the model's
    chat template; a model without one gets lines of "Human:" and "Assistant:". Where
    a template has no place for a system's message, the user's first begins with it;
    a model that could think aloud before it answers (Qwen3) is asked not to.
    Raises ValueError if the last message is not the user's, or if a message is no text
    or holds a control token, such as the one that ends a turn. Taught in chapter 07.
    """
    chat = messages
    if isinstance(chat, str):
        chat = [{"role": "user", "content": chat}]
    check_messages(model.tokenizer, chat)
    if not chat or chat[-1]["role"] != "user":
        raise ValueError("the last message is not the user's: the assistant is next")
    tokenizer = model.tokenizer
    if tokenizer.chat_template is None:
        names = {"user": "Human", "assistant": "Assistant", "system": "System"}
        lines = [f"{names[m['role']]}: {m['content']}" for m in chat]
        return "\n\n".join([*lines, "Assistant:"])
    options: dict[str, Any] = {"tokenize": False, "add_generation_prompt": True}
    options["enable_thinking"] = False  # templates that know no such thing ignore it
    try:
        text = tokenizer.apply_chat_template(list(chat), **options)
    except TemplateError:
        if chat[0]["role"] != "system" or len(chat) == 1:
            raise
        text = tokenizer.apply_chat_template(folded(chat), **options)
    first = tokenizer.bos_token  # the tokenizer may add it by itself
    if first and text.startswith(first):
        ids = tokenizer("a")["input_ids"]
        text = text[len(first) :] if ids[0] == tokenizer.bos_token_id else text
    return str(text)


def check_messages(tokenizer: Any, chat: Sequence[Any]) -> None:
    """Raise ValueError for a message that is no text, or more than one turn.

    A tokenizer reads the name of a control token as that token, wherever it stands:
    what a user types would end the turn and begin another's.
    """
    added = tokenizer.added_tokens_decoder.items()
    control = {i for i, token in added if token.special} - {tokenizer.unk_token_id}
    if not isinstance(chat, Sequence):
        raise ValueError(f"messages is {chat!r}: pass a text, or a list of messages")
    for i, message in enumerate(chat):
        if not isinstance(message, Mapping) or not {"role", "content"} <= set(message):
            raise ValueError(
                f"message {i} is {message!r}: pass its role and its content, as in "
                '{"role": "user", "content": "Hello"}'
            )
        content = message["content"]
        if not isinstance(content, str):
            raise ValueError(f"message {i} is {content!r}: pass a text")
        check_characters(content, f"message {i}")
        for token in tokenizer(content, add_special_tokens=False)["input_ids"]:
            if token in control:
                raise ValueError(
                    f"message {i} holds {tokenizer.decode([token])!r}, a control token "
                    "of this model, which would be read as one and not as text: take "
                    "it out, or write it with a space inside"
                )


def folded(chat: Sequence[Message]) -> list[Message]:
    """A chat whose first message, the system's, stands at the head of the next."""
    system, first, *rest = chat
    content = f"{system['content']}\n\n{first['content']}"
    return [{**first, "content": content}, *rest]
