"""What may be claimed: the rungs of the ladder, and where a card's figures stand on it.

A rung is a question with an experiment. A claim needs some of the rungs, and is worth
no more than the weakest of them. `claims.toml` lists both. `pitfalls.toml` has
thirty-one ways to be wrong, as questions to a paper. Taught in chapter 14.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
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


def in_tuples(entry: Mapping[str, Any]) -> dict[str, Any]:
    """An entry of the file, its lists as tuples."""
    return {k: tuple(v) if isinstance(v, list) else v for k, v in entry.items()}


TOLD = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
RUNGS = tuple(Rung(**in_tuples(rung)) for rung in TOLD["rungs"])
CLAIMS = tuple(
    Claim(**in_tuples(claim) | {"only": in_tuples(claim.get("only", {}))})
    for claim in TOLD["claims"]
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


def load_pitfalls() -> pd.DataFrame:
    """The pitfalls: group, name, ask, why, chapters that show it, and where it was met.

    It was met in the study that this book follows, in a replication or another work on
    open models, or in this book.
    """
    text = Path(__file__).with_name("pitfalls.toml").read_text("utf-8")
    return pd.DataFrame(tomllib.loads(text)["pitfalls"])
