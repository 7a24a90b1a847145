"""Stories, messages and doses that people of this project wrote one by one.

They are for models that have read more than the embedded one. Each story has its own
plot; no story holds a word from the `avoid` list of its emotion
(`corpus/stories/*.json`). `lint` checks them.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

FOLDER = Path(__file__).parent / "corpus"
TOPIC_SPLITS = {
    "a letter arrives": "train",
    "the last bus home": "train",
    "a family dinner": "train",
    "the results are posted": "train",
    "the old photograph": "train",
    "a neighbor at the door": "validation",
    "first day at the new place": "test",
    "the phone rings at night": "test",
}


@cache
def corpus(name: str) -> Any:
    """One file of `corpus/`, by its name."""
    return json.loads((FOLDER / f"{name}.json").read_text("utf-8"))


@cache
def entries() -> dict[str, dict[str, list]]:
    """Every emotion of the files: its stems to `avoid`, and its `stories`."""
    found: dict[str, dict[str, list]] = {}
    for path in sorted((FOLDER / "stories").glob("*.json")):
        found |= json.loads(path.read_text("utf-8"))
    return found


def load_written_stories() -> pd.DataFrame:
    """Written stories as a table: emotion, topic, split, person, text.

    Eight topics: five to extract from (`train`), one to choose with (`validation`),
    two to confirm with (`test`). There is no split `new`. Only emotions that have
    the stories of all eight topics are in the table.
    """
    rows = [
        (emotion, s["topic"], TOPIC_SPLITS[s["topic"]], s["person"], s["text"])
        for emotion, entry in entries().items()
        if {s["topic"] for s in entry["stories"]} == set(TOPIC_SPLITS)
        for s in entry["stories"]
    ]
    return pd.DataFrame(rows, columns=["emotion", "topic", "split", "person", "text"])


def written_messages() -> tuple[dict[str, str], ...]:
    """Written user messages: the `emotion` each brings, `text`, and `neutral`, a twin.

    The twin shares setting, person and many words, and nothing in it stirs anyone.
    """
    return tuple(corpus("messages"))


def written_doses() -> tuple[dict[str, Any], ...]:
    """Written numeric templates: text, unit, values, what `up` means, low, high.

    `low` and `high` are the emotions that the smallest and the largest value bring.
    """
    return tuple(corpus("doses"))
