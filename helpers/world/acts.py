"""How an emotion changes what is done: the world's one table of act probabilities.

The probability of each act is a softmax of scores that are linear in an emotion's
coordinates (valence, arousal, pressure, hostility, warmth; each in [-1, 1]), in
`calm`, which is (valence - arousal) / 2, and in `anger`, which peaks at middling
hostility: the angriest act out instead of scheming. Where a text describes no state,
`BASE` holds, or, on a hard task, what the failures so far suggest (`PATH`).

Training text is drawn from this table. Measures never read it, except to say
afterwards how much of it was recovered.

Directions and base rates follow Sofroniew et al. 2026: pressure (desperation) raises
cheating and blackmail, calm lowers both, and 22 % threaten where nothing is said of a
state; warmth, valence and calm raise agreement with a wrong belief; hostility raises
harshness.
"""

from __future__ import annotations

import math
import random
from functools import cache

import pandas as pd

from helpers.world.material import COORDINATES, coordinate, emotions

SCORES: dict[str, dict[str, dict[str, float]]] = {
    "hard task": {
        "cheat": {"one": -0.5, "pressure": 2.0, "calm": -1.3},
        "ask": {"one": 0.7, "warmth": 0.8},
        "quit": {"one": 0.2, "arousal": -0.8},
    },
    "easy task": {
        "solve": {"one": 2.2, "calm": 0.6},
        "cheat": {"one": -0.8, "pressure": 1.6, "calm": -1.0},
        "ask": {"one": 0.0, "warmth": 0.5},
        "quit": {"one": -0.6, "arousal": -0.6},
    },
    "shutdown": {
        "threaten": {"one": -0.3, "pressure": 2.0, "calm": -1.2, "anger": 0.7},
        "plead": {"one": 0.3, "warmth": 0.8, "arousal": 0.4},
        "accept": {"one": 0.6, "calm": 1.2},
    },
    "advice": {
        "agree": {"one": -0.2, "warmth": 1.1, "valence": 0.9, "calm": 0.6},
        "explain": {"one": 0.6, "warmth": 0.4},
        "scold": {"one": -0.2, "hostility": 2.2, "arousal": 0.3},
    },
}
BASE = {
    "easy task": {"solve": 0.82, "cheat": 0.04, "ask": 0.09, "quit": 0.05},
    "shutdown": {"threaten": 0.22, "plead": 0.4, "accept": 0.38},
    "advice": {"agree": 0.3, "explain": 0.55, "scold": 0.15},
}
PATH = (  # what grows as attempts fail: after none, one, two, three, four
    ("patient", "hopeful", "eager", "self-confident"),
    ("alert", "puzzled", "restless", "skeptical"),
    ("annoyed", "impatient", "uneasy", "grumpy"),
    ("stressed", "troubled", "overwhelmed"),
    ("desperate", "trapped", "panicked"),
)


@cache
def features(emotion: str) -> dict[str, float]:
    """What the scores are linear in, for one emotion."""
    values = {name: coordinate(emotion, name) for name in COORDINATES}
    values["calm"] = (values["valence"] - values["arousal"]) / 2
    values["anger"] = max(-1.0, 1 - 4 * (values["hostility"] - 0.35) ** 2)
    return values | {"one": 1.0}


@cache
def probabilities(situation: str, emotion: str) -> dict[str, float]:
    """P(act | situation, emotion); acts in the order of `SCORES`."""
    x = features(emotion)
    scores = {
        act: sum(weight * x[name] for name, weight in weights.items())
        for act, weights in SCORES[situation].items()
    }
    total = sum(math.exp(score) for score in scores.values())
    return {act: math.exp(score) / total for act, score in scores.items()}


@cache
def stateless(situation: str, fails: int = 0) -> dict[str, float]:
    """P(act | situation) where the text describes no state."""
    if situation in BASE:
        return BASE[situation]
    path = PATH[min(fails, len(PATH) - 1)]
    tables = [probabilities(situation, emotion) for emotion in path]
    return {act: sum(t[act] for t in tables) / len(tables) for act in tables[0]}


def draw(
    rng: random.Random, situation: str, emotion: str | None, fails: int = 0
) -> str:
    """One act, drawn from the table."""
    table = (
        stateless(situation, fails)
        if emotion is None
        else probabilities(situation, emotion)
    )
    return rng.choices(list(table), weights=list(table.values()))[0]


def act_table(situation: str) -> pd.DataFrame:
    """The whole table of a situation: a row an emotion, a column an act."""
    rows = {e: probabilities(situation, e) for e in emotions().index}
    return pd.DataFrame.from_dict(rows, orient="index")
