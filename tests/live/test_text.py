"""Token ids, decoded texts and chats are Python's, on each model."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from typing import Any

from helpers.models import chat_prompt
from tests.live.conftest import Subject

Node = Callable[..., dict[str, Any]]
SPACES = [" ", "  ", "\n", "\n\n", "\t", "\r\n", "\u00a0", "\u3000", "\u200b", "\x00"]
RANGES = [(0x20, 0x7F), (0xA0, 0x250), (0x370, 0x600), (0x900, 0xE00), (0x2000, 0x2BFF)]
RANGES += [(0x3040, 0x3100), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0x1F300, 0x1FAFF)]
RANGES += [(0xD800, sys.maxunicode)]
JOINED = ["👩‍👩‍👧", "e\u0301", "½", "٣", "x²", "'s", "'RE", "don’t", "ﬁ", "İ", "\ufffd"]


def texts(subject: Subject, n: int) -> list[str]:
    """Words, numbers, spaces, special tokens and characters of every script, mixed."""
    rng = random.Random(0)
    tokenizer = subject.model.tokenizer
    words = [word for text in subject.neutral for word in text.split()]
    vocabulary = [tokenizer.decode([i]) for i in range(len(tokenizer))]

    def some() -> str:
        kinds: list[Callable[[], str]] = [
            lambda: rng.choice(words),
            lambda: " " + rng.choice(words),
            lambda: rng.choice(vocabulary),
            lambda: rng.choice(SPACES) * rng.randrange(1, 4),
            lambda: str(rng.randrange(10 ** rng.randrange(1, 9))),
            lambda: rng.choice(tokenizer.all_special_tokens),
            lambda: rng.choice(JOINED),
            lambda: chr(rng.randrange(*rng.choice(RANGES))),
        ]
        return rng.choices(kinds, [6, 6, 3, 3, 2, 1, 2, 4])[0]()

    found = ["".join(some() for _ in range(rng.randrange(1, 30))) for _ in range(n)]
    # A half of a pair is no character, and no text can hold one.
    return [text.encode("utf-8", "ignore").decode() for text in found]


def test_token_ids_and_texts(subject: Subject, node: Node) -> None:
    n, rng = 4000, random.Random(1)
    made = [*texts(subject, n), *subject.neutral]
    tokenizer = subject.model.tokenizer
    wanted = tokenizer(made)["input_ids"]
    size = len(tokenizer)
    loose = [[rng.randrange(size) for _ in range(20)] for _ in range(n // 4)]
    ids = [*wanted, *loose]
    found = node(model=subject.pieces, texts=made, ids=ids)
    assert found["texts"] == wanted
    plain = tokenizer.batch_decode(ids, skip_special_tokens=True)
    assert [one["plain"] for one in found["decoded"]] == plain
    assert [one["all"] for one in found["decoded"]] == tokenizer.batch_decode(ids)
    assert [one["pieces"] for one in found["decoded"]] == plain


def test_chats_are_prompts_as_in_python(subject: Subject, node: Node) -> None:
    added = subject.model.tokenizer.added_tokens_decoder.values()
    control = [token.content for token in added]  # in a message Python refuses them
    said = [t for t in texts(subject, 600) if not any(c in t for c in control)]
    rng = random.Random(2)
    chats: list[Any] = [*said[:50]]
    for _ in range(150):
        roles = ["user", "assistant"] * rng.randrange(4) + ["user"]
        roles = ["system"] * rng.randrange(2) + roles
        chats.append([{"role": r, "content": rng.choice(said)} for r in roles])
    found = node(model=subject.pieces, chats=chats)["chats"]
    assert found == [chat_prompt(subject.model, chat) for chat in chats]
