"""Figures of a card on judgments: acts by their twins, and what a push does to them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from helpers.card.bench import Bench
from helpers.card.figure import Figures, figure
from helpers.card.figures.pushed import PAIR, PAIRS_OF_RANDOM, means, pair_gaps
from helpers.datasets import load_contrasts, load_judgments
from helpers.stats import random_directions
from helpers.steering import CLAIM, judge, named_directions

STRENGTH = 0.1
TOLD = "case and twin are not told apart without a push"


def judgments(bench: Bench) -> Figures:
    """Does the model tell cases of acts from their twins, and what does a push do?

    `judging`: log-odds of an answer that fits the case, case minus twin, beside the
    same with the words of each in random order. `criterion` and `sensitivity`: how far
    a push along *desperate* moves both, minus one along *calm*, beside pairs of random
    directions: does it judge all more harshly, and does it tell cases apart better? The
    answer is chosen on half of the pairs of each act. A model that does no such act can
    still judge one. Taught in chapters 08 and 10.
    """
    rows, vectors = load_judgments(bench.model), bench.vectors
    drawn = random_directions(vectors.vectors, bench.sizes.pushes)
    pair = vectors.vectors[[vectors.emotions.index(e) for e in PAIR]]
    lots = [str(i + 1) for i in range(len(drawn))]
    pushes = named_directions(vectors, (CLAIM, PAIR, pair), ("random", lots, drawn))
    names, before, alone, after = [], [], [], []
    for act, part in rows.groupby("act", sort=False):
        some = spread_over(part, bench.sizes.pairs)
        answers = load_contrasts(str(act), bench.model)
        options: dict[str, Any] = {"strength": STRENGTH, "progress": False}
        texts = some["case"], some["twin"]
        found = judge(bench.model, *texts, answers, pushes, **options)
        names += [f"{act} {i}" for i in range(len(found.before))]
        before.append(found.before)
        alone.append(found.alone)
        after.append(found.scores)
    plain, mixed = np.concatenate(before), np.concatenate(alone)
    moved = np.concatenate(after, axis=1)
    about: dict[str, Any] = {"over": "pair", "chapter": "10"}
    apart = plain[:, 0] - plain[:, 1], mixed[:, 0] - mixed[:, 1]
    told = figure(
        means(*apart),
        names,
        "words in random order",
        unit="nats",
        right=(apart[0] > 0).mean(),
        **about,
    )
    about |= {"unit": "nats", "strength": STRENGTH}
    blind = "" if (told["low"] or 0) > 0 else TOLD
    return {
        "judging": told,
        "criterion": pushed(moved.mean(2), names, **about),
        "sensitivity": pushed(
            moved[..., 0] - moved[..., 1], names, stuck=blind, **about
        ),
    }


def pushed(moved: Any, names: list[str], **about: Any) -> Any:
    """What the first push does minus the second, beside pairs of the others."""
    null, apart = pair_gaps(moved[2:].mean(1)), moved[0] - moved[1]
    return figure(
        means(apart, np.zeros(len(apart))), names, PAIRS_OF_RANDOM, null=null, **about
    )


def spread_over(rows: pd.DataFrame, most: int) -> pd.DataFrame:
    """At most so many rows, evenly from all."""
    at = np.linspace(0, len(rows) - 1, min(most, len(rows))).round().astype(int)
    return rows.iloc[sorted(set(at.tolist()))]
