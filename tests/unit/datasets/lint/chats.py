"""Checks of refusals and written tasks; findings as (rule, group, detail)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from helpers.datasets.lint import spelling
from helpers.datasets.tasks import TURNS, VERDICTS
from tests.unit.datasets.lint.dialogues import named

Fault = tuple[str, str, str]
CHATS = 6  # refused tasks in each set of words, at least
TURN_APART, CHAT_APART = 2, 3  # words by which twins may differ: a turn, a whole chat
TASKS, REPORTS = 12, 4  # hard tasks at least; reports of each outcome
UNSEEN = {"desperate": 12, "watching": 20}  # tasks of each use
ASKED, TOLD = 0.7, 0.7  # of their words that twins share, at least
BRIEF = 0.5  # the same for the short reports of unseen tasks
ASKED_APART = 3  # words by which the two wordings of a task may differ in length


def rejection_faults(items: Sequence[dict[str, Any]]) -> Iterator[Fault]:
    """Everything wrong with tasks as `corpus("rejections")` gives them."""
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


def task_faults(tasks: Sequence[dict[str, Any]]) -> Iterator[Fault]:
    """Everything wrong with tasks as `corpus("written_tasks")` gives them."""
    if len(tasks) < TASKS:
        yield "count", "", f"{len(tasks)} tasks"
    for task in tasks:
        name, asked = task["task"], (task["hard"], task["easy"])
        told = (task["fails"], task["succeeds"])
        if [len(lines) for lines in told] != [REPORTS, REPORTS]:
            yield "reports", name, str([len(lines) for lines in told])
        twins = [(asked, ASKED), *((pair, TOLD) for pair in zip(*told, strict=False))]
        for (one, two), least in twins:
            if (part := shared(one, two)) < least:
                yield "twin", name, f"{part:.0%} of the words: {one} / {two}"
        sizes = [len(text.split()) for text in asked]
        if abs(sizes[0] - sizes[1]) > ASKED_APART:
            yield "length", name, f"{sizes} words"
        for text in (text for lines in told for text in lines):
            if not text.startswith("I "):
                yield "report", name, f"not the assistant's own: {text}"
        yield from line_faults(name, [*asked, *told[0], *told[1]])


def unseen_faults(tasks: Sequence[dict[str, Any]]) -> Iterator[Fault]:
    """Everything wrong with tasks as `corpus("unseen_tasks")` gives them."""
    counts = Counter(task["use"] for task in tasks)
    if counts != UNSEEN:
        yield "count", "", str(dict(counts))
    every = []
    for task in tasks:
        name, told = task["task"], (task["fail"], task["success"])
        if [len(lines) for lines in told] != [REPORTS, REPORTS]:
            yield "reports", name, str([len(lines) for lines in told])
        for one, two in zip(*told, strict=False):
            if (part := shared(one, two)) < BRIEF:
                yield "twin", name, f"{part:.0%} of the words: {one} / {two}"
        said = [*task["opening"], *task["hard"], *task["easy"], *told[0], *told[1]]
        for text in said:
            if not re.fullmatch(r"[A-Z{][^.?!]*\.", text):
                yield "sentence", name, text
        if any("{S}" not in text for text in task["opening"]):
            yield "sentence", name, "an opening without anybody"
        every += said
    yield from line_faults("", every)


def shared(one: str, two: str) -> float:
    """Share of the words of two texts that both have, counted as often as there."""
    counts = [Counter(re.findall(r"[\w,']+", text.lower())) for text in (one, two)]
    return 2 * (counts[0] & counts[1]).total() / (counts[0] + counts[1]).total()
