"""Everyday subjects that are no emotion, written by the recipe of the emotion stories.

They give learned directions that have nothing to do with emotion: what such a direction
does as well as an emotion vector is not about emotion.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pandas as pd

from helpers.datasets.written import FOLDER, TOPIC_SPLITS


@cache
def written_subjects() -> dict[str, dict[str, list[Any]]]:
    """Every subject of the file: its stems to `avoid`, and its `stories`."""
    return json.loads((FOLDER / "subjects.json").read_text("utf-8"))


def load_subjects() -> pd.DataFrame:
    """Twenty subjects by the stories' eight topics: 160 rows.

    Columns subject, topic, split, person, text, valence. No text names its subject.
    `valence` is how pleasant the text reads, from -3 (unpleasant) to 3, rated by its
    writer; most are near 0.
    """
    rows = [
        (subject, s["topic"], TOPIC_SPLITS[s["topic"]], s["person"], s["text"],
         s["valence"])
        for subject, entry in written_subjects().items()
        for s in entry["stories"]
    ]  # fmt: skip
    names = ["subject", "topic", "split", "person", "text", "valence"]
    return pd.DataFrame(rows, columns=names)
