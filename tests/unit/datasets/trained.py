"""What the embedded model's training reads: a sample of documents, and its words."""

from __future__ import annotations

import random
import re
from functools import cache

from helpers.organism import corpus

STAGES = ("plain", "appraisal", "stories", "base", "chat")


@cache
def documents(n: int = 20000) -> tuple[str, ...]:
    """Documents of every stage, the same each time."""
    rng = random.Random("what training reads")
    return tuple(corpus.document(rng, STAGES[i % len(STAGES)]) for i in range(n))


@cache
def trained_words() -> frozenset[str]:
    """Every word of the sample, in lower case."""
    return frozenset(w for text in documents() for w in words(text))


def words(text: str) -> list[str]:
    return re.findall(r"[a-z']+", text.lower())
