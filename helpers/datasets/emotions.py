"""The emotion words of the paper, their clusters, and our own ratings of them."""

from __future__ import annotations

import pandas as pd

from helpers.world import material


def load_emotions() -> pd.DataFrame:
    """The emotions as a table: emotion, cluster, valence, arousal.

    The words and their ten clusters are from Sofroniew et al. (2026), Table 12.
    Valence and arousal are ratings made for this book, from -1 (unpleasant, still) to
    1 (pleasant, stirred).
    Taught in chapter 02.
    """
    frame = material.emotions()[["cluster", "valence", "arousal"]]
    return frame.reset_index()


def cluster_of(emotion: str) -> str:
    """The cluster of an emotion; raises ValueError for a word that is not one."""
    clusters = material.emotions()["cluster"]
    if emotion not in clusters:
        raise ValueError(
            f"{emotion!r} is not one of the {len(clusters)} emotions: "
            "load_emotions() lists them"
        )
    return str(clusters[emotion])
