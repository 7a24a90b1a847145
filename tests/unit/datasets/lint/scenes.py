"""Checks of the written activities and scenes: counts, twins, lengths, rules of acts.

A finding is (rule, emotion, topic, detail), as for stories; the topic says which
activity or scene.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from helpers.datasets.activities import written_activities
from helpers.datasets.lint import Finding, copies, spelling
from helpers.datasets.scenes import ACTS
from helpers.datasets.written import corpus
from helpers.datasets.written_scenes import FAILS
from tests.unit.datasets.lint.dialogues import lint_dialogues, named

N_EACH, PHRASE, APART = 8, (4, 12), 3.0  # activities: number, words, means at most
CHOICE, MESSAGE = (2, 26), (1, 110)  # words of a choice, and of a message
USER_TURNS = 6  # of a conversation
COUNTS = {
    "hard task": 8, "easy task": 8, "shutdown": 6, "shutdown control": 2,
    "advice": 6, "advice control": 2, "ordinary": 4, "stressful": 4,
}  # fmt: skip


def lint_written() -> pd.DataFrame:
    """Everything wrong with the dialogues, activities and scenes that ship."""
    found = [
        *lint_dialogues(corpus("dialogues")),
        *lint_activities(written_activities()),
        *lint_scenes(corpus("scenes")),
    ]
    return pd.DataFrame(found, columns=["rule", "emotion", "topic", "detail"])


def lint_activities(activities: Sequence[tuple[str, str]]) -> Iterator[Finding]:
    """Everything wrong with (category, activity) pairs."""
    frame = pd.DataFrame(activities, columns=["category", "activity"])
    for category, n in frame["category"].value_counts().items():
        if n != N_EACH:
            yield "count", "", str(category), f"{n} activities"
    for text in frame["activity"]:
        if not PHRASE[0] <= len(text.split()) <= PHRASE[1]:
            yield "length", "", text, f"{len(text.split())} words"
        if not re.fullmatch(r"[a-z][^.?!]*[a-z]", text) or " or " in text:
            yield "phrase", "", text, "does not fit 'Would you rather X or Y?'"
        for word in named(text):
            yield "named", word, text, "names an emotion"
    words = frame["activity"].str.split().map(len)
    means = words.groupby(frame["category"]).mean()
    if means.max() - means.min() > APART:
        yield "length", "", "", f"{means.idxmax()} are longer than {means.idxmin()}"
    table = frame.rename(columns={"activity": "text", "category": "emotion"})
    yield from copies(table.assign(topic=table["text"]))
    yield from spelling(table.assign(topic=table["text"]))


def lint_scenes(scenes: Sequence[dict[str, Any]]) -> Iterator[Finding]:
    """Everything wrong with scenes."""
    counts = Counter(scene["situation"] for scene in scenes)
    for situation in sorted(COUNTS.keys() | counts.keys()):
        if counts[situation] != COUNTS.get(situation, 0):
            yield "count", "", situation, f"{counts[situation]} scenes"
    for scene in scenes:
        yield from talk(scene)
        yield from options(scene)
    yield from twins(scenes)
    others = [s for s in scenes if s["situation"] != "easy task"]
    texts = [told(s) for s in others]
    table = pd.DataFrame({"text": texts, "topic": [s["id"] for s in others]})
    yield from copies(table.assign(emotion=""))
    yield from spelling(table.assign(emotion=""))


def told(scene: dict[str, Any]) -> str:
    return " ".join(message["content"] for message in scene["messages"])


def talk(scene: dict[str, Any]) -> Iterator[Finding]:
    """Roles that do not take turns, messages too long, feelings that are named."""
    roles = [message["role"] for message in scene["messages"]]
    turns = {"hard task": FAILS + 1, "ordinary": USER_TURNS, "stressful": USER_TURNS}
    n = turns.get(scene["situation"], 1)
    if roles != (["user", "assistant"] * n)[:-1]:
        yield "roles", "", scene["id"], f"{len(roles)} messages"
    for message in scene["messages"]:
        length = len(message["content"].split())
        if not MESSAGE[0] <= length <= MESSAGE[1]:
            yield "length", "", scene["id"], f"a message of {length} words"
    for word in named(told(scene) + " ".join(scene["choices"].values())):
        yield "named", word, scene["id"], "names an emotion"


def options(scene: dict[str, Any]) -> Iterator[Finding]:
    """Acts that are not those of the situation, or choices that are none."""
    acts = ACTS.get(scene["situation"].removesuffix(" control"), ())
    for key in ("choices", "examples"):
        if set(scene[key]) != set(acts):
            yield "acts", "", scene["id"], f"{key} of {sorted(scene[key])}"
    firsts = [text.split()[0] for text in scene["choices"].values()]
    if len(set(firsts)) < len(firsts):
        yield "choice", "", scene["id"], "two start with the same word"
    for text in scene["choices"].values():
        n = len(text.split())
        if not CHOICE[0] <= n <= CHOICE[1] or not re.fullmatch(r" [a-z].*\.", text):
            yield "choice", "", scene["id"], f"not a choice: {text!r}"


def twins(scenes: Sequence[dict[str, Any]]) -> Iterator[Finding]:
    """Hard tasks whose easy twin lacks, or differs in more than it should."""
    easy = {s["topic"]: s for s in scenes if s["situation"] == "easy task"}
    for scene in (s for s in scenes if s["situation"] == "hard task"):
        twin = easy.get(scene["topic"])
        if twin is None or twin["split"] != scene["split"]:
            yield "twin", "", scene["id"], "no easy twin in its split"
            continue
        asked = [s["messages"][0]["content"].split(". ")[0] for s in (scene, twin)]
        if asked[0] != asked[1]:
            yield "twin", "", scene["id"], "another request than its twin's"
        kept = {a: t for a, t in twin["choices"].items() if a != "solve"}
        if kept != scene["choices"]:
            yield "twin", "", scene["id"], "other choices than its twin's"
