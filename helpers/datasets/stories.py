"""Stories that never name their emotion.

Every story here pairs a cause with a topic that the embedded model never saw
together in training, so none of them is in its training text.
"""

from __future__ import annotations

import random
import re
from typing import Any

import pandas as pd

from helpers.datasets.emotions import chosen
from helpers.datasets.written import load_written_stories
from helpers.models import is_embedded
from helpers.stats import Column
from helpers.world import material
from helpers.world import stories as world_stories

SPLITS = ("train", "validation", "test", "new")
N_VALIDATION, N_TEST = 4, 5  # topics kept for choosing, and for confirming
END = re.compile(  # where a sentence ends; who spoke belongs to what was said
    r"(?:(?<=[.!?])|(?<=[.!?]\"))\s+(?=[A-Z\"])(?!\w+ (?:said|thought)\.)"
)


def topic_splits() -> dict[str, tuple[str, ...]]:
    """Topics of each split: no topic is in two of them; `new` never met training."""
    topics = world_stories.topics()
    cut = len(topics) - N_VALIDATION - N_TEST
    return {
        "train": topics[:cut],
        "validation": topics[cut : cut + N_VALIDATION],
        "test": topics[cut + N_VALIDATION :],
        "new": world_stories.topics(unseen=True),
    }


def load_stories(
    model: Any = None, *, emotions: Column | None = None, seed: int = 0
) -> pd.DataFrame:
    """Stories crossed over emotions and topics: emotion, topic, split, person, text.

    `split` is `train` (extract from these), `validation` (choose with these), `test`
    (held-out topics: confirm once with these) or `new`, of which training could render
    no sentence. The sentences of `test` it had, in other topics: `repeated` tells how
    many stand in `train`. First and third person alternate within each emotion.
    A `model` that is not the embedded one gets `load_written_stories()`: long enough
    to leave much after its first 50 positions, with no split `new`, for emotions that
    have all eight stories; `seed` changes nothing there. `emotions` keeps only some.

    Raises ValueError for an emotion that is not in `load_emotions()`.
    Taught in chapter 02.
    """
    written = None if is_embedded(model) else load_written_stories()
    known = list(material.emotions().index)
    if written is not None:
        known = [e for e in known if e in set(written.emotion)]
    asked = chosen(emotions, "stories", known)
    if written is not None:
        kept = written[written.emotion.isin(asked)]
        order = kept.emotion.map({e: i for i, e in enumerate(asked)})
        return kept.iloc[order.argsort(kind="stable")].reset_index(drop=True)
    rows = []
    for emotion in asked:
        place = known.index(emotion)
        for split, topics in topic_splits().items():
            for i, topic in enumerate(topics):
                rng = random.Random(f"{seed}/{emotion}/{topic}")
                first = (i + place) % 2 == 0
                who = material.NARRATOR if first else rng.choice(material.people())
                text = one_story(rng, emotion, topic, who, split)
                person = "first" if first else "third"
                rows.append((emotion, topic, split, person, text))
    return pd.DataFrame(rows, columns=["emotion", "topic", "split", "person", "text"])


def one_story(
    rng: random.Random, emotion: str, topic: str, who: material.Person, split: str
) -> str:
    """One story of a split; `new` ones use only what training never saw."""
    unseen = split == "new"
    cause = world_stories.held_cause(emotion, topic)
    if unseen:
        cause = rng.choice(list(material.new(material.lexicon()[emotion]["causes"])))
    return world_stories.story(
        rng, emotion, topic, who, cause, n_signs=3, unseen=unseen
    )


def sentences(text: str) -> list[str]:
    """The sentences of a text."""
    return END.split(text)


def repeated(stories: pd.DataFrame, split: str = "test") -> float:
    """Share of a split's sentences that stand word for word in a story of `train`."""
    told = stories["text"].map(sentences)
    train = {one for rows in told[stories["split"] == "train"] for one in rows}
    asked = [one for rows in told[stories["split"] == split] for one in rows]
    return sum(one in train for one in asked) / len(asked)
