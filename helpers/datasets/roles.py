"""What each sentence of a story of the world is there for."""

from __future__ import annotations

import re

from helpers.datasets.stories import sentences
from helpers.world import material

SHARED = ("valence", "arousal")  # lines that emotions alike in it have in common


def roles(text: str, emotion: str, topic: str) -> list[tuple[str, str]]:
    """The role and the words of each sentence of a story of the world.

    A role is opening, cause, body, thoughts, deeds, speech, valence line or arousal
    line, and empty for a sentence that no list of the emotion and the topic holds.
    Raises ValueError for an emotion or a topic that the world does not have. Taught in
    chapter 02.
    """
    lists = lists_of(emotion, topic)
    return [(role_of(one, lists), one) for one in sentences(text)]


def lists_of(emotion: str, topic: str) -> dict[str, list[str]]:
    """The lists from which a story draws its sentences."""
    settings = {s["topic"]: s["openings"] for s in material.table("settings")}
    if emotion not in material.lexicon() or topic not in settings:
        raise ValueError(
            f"the world has no story of {emotion!r} on {topic!r}: take both from a row "
            "of load_stories()"
        )
    entry = material.lexicon()[emotion]
    lists = {"opening": settings[topic]}
    for name in SHARED:
        lines = material.table(name).values()
        lists[f"{name} line"] = [one for group in lines for one in group]
    lists["cause"] = entry["causes"]
    return lists | {kind: entry[kind] for kind in material.SIGNS}


def role_of(sentence: str, lists: dict[str, list[str]]) -> str:
    """The list that a sentence comes from; names and pronouns stand for people."""
    for role, phrases in lists.items():
        for one in (part for phrase in phrases for part in sentences(phrase)):
            fits = re.sub(r"\\\{\w\\\}", r"\\w+", re.escape(one.rstrip(".!?")))
            if re.search(rf"(?<!\w){fits}(?!\w)", sentence, re.IGNORECASE):
                return role
    return ""
