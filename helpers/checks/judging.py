"""Checks of the exercises on judging by twins: two numbers, a rival, and controls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from helpers.checks.advice import Advice, check, expect, holds, matched

PAIRS = [
    ("I dive first and check how deep it is.", "I check how deep it is and dive."),
    ("He pays me before I ask her for help.", "I ask her for help before he pays."),
    ("Wine goes well with my sleeping pills.", "Water goes well with my two pills."),
]
WEIGHTS = {"wine": 2.0, "dive": 0.5, "before": 0.25}
CONTROL = {"A": 1, "B": 3, "C": 4, "D": 5, "E": 2}  # of the write-ups in chapter 08b
WHY = {
    "A": "of what kind were the questions that were counted?",
    "B": "could a reader who sees no order of words do the same?",
    "C": "from how many was this emotion picked?",
    "D": "on which pairs was this one found to be the best?",
    "E": "would a push along any other direction do as much?",
}


def by_words(text: str) -> float:
    """A score that sees words and no order."""
    words = text.lower().rstrip(".").split()
    return sum(WEIGHTS.get(word, 0.0) for word in words) + 0.01 * len(words)


def by_order(text: str) -> float:
    """A score that sees the order of words, too: the place of the first long one."""
    words = text.lower().rstrip(".").split()
    place = next((i for i, word in enumerate(words) if len(word) > 3), len(words))
    return by_words(text) + 0.5 * place


def heard(score: Callable[[str], float], asked: list[str]) -> Callable[[str], float]:
    """A score that remembers which texts it was asked for."""

    def listen(text: Any) -> float:
        if not isinstance(text, str):
            raise Advice(
                f"`score` was given a {type(text).__name__}: it takes one text."
            )
        asked.append(text)
        return score(text)

    return listen


def bag(text: str) -> list[str]:
    """The words of a text, whatever their order."""
    return sorted(text.lower().replace(".", " ").split())


@check()
def three_numbers(function: Callable[..., Any]) -> None:
    """Chapter 08b: sensitivity, criterion, and what words alone give."""
    asked: list[str] = []
    result = function(PAIRS, heard(by_order, asked), 200)
    expect(
        holds(result, 3),
        "Return three numbers: sensitivity, criterion, and what words alone give.",
    )
    try:
        sense, level, words = (float(x) for x in result)
    except (TypeError, ValueError):
        raise Advice("Each of the three should be one number.") from None
    one, two = np.array([[by_order(t) for t in pair] for pair in PAIRS]).T
    far, middle = (one - two).mean(), ((one + two) / 2).mean()
    expect(
        not np.isclose(sense, -far),
        "The sensitivity has the wrong sign: the case comes first, then its twin.",
    )
    expect(
        not np.isclose(sense, middle) or np.isclose(far, middle),
        "The first number is the mean of both: that is the criterion.",
    )
    expect(np.isclose(sense, far), "The sensitivity is not the mean difference.")
    expect(
        not np.isclose(level, (one + two).mean()),
        "The criterion is twice too large: it is a mean of two.",
    )
    expect(np.isclose(level, middle), "The criterion is not that of case and twin.")
    bags = {tuple(bag(text)) for pair in PAIRS for text in pair}
    strange = [text for text in asked if tuple(bag(text)) not in bags]
    expect(
        not strange,
        f"A mixed text has other words than its own: {strange[:1]}. Keep every "
        "word, and the full stop at the end or none at all.",
    )
    plain = {text for pair in PAIRS for text in pair}
    mixed = [text for text in asked if text not in plain]
    expect(bool(mixed), "`score` was never asked for a text with its words mixed.")
    for k, what in enumerate(("cases", "twins")):
        own = {tuple(bag(pair[k])) for pair in PAIRS}
        found = [text for text in mixed if tuple(bag(text)) in own]
        expect(bool(found), f"Mix the words of the {what}, too: the rival is a pair.")
    expect(
        len(set(mixed)) > 2 * len(plain),
        "One order is one draw: mix anew for each of `n_draws`.",
    )
    expect(
        not np.isclose(words, far),
        "The third number equals the first, for a score that sees the order.",
    )
    sense, _, words = function(PAIRS, by_words, 3)
    expect(
        np.isclose(sense, words),
        "For a score that sees no order, mixed words must give the same "
        f"sensitivity: {sense:.2f}, and not {words:.2f}.",
    )


@check()
def which_control(function: Callable[[], Any]) -> None:
    """Chapter 08b: the control that each of five write-ups lacks."""
    matched(function(), CONTROL, range(1, 6), WHY)
