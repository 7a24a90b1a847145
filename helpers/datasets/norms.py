"""Ratings of emotion words by valence and arousal: the Glasgow Norms, or our own."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from helpers.datasets.emotions import load_emotions
from helpers.stats import brief

# Scott, Keitel, Becirspahic, Yao and Sereno (2019), Behavior Research Methods 51,
# doi 10.3758/s13428-018-1099-3, CC BY 4.0: those of its words that are among ours.
GLASGOW = Path(__file__).parent / "glasgow_emotions.csv"


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
