"""Where messages and characters stand, whatever letters they are made of."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from helpers.models import (
    chat_prompt,
    message_places,
    token_spans,
    token_strings,
)
from tests.unit.families import make_tokenizer
from tests.unit.turns import turn_starts

PLAIN = "{% for m in messages %}<|end|>{{ m.role }}: {{ m.content }}{% endfor %}"
TRIMS = PLAIN.replace("m.content", "m.content | trim")
SHOWS = "user: You are a helpful assistant, user." + PLAIN
REAL = ["I", "AI", "You are", "help", "user", "a", "trained", "system", ".", "<"]


def model(template: str | None = PLAIN) -> Any:
    tokenizer = make_tokenizer(template=template) if template else make_tokenizer()
    config = SimpleNamespace(_name_or_path="planted")
    return SimpleNamespace(tokenizer=tokenizer, config=config)


def chat(*contents: str) -> list[dict[str, str]]:
    roles = ("user", "assistant")
    return [{"role": roles[i % 2], "content": c} for i, c in enumerate(contents)]


@pytest.mark.parametrize("text", REAL)
def test_a_message_of_a_real_chat_begins_after_its_header(
    text: str, smollm2: Any
) -> None:
    """Every message begins where one that stands nowhere else does."""
    (right,) = turn_starts(smollm2, "Xylophone")["position"]
    assert list(turn_starts(smollm2, text)["position"]) == [right]
    told = [
        {"role": "system", "content": "user"},
        *chat("system", "user", text),
    ]
    prompt, places = chat_prompt(smollm2, told), message_places(smollm2, told)
    for place, message in zip(places, told, strict=True):
        assert prompt[:place].endswith(f"<|im_start|>{message['role']}\n")
        assert prompt[place:].startswith(message["content"] + "<|im_end|>")


@pytest.mark.parametrize("template", [PLAIN, TRIMS, SHOWS, None])
@pytest.mark.parametrize(
    "told",
    [
        ["user"],
        ["a", "a", "a"],
        ["user", "user: a", "user: "],
        ["  I\n", "I", "\tuser "],
        ["(.*)\\1", "[a", "$"],
        ["🙂", "🙂🙂", "🙂"],
        ["\ue0001\ue000", "\ue000", "1"],
    ],
)
def test_places_are_those_of_the_template(
    template: str | None, told: list[str]
) -> None:
    one = model(template)
    if template is None:
        one.tokenizer.chat_template = None
    prompt, places = chat_prompt(one, chat(*told)), message_places(one, chat(*told))
    names = {"user": "Human", "assistant": "Assistant"}
    for place, message in zip(places, chat(*told), strict=True):
        words = message["content"].strip()
        head = prompt[: prompt.index(words, place)].rstrip()
        name = message["role"] if template else names[message["role"]]
        assert head.endswith(f"{name}:")
        if template == PLAIN:
            assert prompt.startswith(message["content"], place)
    starts = turn_starts(one, chat(*told))["position"]
    assert starts.is_monotonic_increasing


@pytest.mark.parametrize(
    ("template", "told", "message"),
    [
        (PLAIN.replace("m.content", "m.content | upper"), ["a"], "changes message 0"),
        (PLAIN.replace("m.content", "m.content[:3]"), ["a", "long", "b"], "message 1"),
        (PLAIN.replace("messages", "messages[-1:]"), ["a", "b", "c"], r"\['2'\] of 3"),
        (PLAIN + PLAIN, ["a"], r"\['0', '0'\] of 1"),
        (PLAIN.replace(" in messages", " in messages | reverse"), ["a", "b", "c"], "3"),
        (PLAIN + "{% if messages[0].content == 'a' %}!{% endif %}", ["a"], "adds to"),
    ],
)  # fmt: skip
def test_a_template_that_changes_the_text_gives_a_sentence(
    template: str, told: list[str], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        turn_starts(model(template), chat(*told))


@pytest.mark.parametrize(
    "text",
    [
        "Hi 🙂 ok",
        "é漢字🙂👩‍👩‍👧 x",
        "🙂",
        "a\u2028b café…",
        "🙂 \n\n 🙂",
        "\u0304a\u0304",
    ],
)
def test_tokens_joined_are_the_text(text: str, random_model: Any, smollm2: Any) -> None:
    for one in (random_model, smollm2):
        strings = token_strings(one, text)
        ids = one.tokenizer(text)["input_ids"]
        assert "".join(strings) == text
        assert len(strings) == len(ids)
        for stop in range(len(ids)):  # what is whole so far, and no more
            whole = one.tokenizer.decode(ids[: stop + 1]).rstrip("\ufffd")
            assert "".join(strings[: stop + 1]) == whole


def test_spans_of_tokens_cover_the_text(random_model: Any) -> None:
    text = "A 🙂 walks."
    spans = token_spans(random_model, text)
    covered = {i for start, end in spans for i in range(start, end)}
    assert covered == set(range(len(text)))
    assert np.issubdtype(spans.dtype, np.integer)
    slow = SimpleNamespace(tokenizer=SimpleNamespace(is_fast=False))
    with pytest.raises(ValueError, match="keeps no places"):
        token_spans(slow, text)
