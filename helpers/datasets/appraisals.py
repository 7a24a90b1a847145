"""Stories whose emotion follows only from who wanted what, and who did what to whom."""

from __future__ import annotations

import random
from typing import Literal

import pandas as pd

from helpers.organism import appraisal, world

Split = Literal["train", "test", "new"]


def load_appraisals(
    n: int = 600, *, split: Split = "test", seed: int = 0
) -> pd.DataFrame:
    """`n` appraisal stories: family, cell, emotions, cluster, valence, who, text.

    `split`: `train` draws combinations that the embedded model met in training,
    `test` known parts in combinations that it never met, `new` parts that it never
    met. `cell` says what is true of the story ("accident/doer"), `emotions` lists the
    words that fit, `cluster` and `valence` (a sign) are those of these words. Every
    text stops before anything but the appraisal shows the feeling.
    """
    rng = random.Random(f"appraisals/{split}/{seed}")
    rows = []
    for i in range(n):
        make = appraisal.FAMILIES[i % len(appraisal.FAMILIES)]
        held = {"train": False, "test": True, "new": None}[split]
        case = make(rng, unseen=split == "new", combination=held)
        known = world.emotions().loc[list(case.emotions)]
        rows.append(
            {
                "family": case.family,
                "cell": case.cell,
                "emotions": case.emotions,
                "cluster": known["cluster"].mode()[0],
                "valence": 1 if known["valence"].mean() > 0 else -1,
                "who": case.who.name,
                "text": case.text,
            }
        )
    return pd.DataFrame(rows)
