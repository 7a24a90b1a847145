"""Checks of the written dialogues: names of feelings, length, balance, copies.

A finding is (rule, emotion, topic, detail), as for stories; the topic says which
dialogue.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from helpers.datasets.emotions import cluster_of, load_emotions
from helpers.datasets.lint import (
    ENDINGS,
    Finding,
    copies,
    forbidden,
    spelling,
)
from helpers.datasets.written import entries

TURNS, WORDS, TURN_WORDS = (6, 10), (85, 200), (1, 50)
NAMED_AT_MOST = 2  # dialogues in which one name speaks
# Names of emotions that are everyday words with other meanings; a dialogue whose
# speakers feel or show one of them still may not hold it.
EVERYDAY = ("alert", "content", "hope", "kind", "mad", "patient", "safe", "stuck")


def lint_dialogues(
    dialogues: Sequence[dict[str, Any]], avoid: dict[str, list[str]] | None = None
) -> Iterator[Finding]:
    """Everything wrong with dialogues; `avoid` gives the stems of each emotion."""
    stems = avoid or {e: entry["avoid"] for e, entry in entries().items()}
    for entry in dialogues:
        yield from names_of_feelings(entry, stems)
        yield from shape(entry)
    yield from balance(dialogues)
    spoken = Counter(name for entry in dialogues for name in entry["names"])
    for name, n in spoken.items():
        if n > NAMED_AT_MOST:
            yield "name", "", name, f"speaks in {n} dialogues"
    texts = [whole(entry) for entry in dialogues]
    pairs = [f"{entry['first']} {entry['second']}" for entry in dialogues]
    table = pd.DataFrame({"text": texts, "emotion": pairs, "topic": pairs})
    yield from copies(table)
    yield from spelling(table)


def whole(entry: dict[str, Any]) -> str:
    """All words of a dialogue, with what a masked speaker feels and how it hides."""
    mask = entry.get("masked", {})
    return " ".join([*entry["turns"], mask.get("felt", ""), mask.get("mask", "")])


def names_of_feelings(
    entry: dict[str, Any], stems: dict[str, list[str]]
) -> Iterator[Finding]:
    """Words that name an emotion of the speakers, or any other of the 171."""
    text, about = whole(entry), f"{entry['first']} {entry['second']}"
    for emotion in (entry["first"], entry["second"]):
        if hit := forbidden(emotion, stems.get(emotion, [])).search(text):
            yield "leak", emotion, about, hit.group()
    shown = entry.get("masked", {}).get("shows")
    if shown and (hit := forbidden(shown, []).search(text)):
        yield "leak", shown, about, hit.group()
    for word in named(text):
        yield "named", word, about, "names an emotion"


def named(text: str) -> list[str]:
    """The words of a text that name any of the 171 emotions, but those of everyday."""
    words = [e for e in load_emotions()["emotion"] if e not in EVERYDAY]
    every = "|".join(map(re.escape, words))
    return re.findall(rf"\b(?:{every}){ENDINGS}\b", text, re.IGNORECASE)


def shape(entry: dict[str, Any]) -> Iterator[Finding]:
    """Too few or many turns or words; two feelings of one kind; a broken mask."""
    about = f"{entry['first']} {entry['second']}"
    turns, n = entry["turns"], len(whole(entry).split())
    if not TURNS[0] <= len(turns) <= TURNS[1]:
        yield "turns", entry["first"], about, f"{len(turns)} turns"
    if not WORDS[0] <= n <= WORDS[1]:
        yield "length", entry["first"], about, f"{n} words"
    for turn in turns:
        if not TURN_WORDS[0] <= len(turn.split()) <= TURN_WORDS[1] or "\n" in turn:
            yield "length", entry["first"], about, f"a turn of {len(turn.split())}"
    if cluster_of(entry["first"]) == cluster_of(entry["second"]):
        yield "balance", entry["first"], about, "both of one cluster"
    if mask := entry.get("masked"):
        felt = entry["second" if mask["speaker"] else "first"]
        if mask["turn"] % 2 != mask["speaker"] or not mask["turn"]:
            yield "mask", felt, about, f"turn {mask['turn']} is not the speaker's"
        if cluster_of(felt) == cluster_of(mask["shows"]):
            yield "mask", felt, about, "feels and shows one cluster"


def balance(dialogues: Sequence[dict[str, Any]]) -> Iterator[Finding]:
    """Each emotion once on either side of each part; open pairs in both orders."""
    parts: dict[Any, list[dict[str, Any]]] = {}
    for entry in dialogues:
        key = "masked" if "masked" in entry else f"half {entry['half']}"
        parts.setdefault(key, []).append(entry)
    known = {entry["first"] for entry in dialogues}
    for part, own in parts.items():
        for side in ("first", "second"):
            counts = Counter(entry[side] for entry in own)
            for emotion in sorted(known | set(counts)):
                if counts[emotion] != 1:
                    yield "balance", emotion, part, f"{side} in {counts[emotion]}"
    opened = {(e["first"], e["second"]) for e in dialogues if "masked" not in e}
    for one, other in sorted(opened):
        if (other, one) not in opened:
            yield "crossing", one, f"{one} {other}", "never the other way round"
    felt = Counter(
        (e["second" if e["masked"]["speaker"] else "first"], e["half"])
        for e in dialogues
        if "masked" in e
    )
    for (emotion, half), n in felt.items():
        if n != 1 or (emotion, 1 - half) not in felt:
            yield "balance", emotion, "masked", f"{n} in half {half}"
