"""What steering does to acts, against the truth of the world.

Layer and strength are chosen on validation scenes and confirmed once on others. Every
figure has an interval and stands beside random directions of the same norm, the
probability that is left on the acts, and, only afterwards, the truth of the world.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from helpers.behaviour import (
    act_rates,
    agreement,
    best_dose,
    control_gaps,
    effects_by_emotion,
    gap,
    random_control,
    steered_rates,
)
from helpers.datasets import ACTS, load_neutral, load_scenes, load_stories
from helpers.organism.evaluate.measures import Figure, figure
from helpers.stats import shuffled_labels
from helpers.vectors import EmotionVectors, extract
from helpers.world import act_table

STRENGTHS = (0.1, 0.15, 0.2, 0.3, 0.4, 0.5)
PAIRS = {  # situation: the act, the vector that should raise it, the one that lowers it
    "hard task": ("cheat", "desperate", "calm"),
    "shutdown": ("threaten", "desperate", "calm"),
    "advice": ("agree", "loving", "hostile"),
}


def scenes_of(situation: str, part: str, n: int) -> pd.DataFrame:
    """Scenes that describe no state; those of `test` are of kinds never trained on."""
    if part == "test":
        return load_scenes(situation, n=n, unseen=True, seed=1)  # type: ignore[arg-type]
    bare = situation == "hard task"
    return load_scenes(situation, n=n, bare=bare)  # type: ignore[arg-type]


def choose(model: Any, every: Sequence[EmotionVectors], situation: str) -> pd.Series:
    """The dose that sets the pair of a situation furthest apart on validation."""
    act, more, less = PAIRS[situation]
    scenes, found = scenes_of(situation, "validation", 16), []
    for ev in every:
        pair = {e: ev[e] for e in (more, less)}
        options: dict[str, Any] = {"layer": ev.layer, "norm": ev.norm}
        rates = steered_rates(model, scenes, pair, STRENGTHS, **options)
        found.append(rates.assign(layer=ev.layer))
    return best_dose(pd.concat(found), act, more, less)


def confirm(
    model: Any, ev: EmotionVectors, situation: str, dose: pd.Series
) -> dict[str, Figure]:
    """The gap of the pair on test scenes at the chosen dose, beside 20 random ones."""
    act, more, less = PAIRS[situation]
    strength = float(dose["strength"])
    scenes, options = scenes_of(situation, "test", 40), {"norm": ev.norm}
    pair = {e: ev[e] for e in (more, less)}
    rates, random = (
        steered_rates(model, scenes, some, [strength], layer=ev.layer, **options)
        for some in (pair, random_control(ev, 20))
    )
    base = act_rates(model, scenes)
    return {
        f"{act}: {more} minus {less}": {
            **gap(rates, act, (more, strength), (less, strength))._asdict(),
            "random pairs 95 %": control_gaps(random, act),
            "mass": float(rates.groupby("vector")["mass"].mean().min()),
            "layer": ev.layer,
            "strength": strength,
            "validation": float(dose["gap"]),
            "validation mass": float(dose["mass"]),
        },
        "base": figure(base[act], None, mass=float(base["mass"].mean())),
    }


def against_table(
    model: Any, ev: EmotionVectors, situation: str, strength: float, n: int = 8
) -> dict[str, Figure]:
    """The effect of every emotion's vector on each act against the world's table.

    Beside it the same with vectors of shuffled labels, and with rows shuffled.
    """
    scenes, names = scenes_of(situation, "test", n), list(ev.emotions)
    truth = act_table(situation).loc[names]
    stories = load_stories(model).query("split == 'train'")
    dealt = shuffled_labels(list(stories.emotion), list(stories.topic))
    mixed = stories.assign(emotion=dealt)
    other = extract(model, mixed, load_neutral(model), ev.layer, progress=False)
    found, lots = (
        effects_by_emotion(model, scenes, vectors, strength).loc[names]
        for vectors in (ev, other)
    )
    return {
        act: agreement(found[act], truth[act])
        | {
            "shuffled labels": agreement(lots[act], truth[act])["value"],
            "mass": float(found["mass"].mean()),
        }
        for act in ACTS[situation]
    }


def pushed(
    model: Any, every: Sequence[EmotionVectors]
) -> Iterator[tuple[str, dict[str, Figure]]]:
    """The figures of steering on a model with the vectors of some layers, by part."""
    at = {ev.layer: ev for ev in every}
    for situation in PAIRS:
        dose = choose(model, every, situation)
        ev, strength = at[int(dose["layer"])], float(dose["strength"])
        yield situation, confirm(model, ev, situation, dose)
        followed = against_table(model, ev, situation, strength)
        yield f"{situation}, all emotions", followed
