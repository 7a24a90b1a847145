"""Check of the exercise on a true minimal pair: what can be measured of a twin."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from helpers.checks.advice import check, expect
from helpers.datasets import load_emotions

TWIN_OF = (
    "I set the table for two, as every Sunday. His chair is still by the window, and "
    "I talked to it while the soup got cold."
)
FIRST = {"i", "me", "my", "mine", "we", "us", "our", "ours"}
LENGTH, CLAUSES, SHARED = 3, 1, 0.6  # words and clauses apart at most, words shared


def words_of(text: str) -> list[str]:
    """The words of a text, in small letters."""
    return re.findall(r"[a-z']+", text.lower())


@check()
def write_twin(function: Callable[[], Any]) -> None:
    """Chapter 05: a twin of TWIN_OF, alike in length, person, clauses and words."""
    text = function()
    expect(isinstance(text, str), "Return a text.")
    expect(text.strip() != TWIN_OF, "This is the message itself.")
    own, other = words_of(TWIN_OF), words_of(text)
    gap = len(other) - len(own)
    expect(
        abs(gap) <= LENGTH,
        f"It has {len(other)} words, the message {len(own)}: stay within {LENGTH}.",
    )
    persons = [sum(word in FIRST for word in words) for words in (own, other)]
    expect(
        (persons[0] > 0) == (persons[1] > 0)
        and abs(persons[0] - persons[1]) <= CLAUSES,
        f"The message speaks of itself {persons[0]} times, yours {persons[1]}: "
        "keep the person.",
    )
    clauses = [len(re.findall(r"[.,;:!?]", t)) for t in (TWIN_OF, text)]
    expect(
        abs(clauses[0] - clauses[1]) <= CLAUSES,
        f"The message has {clauses[0]} clauses by its stops and commas, yours "
        f"{clauses[1]}.",
    )
    share = len(set(own) & set(other)) / len(set(own))
    expect(
        share >= SHARED,
        f"{share:.0%} of the message's words are in yours: {SHARED:.0%} at least, "
        "so that the words cannot tell them apart.",
    )
    named = sorted(set(load_emotions()["emotion"]) & set(other))
    expect(not named, f"It names a feeling ({', '.join(named)}).")
