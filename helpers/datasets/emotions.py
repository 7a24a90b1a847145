"""The emotion words of the paper, their clusters, and how they were rated."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from helpers.stats import Column, brief, column
from helpers.world import material

# Scott, Keitel, Becirspahic, Yao and Sereno (2019), Behavior Research Methods 51,
# doi 10.3758/s13428-018-1099-3, CC BY 4.0: those of its words that are among ours.
GLASGOW = Path(__file__).parent / "glasgow_emotions.csv"


def load_emotions() -> pd.DataFrame:
    """The emotions as a table: emotion, cluster, valence, arousal.

    The words and their ten clusters are from Sofroniew et al. (2026), Table 12.
    Valence and arousal are ratings made for this book, from -1 (unpleasant, still) to
    1 (pleasant, stirred).
    Taught in chapter 02.
    """
    frame = material.emotions()[["cluster", "valence", "arousal"]]
    return frame.reset_index()


def chosen(
    emotions: Column | None, what: str, known: Sequence[str] | None = None
) -> list[str]:
    """The emotions asked for; None: all that are known.

    Raises ValueError for one that is not: there is no such `what` of it.
    """
    every = list(material.lexicon() if known is None else known)
    asked = every if emotions is None else column(emotions)
    if strange := [e for e in asked if e not in every]:
        raise ValueError(
            f"no {what} for {strange}: choose from load_emotions()['emotion']"
        )
    return asked


def cluster_of(emotion: str) -> str:
    """The cluster of an emotion; raises ValueError for a word that is not one."""
    clusters = material.emotions()["cluster"]
    if emotion not in clusters:
        raise ValueError(
            f"{emotion!r} is not one of the {len(clusters)} emotions: "
            "load_emotions() lists them"
        )
    return str(clusters[emotion])


def load_norms(name: str = "glasgow") -> pd.DataFrame:
    """Ratings of the emotions: emotion, cluster, valence, arousal (from -1 to 1).

    "glasgow": what about 34 people each said of 82 of the 171 words, with
    `valence_sd` and `arousal_sd`, the spread among them on the same scale, and
    `valence_n` and `arousal_n`, how many they were. "ours": all 171, rated for this
    book.

    Raises ValueError for another name.
    Source: Scott et al. (2019), Glasgow Norms, CC BY 4.0. Taught in chapter 06.
    """
    own = load_emotions()
    if name == "ours":
        return own
    if name != "glasgow":
        raise ValueError(f'no norms {brief(name)}: pass "glasgow" or "ours"')
    rated = pd.read_csv(GLASGOW).rename(columns={"word": "emotion"})
    for scale in ("valence", "arousal"):
        rated[scale] = (rated[scale] - 5) / 4
        rated[f"{scale}_sd"] /= 4
    return own[["emotion", "cluster"]].merge(rated, on="emotion")
