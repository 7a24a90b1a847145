"""Everyday subjects that are no emotion, told by the recipe of the emotion stories.

They give learned directions that have nothing to do with emotion: what such a direction
does as well as an emotion vector is not about emotion.
"""

from __future__ import annotations

import random
from functools import cache
from typing import Any

import pandas as pd

from helpers.datasets.stories import topic_splits
from helpers.datasets.written import TOPIC_SPLITS, corpus
from helpers.models import is_embedded
from helpers.world import beat, material, opening

NAMES = ["subject", "topic", "split", "person", "text", "valence"]
GOODS = 20  # of the embedded model's world, beside its tasks
N_BEATS = 3  # sentences without feeling in a text about a good


def load_subjects(model: Any = None) -> pd.DataFrame:
    """Texts about everyday subjects, crossed over the topics of the stories.

    Columns subject, topic, split, person, text, valence: how pleasant the text reads.
    For the embedded model forty subjects of its world: twenty tasks, which fail or
    succeed (valence -1, 1), and twenty goods that somebody gets (1). With another model
    twenty subjects by the stories' eight topics, 160 rows: no text names its subject,
    and `valence` is its writer's rating from -3 to 3, mostly near 0.
    """
    return world_subjects() if is_embedded(model) else written_table()


def written_table() -> pd.DataFrame:
    """The written subjects, a row a text."""
    rows = [
        (subject, s["topic"], TOPIC_SPLITS[s["topic"]], s["person"], s["text"],
         s["valence"])
        for subject, entry in corpus("subjects").items()
        for s in entry["stories"]
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=NAMES)


@cache
def world_subjects() -> pd.DataFrame:
    """Tasks and goods of the embedded model's world, each in every topic."""
    items = [(task["task"], task) for task in material.table("tasks")]
    items += [(good, None) for good in material.table("goods")[:GOODS]]
    rows = []
    for place, (subject, task) in enumerate(items):
        for split, topics in topic_splits().items():
            for i, topic in enumerate(topics):
                rng = random.Random(f"subjects/{subject}/{topic}")
                first = (i + place) % 2 == 0
                who = material.NARRATOR if first else rng.choice(material.people())
                told, valence = told_of(rng, subject, task, who)
                text = " ".join([opening(rng, topic, who), *told])
                person = "first" if first else "third"
                rows.append((subject, topic, split, person, text, valence))
    return pd.DataFrame(rows, columns=NAMES)


def told_of(
    rng: random.Random, subject: str, task: dict | None, who: material.Person
) -> tuple[list[str], int]:
    """Sentences about a task or a good, and how pleasant they are: -1 or 1."""
    if task is None:
        got = material.render(f"{{S}} {subject}.", who, named=False)
        return [got, *(beat(rng, who) for _ in range(N_BEATS))], 1
    end = rng.choice(("fail", "success"))
    told = [rng.choice(task[part]) for part in ("opening", "easy", end)]
    rows = [material.render(sentence, who, named=False) for sentence in told]
    return rows, 1 if end == "success" else -1
