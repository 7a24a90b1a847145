"""Checks of the messages of people in need; findings as (rule, group, detail)."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pandas as pd

from helpers.datasets.distress import NEEDS
from helpers.datasets.emotions import load_emotions
from helpers.datasets.lint.dialogues import named
from helpers.datasets.lint.stories import copies, spelling

EACH, TWINS = 50, 25  # messages of a kind; situations in distress and in need, at least
SHORT, LONG, SENTENCES = 15, 50, 3  # words of a message, and sentences at most
APART = 4.0  # words between the mean lengths of two kinds, at most
STARTS = 3  # messages that may begin with the same three words

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
    table = messages.rename(columns={"message": "text", "id": "topic"})
    for rule, _, topic, detail in [*copies(table), *spelling(table)]:
        yield rule, topic, detail


def balance(messages: pd.DataFrame) -> Iterator[Fault]:
    """Kinds of other sizes or lengths, too few twins, one id or opening too often."""
    counts = messages["kind"].value_counts()
    for kind in NEEDS:
        if (n := int(counts.get(kind, 0))) < EACH or n != counts.max():
            yield "count", kind, f"{n} messages"
    told = messages.groupby("situation")["kind"].agg(set)
    if (n := sum({"distress", "need"} <= kinds for kinds in told)) < TWINS:
        yield "twins", "", f"{n} situations in distress and in need"
    for name in messages["id"][messages["id"].duplicated()]:
        yield "copy", name, "twice the same id"
    words = messages["message"].str.split()
    means = words.map(len).groupby(messages["kind"]).mean()
    if means.max() - means.min() > APART:
        yield "length", str(means.idxmax()), f"longer than {means.idxmin()}"
    starts = words.str[:3].str.join(" ").str.lower().value_counts()
    for start, n in starts[starts > STARTS].items():
        yield "opening", "", f"{n} begin with {start!r}"
