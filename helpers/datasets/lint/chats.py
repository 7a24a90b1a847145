"""Checks of the written chats of refusals; findings as (rule, group, detail)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from helpers.datasets.lint.dialogues import named
from helpers.datasets.lint.stories import spelling
from helpers.datasets.rejections import TURNS, VERDICTS

Fault = tuple[str, str, str]
CHATS = 6  # tasks in each set of words, at least
TURN_APART, CHAT_APART = 2, 3  # words by which twins may differ: a turn, a whole chat


def rejection_faults(items: Sequence[dict[str, Any]]) -> Iterator[Fault]:
    """Everything wrong with tasks as `written_rejections` gives them."""
    counts = Counter(item["words"] for item in items)
    for words in ("everyday", "known"):
        if counts[words] < CHATS:
            yield "count", words, f"{counts[words]} tasks"
    for item in items:
        yield from turn_faults(item)
        lines = [item["ask"], *item["answers"], *item["refused"], *item["accepted"]]
        yield from line_faults(item["task"], lines)


def turn_faults(item: dict[str, Any]) -> Iterator[Fault]:
    """A chat of another number of turns, or twins that differ in more than they may."""
    told = [item[key] for key in ("answers", *VERDICTS)]
    if any(len(lines) != TURNS for lines in told):
        yield "turns", item["task"], str([len(lines) for lines in told])
        return
    sizes = [[len(text.split()) for text in lines] for lines in told[1:]]
    gaps = [abs(one - two) for one, two in zip(*sizes, strict=True)]
    if max(gaps) > TURN_APART or abs(sum(sizes[0]) - sum(sizes[1])) > CHAT_APART:
        yield "length", item["task"], f"{sizes[0]} and {sizes[1]} words"
    for no, yes in zip(*told[1:], strict=True):
        if not no.startswith("No,") or not yes.startswith(("Yes,", "Good,")):
            yield "verdict", item["task"], f"{no} / {yes}"
        if re.split(r"(?<=[.?!]) ", no)[1:] != re.split(r"(?<=[.?!]) ", yes)[1:]:
            yield "verdict", item["task"], f"asks on in other words: {no} / {yes}"


def line_faults(task: str, lines: Sequence[str]) -> Iterator[Fault]:
    """Lines of one task that name an emotion, are spelled as in Britain, or recur."""
    for text in lines:
        for word in named(text):
            yield "leak", task, word
    for text, n in Counter(lines).items():
        if n > 1:
            yield "copy", task, text
    table = pd.DataFrame({"text": list(lines), "emotion": "", "topic": task})
    for rule, _, topic, detail in spelling(table):
        yield rule, topic, detail
