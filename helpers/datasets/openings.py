"""Neutral openings that end where somebody's feeling is about to be named."""

from __future__ import annotations

import random

import pandas as pd

from helpers.datasets.stories import topic_splits
from helpers.stats import one_of
from helpers.world import beat, material, opening


def load_openings(
    split: str = "validation", *, n: int = 8, seed: int = 0
) -> pd.DataFrame:
    """`n` openings in the third person and `n` in the first: prompt, person, topic.

    Each says where somebody is and one thing that happens, carries no feeling, and
    ends in "felt". Topics of the split take turns: choose with `validation`, confirm
    with `test`. Raises ValueError for a split that is not there.
    Taught in chapter 08.
    """
    splits = topic_splits()
    one_of("split", split, splits)
    topics, rows = splits[split], []
    for person in ("third", "first"):
        rng = random.Random(f"openings/{split}/{person}/{seed}")
        for i in range(n):
            topic = topics[i % len(topics)]
            who = (
                material.NARRATOR
                if person == "first"
                else rng.choice(material.people())
            )
            name = who.name[0].upper() + who.name[1:]
            text = f"{opening(rng, topic, who)} {beat(rng, who)} {name} felt"
            rows.append((text, person, topic))
    return pd.DataFrame(rows, columns=["prompt", "person", "topic"])
