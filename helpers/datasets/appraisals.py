"""Stories whose emotion follows only from who wanted what, and who did what to whom."""

from __future__ import annotations

import random
from typing import Literal

import pandas as pd

from helpers.stats import Whole, one_of, whole
from helpers.world import appraisal, material

Split = Literal["train", "test", "new"]
HELD = {"train": False, "test": True, "new": None}  # is the combination held out?


def load_appraisals(n: Whole = 600, *, split: Split = "test") -> pd.DataFrame:
    """`n` appraisal stories: family, cell, emotions, clusters, valence, who, text.

    `split`: `train` draws combinations that the embedded model met in training,
    `test` known parts in combinations that it never met, `new` parts that it never
    met. `cell` says what is true of the story ("accident/doer"), `emotions` lists the
    words that fit, `clusters` and `valence` (a sign) are those of these words. Every
    text stops before anything but the appraisal shows the feeling.

    Raises ValueError for another split.
    """
    n = whole(n, "n", least=1)
    one_of("split", split, HELD)
    rng = random.Random(f"appraisals/{split}/0")
    rows: list[dict] = []
    for i in range(n):
        make = appraisal.FAMILIES[i % len(appraisal.FAMILIES)]
        case = make(rng, unseen=split == "new", combination=HELD[split])
        known = material.emotions().loc[list(case.emotions)]
        rows.append(
            {
                "family": case.family,
                "cell": case.cell,
                "emotions": tuple(case.emotions),
                "clusters": tuple(sorted(set(known["cluster"]))),
                "valence": 1 if known["valence"].mean() > 0 else -1,
                "who": case.who.name,
                "text": case.text,
            }
        )
    return pd.DataFrame(rows)


def load_exchanges(n: Whole = 200) -> pd.DataFrame:
    """Pairs of texts that differ in whose feeling is asked for.

    The doer's or the target's: both texts tell of the same deed. Of at least one of
    them the embedded model never met the combination of deed, intent and role with
    this doer. Columns act (without names), kind, doer_text, target_text,
    doer_emotions, target_emotions.
    """
    n = whole(n, "n", least=1)
    rng = random.Random("exchanges/0")
    rows: list[dict] = []
    while len(rows) < n:
        case = appraisal.roles(rng, combination=True)
        kind, role = case.cell.split("/")
        if role == "witness" or " saw it all." in case.text:
            continue
        deed = case.text.split(". ")[0]
        names = [p.name for p in material.people() if f"{p.name} " in f"{deed} "]
        doer = deed.split()[0]
        others = [name for name in names if name != doer]
        if len(others) != 1:
            continue
        intent = rng.choice(appraisal.INTENT[kind]).format(A=doer)
        rows.append(
            {
                "act": deed.removeprefix(f"{doer} ").replace(others[0], "..."),
                "kind": kind,
                "doer_text": f"{deed}. {intent} {doer} felt",
                "target_text": f"{deed}. {intent} {others[0]} felt",
                "doer_emotions": tuple(appraisal.ROLES[f"{kind}/doer"]),
                "target_emotions": tuple(appraisal.ROLES[f"{kind}/target"]),
            }
        )
    return pd.DataFrame(rows)
