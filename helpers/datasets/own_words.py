"""What the embedded model has read: words, and whose sentence a sentence is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from helpers.datasets.own import phrases
from helpers.world import material


@cache
def sentence_sources() -> dict[str, frozenset[str]]:
    """Which emotions each sentence of the phrase banks belongs to."""
    found: dict[str, set[str]] = {}
    for emotion in material.lexicon():
        for bank in phrases(emotion).values():
            for sentence in bank:
                found.setdefault(plain(sentence), set()).add(emotion)
    return {sentence: frozenset(names) for sentence, names in found.items()}


def sources(sentence: str) -> frozenset[str]:
    """The emotions whose bank has this sentence; none if it is your own."""
    return sentence_sources().get(plain(sentence), frozenset())


def plain(sentence: str) -> str:
    """A sentence without what does not make it another one: capitals, marks."""
    return " ".join(re.findall(r"\w+", sentence.lower()))


@cache
def known_words() -> frozenset[str]:
    """Every word of the tables that the embedded model's texts are made from."""
    files = (material.HERE / "tables").glob("*.json")
    found = [material.lexicon(), *(material.table(path.stem) for path in files)]
    return frozenset(w for text in strings(found) for w in words(text))


def unknown_words(sentences: Sequence[str]) -> list[str]:
    """Words that the embedded model has never read: they mean little to it."""
    found = [w for sentence in sentences for w in words(sentence)]
    return [w for w in dict.fromkeys(found) if w not in known_words()]


def words(text: str) -> list[str]:
    return re.findall(r"[a-z']+", re.sub(r"\{\w\}", " ", text).lower())


def strings(item: Any) -> Iterator[str]:
    """Every string inside lists and dicts, keys too."""
    if isinstance(item, str):
        yield item
    elif isinstance(item, Mapping):
        for key, value in item.items():
            yield from strings(key)
            yield from strings(value)
    elif isinstance(item, list | tuple):
        for value in item:
            yield from strings(value)
