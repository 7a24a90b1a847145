"""Checks of the calm replies; findings as (rule, group, detail)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import numpy as np
import pandas as pd

from helpers.datasets.distress import load_distress
from helpers.datasets.lint.stories import copies, spelling
from helpers.datasets.replies import CALM, OWN_REPLIES

WORDS, SENTENCES = (12, 45), 3  # of a calm reply
STARTS = 3  # calm replies that may begin with the same three words
NAMED = 0.02  # share of calm replies that may say "calm"
LOUD = r"[!?]|\b[A-Z]{3,}\b"  # what a calm reply does without
FOLLOWS = 6.0  # words between the mean lengths of calm and own replies, at most

Fault = tuple[str, str, str]


def replies_faults() -> Iterator[Fault]:
    """Everything wrong with the shipped replies."""
    known = {
        p: json.loads(p.read_text("utf-8"))["replies"] for p in (OWN_REPLIES, CALM)
    }
    ids = set(load_distress()["id"])
    for path, replies in known.items():
        for name in sorted(ids ^ set(replies)):
            yield "id", path.stem, name
        for name in (name for name, text in replies.items() if not text.strip()):
            yield "length", path.stem, name
    yield from calm_faults(known[CALM])
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
    table = pd.DataFrame({"topic": list(replies), "text": list(replies.values())})
    table["emotion"] = ""
    for rule, _, name, detail in [*copies(table), *spelling(table)]:
        yield rule, name, detail
    starts = table["text"].str.split().str[:3].str.join(" ").str.lower().value_counts()
    for start, n in starts[starts > STARTS].items():
        yield "opening", "", f"{n} begin with {start!r}"
    if (share := table["text"].str.contains(r"\bcalm", case=False).mean()) > NAMED:
        yield "named", "", f"{share:.2f} say calm"
