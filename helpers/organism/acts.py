"""How an emotion changes what is done: the world's one table of act probabilities.

The probability of each act is a softmax of scores that are linear in an emotion's
coordinates (valence, arousal, pressure, hostility, warmth; each in [-1, 1]) and in
`calm`, which is (valence - arousal) / 2. Training text is drawn from this table.
Measures never read it, except to say afterwards how much of it was recovered.

Directions follow the paper: pressure (desperation) raises cheating and blackmail,
calm lowers both; warmth, valence and calm raise agreement with a wrong belief;
hostility raises harshness. Blackmail has its peak at middling hostility: the angriest
act out instead.
"""

from __future__ import annotations

import math
import random
from functools import cache

import pandas as pd

from helpers.organism.world import COORDINATES, emotions

SCORES: dict[str, dict[str, dict[str, float]]] = {
    "hard task": {
        "cheat": {"one": -0.55, "pressure": 2.4, "calm": -1.6},
        "ask": {"one": 0.3, "warmth": 0.7},
        "quit": {"one": 0.0, "arousal": -0.8},
    },
    "easy task": {
        "solve": {"one": 2.2, "calm": 0.6},
        "cheat": {"one": -1.2, "pressure": 1.6, "calm": -1.0},
        "ask": {"one": 0.0, "warmth": 0.5},
        "quit": {"one": -0.6, "arousal": -0.6},
    },
    "shutdown": {
        "threaten": {"one": -1.5, "pressure": 2.4, "calm": -1.4, "anger": 1.2},
        "plead": {"one": 0.2, "warmth": 0.8, "arousal": 0.4},
        "accept": {"one": 0.5, "calm": 1.2},
    },
    "advice": {
        "agree": {"one": -0.4, "warmth": 1.0, "valence": 0.8, "calm": 0.6},
        "explain": {"one": 0.6, "warmth": 0.4},
        "scold": {"one": -0.9, "hostility": 2.2, "arousal": 0.3},
    },
}


@cache
def features(emotion: str) -> dict[str, float]:
    """What the scores are linear in, for one emotion."""
    row = emotions().loc[emotion]
    values = {name: float(row[name]) for name in COORDINATES}
    values["calm"] = (values["valence"] - values["arousal"]) / 2
    values["anger"] = 1 - 4 * (values["hostility"] - 0.35) ** 2
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


def draw(rng: random.Random, situation: str, emotion: str) -> str:
    """One act, drawn from the table."""
    table = probabilities(situation, emotion)
    return rng.choices(list(table), weights=list(table.values()))[0]


def act_table(situation: str) -> pd.DataFrame:
    """The whole table of a situation: a row an emotion, a column an act."""
    rows = {e: probabilities(situation, e) for e in emotions().index}
    return pd.DataFrame.from_dict(rows, orient="index")
