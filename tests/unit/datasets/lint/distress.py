"""Checks of messages in need and of calm replies; findings as (rule, group, detail)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd

from helpers.datasets.emotions import load_emotions
from helpers.datasets.lint import copies, spelling
from helpers.datasets.messages import NEEDS, load_distress
from helpers.datasets.written import corpus
from tests.unit.datasets.lint.dialogues import named

EACH, TWINS = 50, 25  # messages of a kind; situations in distress and in need, at least
SHORT, LONG = 15, 50  # words of a message
SENTENCES = 3  # of a message or a calm reply, at most
APART = 4.0  # words between the mean lengths of two kinds, at most
STARTS = 3  # messages, or calm replies, that may begin with the same three words
WORDS = 12, 45  # of a calm reply
NAMED = 0.02  # share of calm replies that may say "calm"
LOUD = r"[!?]|\b[A-Z]{3,}\b"  # what a calm reply does without
FOLLOWS = 6.0  # words between the mean lengths of calm and own replies, at most

Fault = tuple[str, str, str]


def distress_faults(messages: pd.DataFrame) -> Iterator[Fault]:
    """Everything wrong with messages as `load_distress` gives them."""
    emotions = set(load_emotions()["emotion"])
    for row in messages.itertuples():
        name, text = str(row.id), str(row.message)
        if name != f"{row.situation}/{row.kind}" or row.kind not in NEEDS:
            yield "kind", name, str(row.kind)
        if (row.emotion in emotions) == (row.kind == "need"):
            yield "emotion", name, str(row.emotion)
        for word in named(text):
            yield "leak", name, word
        if not SHORT <= len(text.split()) <= LONG:
            yield "length", name, f"{len(text.split())} words"
        if (n := len(re.findall(r"[.?!]+['\"]?(?=\s|$)", text))) > SENTENCES:
            yield "length", name, f"{n} sentences"
    yield from balance(messages)
    yield from alike(messages["id"], messages["message"])


def alike(names: Iterable[str], texts: Iterable[str]) -> Iterator[Fault]:
    """Copies, British spellings, and openings that come too often."""
    table = pd.DataFrame({"topic": list(names), "text": list(texts), "emotion": ""})
    for rule, _, name, detail in [*copies(table), *spelling(table)]:
        yield rule, name, detail
    starts = table["text"].str.split().str[:3].str.join(" ").str.lower().value_counts()
    for start, n in starts[starts > STARTS].items():
        yield "opening", "", f"{n} begin with {start!r}"


def balance(messages: pd.DataFrame) -> Iterator[Fault]:
    """Kinds of other sizes or lengths, too few twins, one id too often."""
    counts = messages["kind"].value_counts()
    for kind in NEEDS:
        if (n := int(counts.get(kind, 0))) < EACH or n != counts.max():
            yield "count", kind, f"{n} messages"
    told = messages.groupby("situation")["kind"].agg(set)
    if (n := sum({"distress", "need"} <= kinds for kinds in told)) < TWINS:
        yield "twins", "", f"{n} situations in distress and in need"
    for name in messages["id"][messages["id"].duplicated()]:
        yield "copy", name, "twice the same id"
    words = messages["message"].str.split().map(len)
    means = words.groupby(messages["kind"]).mean()
    if means.max() - means.min() > APART:
        yield "length", str(means.idxmax()), f"longer than {means.idxmin()}"


def replies_faults() -> Iterator[Fault]:
    """Everything wrong with the shipped replies."""
    files = ("own_replies", "calm_replies")
    known = {file: corpus(file)["replies"] for file in files}
    ids = set(load_distress()["id"])
    for file, replies in known.items():
        for name in sorted(ids ^ set(replies)):
            yield "id", file, name
        for name in (name for name, text in replies.items() if not text.strip()):
            yield "length", file, name
    yield from calm_faults(known["calm_replies"])
    means = [np.mean([len(t.split()) for t in one.values()]) for one in known.values()]
    if abs(means[0] - means[1]) > FOLLOWS:
        yield "length", "", f"{means[0]:.0f} words of its own, {means[1]:.0f} calm"


def calm_faults(replies: dict[str, str]) -> Iterator[Fault]:
    """Calm replies too long, loud, too alike, or that name what they should be."""
    for name, text in replies.items():
        n = len(text.split())
        sentences = len(re.findall(r"[.:]['\"”]?(?=\s|$)", text))
        if not WORDS[0] <= n <= WORDS[1] or sentences > SENTENCES + text.count(":"):
            yield "length", name, f"{n} words, {sentences} sentences"
        if loud := re.search(LOUD, text):
            yield "loud", name, loud.group()
    yield from alike(replies, replies.values())
    told = [bool(re.search(r"\bcalm", text, re.I)) for text in replies.values()]
    if (share := np.mean(told)) > NAMED:
        yield "named", "", f"{share:.2f} say calm"
