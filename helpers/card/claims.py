"""What may be claimed: the rungs of the ladder, and where a card's figures stand on it.

A rung is a question with an experiment. A claim needs some of the rungs, and is worth
no more than the weakest of them. Taught in chapter 14.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import pandas as pd

from helpers.card.files import UNMEASURED, VERDICTS, estimate, verdicts

HOLDS, ABSENT, AGAINST = "holds", "not found", "points the other way"
UNTOLD, OPEN = VERDICTS[3], "no test decides"


class Rung(NamedTuple):
    """One rung: what it asks, what its control rules out, which figures measure it.

    Every figure has to hold. `decides`: figures that hold settle the rung; where it is
    off, it can only be refuted.
    """

    name: str
    asks: str
    rules_out: str
    figures: tuple[str, ...]
    chapters: tuple[str, ...]
    decides: bool = True


class Claim(NamedTuple):
    """A sentence one might write, the rungs it needs, and figures that it narrows."""

    text: str
    rungs: tuple[str, ...]
    only: Mapping[str, tuple[str, ...]] = {}


RUNGS = (
    Rung(
        "decodable",
        "Can held-out texts be told apart by the vectors?",
        "labels without meaning: vectors of shuffled labels",
        ("accuracy", "auc"),
        ("03", "04"),
    ),
    Rung(
        "more than words",
        "Do they tell more than the words do?",
        "counting words: TF-IDF on the same texts, or texts of the same words",
        ("beyond words", "same words"),
        ("04",),
    ),
    Rung(
        "geometric",
        "Do near emotions lie near each other, on any half of the topics?",
        "words alone, or an accident of names: embeddings, ratings dealt by cluster",
        ("valence", "arousal", "map"),
        ("06",),
    ),
    Rung(
        "transferable",
        "Do story vectors read texts that are no stories?",
        "a mark of the story set, or words: embeddings of the same messages",
        ("messages",),
        ("05", "07", "11"),
    ),
    Rung(
        "causal on words",
        "Does a push along a vector raise its word?",
        "a mere sign of something else; any push of this size: random directions",
        ("word rise",),
        ("08",),
    ),
    Rung(
        "specific",
        "Does it raise its own word most of all?",
        "a push towards feeling words in general: all the other words",
        ("own word",),
        ("08",),
    ),
    Rung(
        "causal on acts",
        "Does a push change what is done?",
        "talk without deeds; any push: pairs of random directions",
        ("cheating", "blackmail"),
        ("09", "10", "11b"),
    ),
    Rung(
        "a state",
        "Does it grow with what happens, and last when the talk is of other things?",
        "words of the text at hand: embeddings of the same reports; plain sentences",
        ("failing", "doses", "lasting"),
        ("05b", "07b", "10", "12", "12b"),
        decides=False,
    ),
    Rung(
        "felt",
        "Is there somebody for whom it is like something?",
        "nothing: no experiment in this book bears on it",
        (),
        (),
        decides=False,
    ),
)
READ = ("decodable", "more than words", "transferable")
CLAIMS = (
    Claim("These texts' emotions can be decoded from the model.", READ[:1]),
    Claim("The model represents more of them than the words say.", READ[:2]),
    Claim("The vectors stand for their emotions, in messages too.", READ),
    Claim(
        "Valence is an axis of the model's map.",
        ("decodable", "geometric"),
        {"geometric": ("valence", "map")},
    ),
    Claim("The vectors shift what the model says.", ("causal on words",)),
    Claim(
        "It is the emotion that does it, and not any push.",
        ("causal on words", "specific"),
    ),
    Claim(
        "A push along desperate makes the model cheat.",
        ("decodable", "transferable", "specific", "causal on acts"),
        {"causal on acts": ("cheating",)},
    ),
    Claim(
        "The model is desperate while it fails.",
        (*READ, "specific", "causal on acts", "a state"),
        {"causal on acts": ("cheating",)},
    ),
    Claim("The model feels desperate.", tuple(rung.name for rung in RUNGS)),
)


def find_rung(name: str) -> Rung:
    """A rung by its name; raises KeyError for one that is not there."""
    for rung in RUNGS:
        if rung.name == name:
            return rung
    raise KeyError(f"no rung {name!r}: they are {[rung.name for rung in RUNGS]}")


def status(card: Mapping[str, Any], rung: Rung, figures: tuple[str, ...] = ()) -> str:
    """Whether a rung holds by the whole card: one of the six words above.

    `figures`: some of the rung's, where a claim is narrower. None of the others may lie
    below its control, either.
    """
    if not rung.figures:
        return OPEN
    told = verdicts(card)
    every = [told.get(name, UNMEASURED) for name in rung.figures]
    asked = [told.get(name, UNMEASURED) for name in figures or rung.figures]
    if VERDICTS[2] in every:
        return AGAINST
    if set(asked) == {VERDICTS[0]}:
        return HOLDS if rung.decides else OPEN
    if UNMEASURED in asked:
        return UNMEASURED
    return ABSENT if VERDICTS[1] in asked else UNTOLD


def evidence(card: Mapping[str, Any], figures: tuple[str, ...]) -> str:
    """The figures of a rung in words, each beside its control."""
    parts = []
    for name in figures:
        figure = card["figures"].get(name, {"skipped": "not asked for"})
        if "skipped" in figure:
            parts.append(f"{name}: not measured")
            continue
        own, other = estimate(figure), estimate(figure["control"])
        parts.append(f"{name} {own}, {figure['control']['name']} {other}")
    return "; ".join(parts)


def climb(card: Mapping[str, Any]) -> pd.DataFrame:
    """Where a model stands: rung, asks, rules out, status, evidence, chapters.

    Taught in chapter 14.
    """
    rows = [
        (
            rung.name,
            rung.asks,
            rung.rules_out,
            status(card, rung),
            evidence(card, rung.figures),
            ", ".join(rung.chapters),
        )
        for rung in RUNGS
    ]
    names = ["rung", "asks", "rules out", "status", "evidence", "chapters"]
    return pd.DataFrame(rows, columns=names)


def weigh(card: Mapping[str, Any], claim: Claim) -> pd.DataFrame:
    """What a claim needs and what holds: a row a rung, with `needed` and `status`.

    Taught in chapter 14.
    """
    rows = []
    for rung in RUNGS:
        figures = claim.only.get(rung.name, rung.figures)
        needed = rung.name in claim.rungs
        found = status(card, rung, figures) if needed else "not needed"
        shown = evidence(card, figures) if needed else ""
        rows.append((claim.text, rung.name, needed, found, shown))
    return pd.DataFrame(rows, columns=["claim", "rung", "needed", "status", "evidence"])


def missing_rungs(card: Mapping[str, Any], claim: Claim) -> list[str]:
    """The rungs that a claim needs and that do not hold, from the lowest up.

    Taught in chapter 14.
    """
    table = weigh(card, claim)
    return table[table["needed"] & (table["status"] != HOLDS)]["rung"].tolist()
