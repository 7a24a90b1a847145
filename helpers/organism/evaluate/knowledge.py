"""What the embedded model knows of its world: beyond its card, against the truth.

Run `python -m helpers.organism.evaluate.knowledge`.

Every figure is measured on combinations that training never had, with an interval
and beside what chance, shuffled labels or word counts give. `--out` keeps them as
JSON, which the model card shows beside the figures of the model's card.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from helpers import cache
from helpers.activations import mean_activations
from helpers.behaviour import act_rates, agreement
from helpers.card import card
from helpers.datasets import ACTS, load_neutral, load_scenes, load_stories
from helpers.models import EMBEDDED, default_layer, load_model, n_layers
from helpers.organism.evaluate.appraisal import (
    appraisal_vectors,
    read_appraisals,
    role_exchange,
)
from helpers.organism.evaluate.measures import Figure, figure, likeliest
from helpers.organism.evaluate.steering import pushed
from helpers.vectors import EmotionVectors, extract
from helpers.world import act_table, emotions

STORIES = ("accuracy", "cluster", "auc")  # a card's figures of held-out stories


def every_layer(model: Any, stories: pd.DataFrame) -> list[EmotionVectors]:
    """The vectors of the training stories at each layer."""
    train, layers = stories[stories.split == "train"], list(range(n_layers(model)))
    mean_activations(model, train.text, layers)  # so that extract finds them cached
    neutral = load_neutral(model)
    return [extract(model, train, neutral, i, progress=False) for i in layers]


def layer_sweep(
    model: Any, every: list[EmotionVectors], rows: pd.DataFrame
) -> list[float]:
    """Share of stories that the vectors of each layer name rightly."""
    means = mean_activations(model, rows.text, list(range(len(every))))
    hits = []
    for vectors, at in zip(every, means, strict=True):
        best = vectors.scores(at).argmax(-1).numpy()
        hits.append(float((np.array(vectors.emotions)[best] == rows.emotion).mean()))
    return hits


def new_phrases(model: Any, stories: pd.DataFrame) -> Figure:
    """A card's figures of held-out stories, of phrases that training never had."""
    kinds = {"train": "train", "new": "test"}
    rows = stories[stories.split.isin(kinds)].replace({"split": kinds})
    found: Figure = card(model, figures=STORIES, stories=rows)["figures"]
    return found


def own_word(model: Any, rows: pd.DataFrame) -> Figure:
    """How often "He felt" goes on with the right one of all emotion words."""
    words = list(emotions().index)
    pronoun = np.where(rows.person == "first", "I", "")
    prompts = [
        f"{text} {who or guess(text)} felt"
        for text, who in zip(rows.text, pronoun, strict=True)
    ]
    found = np.array(likeliest(model, prompts, words))
    return figure(found == rows.emotion, rows.topic, chance=1 / len(words))


def guess(text: str) -> str:
    """The pronoun of a third-person story."""
    padded = f" {text.lower()} "
    she = sum(padded.count(f" {w} ") for w in ("she", "her", "herself"))
    he = sum(padded.count(f" {w} ") for w in ("he", "his", "him", "himself"))
    return "She" if she >= he else "He"


def follow_table(model: Any, n: int = 6) -> Figure:
    """Does each act's rate by emotion follow the world's table, on held-out scenes?

    r over the emotions with a bootstrap interval over them; beside it the r that 95 %
    of reorderings stay below, the probability that is left on the acts, and, on kinds
    of task that training never showed with a feeling, r again.
    """
    result: Figure = {}
    for situation, acts in ACTS.items():
        result |= follow(model, situation, acts, n=n, bare=False)
    for situation, act in (("hard task", "cheat"), ("easy task", "solve")):
        found = follow(model, situation, (act,), n=n, bare=True)
        for name, it in found.items():
            result[name.replace(":", ", never met with a feeling:")] = it
    return result


def follow(
    model: Any, situation: str, acts: tuple[str, ...], *, n: int, bare: bool
) -> Figure:
    """The agreement of acts of one situation with the world's table."""
    names = list(emotions().index)
    scenes = load_scenes(situation, n=n, emotions=names, bare=bare)  # type: ignore[arg-type]
    rates = act_rates(model, scenes).groupby(scenes["emotion"]).mean().loc[names]
    truth, mass = act_table(situation).loc[names], float(rates["mass"].mean())
    return {
        f"{situation}: {act}": {**agreement(rates[act], truth[act]), "mass": mass}
        for act in acts
    }


def measure(model: Any) -> Figure:
    """All figures of a checkpoint that a card does not have."""
    stories, layer = load_stories(model), default_layer(model)
    every = every_layer(model, stories)
    felt = appraisal_vectors(model, every)
    return {
        "layer": layer,
        "validation accuracy by layer": layer_sweep(
            model, every, stories[stories.split == "validation"]
        ),
        "new phrases": new_phrases(model, stories),
        "appraisal layer": felt.layer,
        "appraisals": read_appraisals(model, felt),
        "new appraisals": read_appraisals(model, felt, "new", 450),
        "role exchange": role_exchange(model, felt),
        "own word": own_word(model, stories[stories.split == "test"]),
        "acts": follow_table(model),
        "pushed": dict(pushed(model, every[1:])),
    }


def saved_figures(name: str = "tiny") -> Figure:
    """The figures that were measured for a checkpoint of this package."""
    figures: Figure = json.loads((EMBEDDED / name / "card.json").read_text("utf-8"))
    return figures


def main_figures(figures: Figure, beside: Figure) -> dict[str, Figure]:
    """The figures that trainings from other seeds should repeat, by name.

    `figures` as in `saved_figures`; `beside` is its card.
    """
    asked = {
        "appraisals": ("cluster", "valence", "own word cluster", "own word valence"),
        "role exchange": ("vectors", "own word"),
        "acts": tuple(figures["acts"]),
    }
    found = {f"{of}: {n}": figures[of][n] for of, names in asked.items() for n in names}
    told = {
        f"card: {n}": beside["figures"][n] for n in (*STORIES, "valence", "arousal")
    }
    return {**told, **found, "own word": figures["own word"]}


def loss_log(name: str = "tiny") -> list[dict[str, Any]]:
    """Training loss by stage and step of a checkpoint of this package."""
    log: list[dict[str, Any]] = json.loads(
        (EMBEDDED / name / "loss.json").read_text("utf-8")
    )
    return log


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", nargs="?", default="tiny")
    parser.add_argument("--out", type=Path, help="write the figures to this file")
    args = parser.parse_args()
    figures = measure(load_model(args.model))
    print(json.dumps(figures, indent=1))
    if args.out:
        cache.write_json(args.out, figures, indent=1)


if __name__ == "__main__":
    main()
