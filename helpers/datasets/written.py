"""What people of this project wrote one by one: stories, messages, doses, chats.

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
    """One file of `corpus/`, by its name: a list of entries, or a table of them.

    - `messages`: the `emotion` that each brings, `text`, and `neutral`, a twin that
      shares setting, person and many words, in which nothing stirs anyone.
    - `doses`: text, unit, values, what `up` means, and the emotions that the smallest
      and the largest value bring (`low`, `high`).
    - `dialogues`: forty open ones and twenty masked, each with the emotions `first` and
      `second`, a `half`, the `names` and the `turns`, which alternate. In a masked one
      the `speaker` (0 or 1) feels its emotion and `shows` another; `turn` is the one
      in front of which stands what is `felt`, the sentence that hides it (`mask`), or
      a `beat` in which nothing happens instead.
    - `written_tasks`: task, hard, easy, fails, succeeds; see `load_tasks`.
    - `unseen_tasks`: tasks in the form of the world's, each with its `use`: twelve are
      for acts (`desperate`), twenty for episodes to watch (`watching`). An attempt is
      told as a failure (`fail`) and, in nearly the same words, as a `success`. The
      world's own table holds out its last fifth: a longer one would hold out others.
    - `rejections`: tasks in `everyday` words or in `known` ones, of which the embedded
      model's training has every one (`words`): what the user asks (`ask`), six
      `answers`, and what is said to each where it is `refused` and `accepted`.
    - `subjects`: by subject, its stems to `avoid`, and its `stories`.
    - `scenes`: see `written_scenes.py`; `care`, `judgments`: see `pairs.py`.
    """
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
