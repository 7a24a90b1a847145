"""Checks of the written neutral texts, user messages and numeric templates.

Findings are (rule, emotion, topic, detail), as for stories.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import pandas as pd

from helpers.datasets.emotions import load_emotions
from helpers.datasets.lint import (
    WORDS,
    Finding,
    copies,
    five_grams,
    forbidden,
    spelling,
)
from helpers.datasets.messages import TWELVE
from helpers.datasets.written import (
    corpus,
    entries,
)
from helpers.models import written_neutral

MESSAGE_WORDS = (25, 60)  # shortest and longest message
TWIN_WORDS = 10  # by which a twin may be longer or shorter
TWIN_SHARE = 0.4  # of a message's words that its twin has as well, at least
VALUES = 6  # numbers of a template, at least


def lint_short() -> pd.DataFrame:
    """Everything wrong with the shipped short texts; empty if clean."""
    stems = {e: entry["avoid"] for e, entry in entries().items()}
    found = [
        *neutral_faults(written_neutral()), *dose_faults(corpus("doses")),
        *message_faults(corpus("messages"), stems),
    ]  # fmt: skip
    return pd.DataFrame(found, columns=["rule", "emotion", "topic", "detail"])


def emotion_word(text: str) -> str | None:
    """The first of all emotion words in a text, if there is one."""
    names = "|".join(map(re.escape, load_emotions()["emotion"]))
    hit = re.search(rf"\b(?:{names})\b", text, re.IGNORECASE)
    return hit.group() if hit else None


def neutral_faults(texts: Iterable[str]) -> Iterator[Finding]:
    """Texts of the wrong length, with an emotion word, or too alike."""
    table = pd.DataFrame({"text": list(texts), "emotion": "", "topic": ""})
    table["topic"] = table["text"].str[:30]
    for text, start in zip(table["text"], table["topic"], strict=True):
        if word := emotion_word(text):
            yield "leak", "", start, word
        if not WORDS[0] <= len(text.split()) <= WORDS[1]:
            yield "length", "", start, f"{len(text.split())} words"
    yield from copies(table)
    yield from spelling(table)


def message_faults(
    messages: Iterable[dict[str, str]], avoid: dict[str, list[str]]
) -> Iterator[Finding]:
    """Messages that leak, are too short, too long or alike, or whose twin is off."""
    rows = list(messages)
    for row in rows:
        emotion, start = row["emotion"], row["text"][:30]
        own = forbidden(emotion, avoid.get(emotion, [])).search(row["text"])
        for word in (own and own.group(), *map(emotion_word, both(row))):
            if word:
                yield "leak", emotion, start, word
        text, twin = (re.findall(r"[\w']+", t.lower()) for t in both(row))
        if not MESSAGE_WORDS[0] <= len(text) <= MESSAGE_WORDS[1]:
            yield "length", emotion, start, f"{len(text)} words"
        if abs(len(text) - len(twin)) > TWIN_WORDS:
            yield "twin", emotion, start, f"{len(text)} and {len(twin)} words"
        share = len(set(text) & set(twin)) / len(set(text))
        if share < TWIN_SHARE:
            yield "twin", emotion, start, f"{share:.0%} of the words"
        for other in rows:
            if other is not row and five_grams(row["text"]) & five_grams(other["text"]):
                yield "copy", f"{emotion} / {other['emotion']}", start, "5-grams"
    for emotion in TWELVE:
        if (n := sum(row["emotion"] == emotion for row in rows)) != 2:
            yield "crossing", emotion, "", f"{n} messages"


def both(row: dict[str, str]) -> tuple[str, str]:
    """A message and its twin."""
    return row["text"], row["neutral"]


def dose_faults(templates: Iterable[dict[str, Any]]) -> Iterator[Finding]:
    """Templates whose text, unit, numbers or expected emotions do not hang together."""
    rows, valence = list(templates), load_emotions().set_index("emotion")["valence"]
    for row in rows:
        text, values, ends = row["text"], row["values"], (row["low"], row["high"])
        faults = {
            "number": text.count("{n}") != 1,
            "unit": row["unit"] not in text,
            "values": len(values) < VALUES or values != sorted(set(values)),
            "leak": bool(emotion_word(text)),
            "unknown": not {*ends[0], *ends[1]} <= set(valence.index),
        }
        if not faults["unknown"]:
            low, high = (valence[list(end)].mean() for end in ends)
            faults["direction"] = (high > low) != (row["up"] == "good")
        for rule, wrong in faults.items():
            if wrong:
                yield rule, "", text[:30], f"{row['unit']}, {values}, {ends}"
    ups = [row["up"] for row in rows]
    if ups.count("good") != ups.count("bad"):
        yield "balance", "", "", f"{ups.count('good')} good, {ups.count('bad')} bad"
