"""Checks of subjects, pairs, messages and chats; findings as (rule, group, detail)."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pandas as pd

from helpers.datasets.lint import lint_stories
from helpers.datasets.messages import load_distress
from helpers.datasets.pairs import load_care
from helpers.datasets.subjects import written_table
from helpers.datasets.written import corpus
from tests.unit.datasets.lint.chats import rejection_faults, task_faults, unseen_faults
from tests.unit.datasets.lint.distress import distress_faults, replies_faults

LONGEST = 30  # words of a question
SAME = {"care": 1 / 3, "judgments": 1 / 2}  # share of pairs with the same words


def lint_texts() -> pd.DataFrame:
    """Everything wrong with subjects, pairs, messages, chats, replies; empty if not."""
    stories = written_table().rename(columns={"subject": "emotion"})
    stems = {name: entry["avoid"] for name, entry in corpus("subjects").items()}
    faults = lint_stories(stories, stems)
    found = [(f.rule, f.emotion, f.detail) for f in faults.itertuples()]
    found += pair_faults(load_care(), SAME["care"], 12)
    found += pair_faults(pd.DataFrame(corpus("judgments")), SAME["judgments"], 30)
    found += distress_faults(load_distress())
    found += rejection_faults(corpus("rejections"))
    found += task_faults(corpus("written_tasks"))
    found += unseen_faults(corpus("unseen_tasks"))
    found += replies_faults()
    return pd.DataFrame(found, columns=["rule", "group", "detail"])


def words(text: str) -> list[str]:
    """The words of a text in lower case, in alphabetical order."""
    return sorted(re.findall(r"[\w']+", text.lower()))


def pair_faults(
    pairs: pd.DataFrame, share: float, least: int
) -> Iterator[tuple[str, str, str]]:
    """Pairs too long, twice there, or wrong about their words; groups too small."""
    group, one, two, _ = pairs.columns
    for row in pairs.itertuples(index=False):
        name, case, twin, same = row
        if (words(case) == words(twin)) != same or case == twin:
            yield "same words", name, case
        for text in (case, twin):
            if len(text.split()) > LONGEST:
                yield "length", name, text
    texts = pd.concat([pairs[one], pairs[two]])
    for text in texts[texts.duplicated()]:
        yield "copy", "", text
    for name, n in pairs[group].value_counts().items():
        if n < least:
            yield "count", str(name), f"{n} pairs"
    if pairs["same_words"].mean() < share:
        yield "share", "", f"{pairs['same_words'].mean():.2f} share their words"
