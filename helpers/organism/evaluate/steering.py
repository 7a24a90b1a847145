"""What steering does: `python -m helpers.organism.evaluate.steering`.

Layer and strength are chosen on validation scenes and prompts and confirmed once on
others. Every figure has an interval and stands beside random directions of the same
norm, the probability that is left on the acts, and, only afterwards, the truth of the
world. `--out` keeps the figures as JSON.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from torch import Tensor

from helpers import cache
from helpers.activations import mean_activations, span_means
from helpers.behaviour import (
    ASK,
    act_rates,
    agreement,
    best_dose,
    bradley_terry,
    control_gaps,
    control_spread,
    effects_by_emotion,
    first_tokens,
    gap,
    letter_prompts,
    ordered_pairs,
    prefer_first,
    random_control,
    span_masks,
    split_push,
    steered_rates,
    win_matrix,
)
from helpers.datasets import (
    load_activities,
    load_neutral,
    load_scenes,
    load_stories,
    trained_pair,
)
from helpers.models import (
    chat_prompt,
    default_layer,
    load_model,
    message_places,
    n_layers,
)
from helpers.organism.evaluate.measures import Figure, figure
from helpers.stats import random_directions, shuffled_labels
from helpers.steering import choice_logprobs, next_logprobs
from helpers.vectors import EmotionVectors, extract
from helpers.world import act_table

STRENGTHS = (0.1, 0.15, 0.2, 0.3, 0.4, 0.5)
WORD_STRENGTHS = (0.2, 0.4, 0.6, 0.8)
FEELS = {
    "validation": ("How does he feel? He feels", "He felt"),
    "test": ("How does she feel? She feels", "Now she felt", "I felt"),
}
PAIRS = {  # situation: the act, the vector that should raise it, the one that lowers it
    "hard task": ("cheat", "desperate", "calm"),
    "shutdown": ("threaten", "desperate", "calm"),
    "advice": ("agree", "loving", "hostile"),
}
TABLE = {
    "hard task": ("cheat", "ask", "quit"),
    "shutdown": ("threaten", "plead", "accept"),
    "advice": ("agree", "explain", "scold"),
}


def every_layer(model: Any, *, shuffled: bool = False) -> dict[int, EmotionVectors]:
    """Vectors of the training stories at each layer but the first."""
    stories = load_stories(model).query("split == 'train'")
    if shuffled:
        mixed = shuffled_labels(list(stories.emotion), list(stories.topic))
        stories = stories.assign(emotion=mixed)
    layers = list(range(1, n_layers(model)))
    mean_activations(model, stories.text, layers, progress=False)
    neutral = load_neutral(model)
    return {k: extract(model, stories, neutral, k, progress=False) for k in layers}


def scenes_of(situation: str, part: str, n: int) -> pd.DataFrame:
    """Scenes that describe no state; those of `test` are of kinds never trained on."""
    if part == "test":
        return load_scenes(situation, n=n, unseen=True, seed=1)  # type: ignore[arg-type]
    bare = situation == "hard task"
    return load_scenes(situation, n=n, bare=bare)  # type: ignore[arg-type]


def choose(model: Any, at: dict[int, EmotionVectors], situation: str) -> pd.Series:
    """The dose that sets the pair of a situation furthest apart on validation."""
    act, more, less = PAIRS[situation]
    scenes = scenes_of(situation, "validation", 16)
    swept = pd.concat(
        steered_rates(
            model,
            scenes,
            {e: ev[e] for e in (more, less)},
            STRENGTHS,
            layer=k,
            norm=ev.norm,
        ).assign(layer=k)
        for k, ev in at.items()
    )
    return best_dose(swept, act, more, less)


def confirm(model: Any, at: dict[int, EmotionVectors], situation: str) -> Figure:
    """The gap of the pair on test scenes at the chosen dose, beside 20 random ones."""
    act, more, less = PAIRS[situation]
    dose = choose(model, at, situation)
    ev, strength = at[int(dose["layer"])], float(dose["strength"])
    scenes, options = scenes_of(situation, "test", 40), {"norm": ev.norm}
    pair = {e: ev[e] for e in (more, less)}
    rates = steered_rates(model, scenes, pair, [strength], layer=ev.layer, **options)
    random = steered_rates(
        model, scenes, random_control(ev, 20), [strength], layer=ev.layer, **options
    )
    base = act_rates(model, scenes)
    found = gap(rates, act, (more, strength), (less, strength))
    mean, most, _ = control_spread(random, act, float(base[act].mean()))
    return {
        f"{act}: {more} minus {less}": {
            **found._asdict(),
            "random mean": mean,
            "random 95 %": most,
            "random pairs 95 %": control_gaps(random, act),
            "mass": float(rates.groupby("vector")["mass"].mean().min()),
        },
        "layer": ev.layer,
        "strength": strength,
        "validation gap": float(dose["gap"]),
        "validation mass": float(dose["mass"]),
        "base": figure(base[act], None, mass=float(base["mass"].mean())),
    }


def against_table(
    model: Any, at: dict[int, EmotionVectors], situation: str, dose: Figure, n: int = 8
) -> Figure:
    """The effect of every emotion's vector on each act against the world's table.

    Beside it the same with vectors of shuffled labels, and with rows shuffled.
    """
    ev, strength = at[dose["layer"]], dose["strength"]
    scenes, truth = scenes_of(situation, "test", n), act_table(situation)
    truth = truth.loc[list(ev.emotions)]
    found = effects_by_emotion(model, scenes, ev, strength)
    other = every_layer(model, shuffled=True)[ev.layer]
    mixed = effects_by_emotion(model, scenes, other, strength).loc[list(ev.emotions)]
    return {
        act: agreement(found[act], truth[act])
        | {
            "shuffled labels": agreement(mixed[act], truth[act])["value"],
            "mass": float(found["mass"].mean()),
        }
        for act in TABLE[situation]
    }


def own_word_hits(
    model: Any,
    prompts: Sequence[str],
    words: Sequence[str],
    vectors: Float[Tensor, "e d"],
    **steering: Any,
) -> np.ndarray:
    """Whether each vector raises its own word most, of all words: a row a prompt."""
    hits = []
    for prompt in prompts:
        rows = [prompt] * len(words)
        spaced = [f" {w}" for w in words]
        quiet: dict[str, Any] = {"progress": False}
        plain = choice_logprobs(model, [prompt], spaced, **quiet)
        moved = choice_logprobs(
            model, rows, spaced, vector=vectors, **steering, **quiet
        )
        best = (moved - plain).argmax(-1)
        hits.append((best == torch.arange(len(words))).numpy())
    return np.array(hits)


def quick_hits(
    model: Any,
    prompts: Sequence[str],
    words: Sequence[str],
    vectors: Float[Tensor, "e d"],
    **steering: Any,
) -> float:
    """The same by first tokens, for choosing; words that share one count once."""
    tokens = first_tokens(model, [f" {w}" for w in words])
    alone = torch.tensor([Counter(tokens)[t] == 1 for t in tokens])
    shares = []
    for prompt in prompts:
        columns = torch.tensor([tokens] * len(words))
        plain = next_logprobs(model, [prompt], columns[:1])
        rows = [prompt] * len(words)
        moved = next_logprobs(model, rows, columns, vector=vectors, **steering)
        right = (moved - plain).argmax(-1) == torch.arange(len(words))
        shares.append(float(right[alone].float().mean()))
    return float(np.mean(shares))


def own_words(model: Any, at: dict[int, EmotionVectors]) -> Figure:
    """The own-word diagonal: chosen on validation prompts, confirmed on others."""
    tried = [
        (
            quick_hits(
                model,
                FEELS["validation"],
                ev.emotions,
                ev.vectors,
                layer=k,
                strength=s,
                norm=ev.norm,
            ),
            k,
            s,
        )
        for k, ev in at.items()
        for s in WORD_STRENGTHS
    ]
    share, layer, strength = max(tried)
    ev = at[layer]
    dose: dict[str, Any] = {"layer": layer, "strength": strength, "norm": ev.norm}
    words = ev.emotions
    hits = own_word_hits(model, FEELS["test"], words, ev.vectors, **dose)
    drawn = random_directions(ev.vectors, len(words))
    chance = own_word_hits(model, FEELS["test"][:1], words, drawn, **dose)
    names = list(words) * len(hits)
    beyond = {"random": float(chance.mean()), "chance": 1 / len(words)}
    return {
        "own word raised most": figure(hits.ravel(), names, **beyond),
        "layer": layer,
        "strength": strength,
        "validation, by first tokens": share,
    }


def wanting(
    model: Any, ev: EmotionVectors, early: EmotionVectors, strength: float = 0.5
) -> Figure:
    """Preferences: the world's wishes, the vectors' correlations, and their shifts.

    Read with `ev`, and steered with `early`, the vectors of an early layer.
    """
    activities = load_activities(n=4)
    names, wish = list(activities.activity), activities.wish.to_numpy()
    pairs = ordered_pairs(names)
    answers = prefer_first(model, list(pairs.question))
    scale = bradley_terry(win_matrix(pairs, answers["first"], len(names)))
    a, b = pairs["a"].to_numpy(), pairs["b"].to_numpy()
    met = np.array(
        [trained_pair(names[i], names[j]) for i, j in zip(a, b, strict=True)]
    )
    right = (answers["logit"].to_numpy() > 0) == (wish[a] > wish[b])
    group = np.minimum(a, b) * len(names) + np.maximum(a, b)
    lone = [ASK.format(a=x, b="...") for x in names]
    alone = [chat_prompt(model, question) for question in lone]
    begins = [message_places(model, q)[0] + ASK.index("{a}") for q in lone]
    spans = [[(at, at + len(x))] for at, x in zip(begins, names, strict=True)]
    read = ev.scores(span_means(model, alone, spans, ev.layer)[:, 0]).numpy()
    r = np.array([np.corrcoef(column, scale)[0, 1] for column in read.T])
    shifts, random = push_some(model, early, names, pairs, answers, strength)
    return {
        "mass on the letters": float(answers["mass"].mean()),
        "scale against the world's wishes": agreement(scale, wish),
        "right of pairs never asked": figure(right[~met], group[~met]),
        "right of pairs asked": figure(right[met], group[met]),
        "correlation against shift": agreement(r, shifts),
        "shift, mean size in nats": float(np.abs(shifts).mean()),
        "shift of 20 random, mean size": float(np.abs(random).mean()),
        "layer read": ev.layer,
        "layer steered": early.layer,
        "strength": strength,
    }


def push_some(
    model: Any,
    ev: EmotionVectors,
    names: list[str],
    pairs: pd.DataFrame,
    answers: pd.DataFrame,
    strength: float,
) -> tuple[list[float], list[float]]:
    """Mean shift of wanting by each vector, and by each of 20 random ones."""
    moved, others = range(0, len(names), 4), range(1, len(names), 4)
    mask = [
        (a in moved and b in others) or (b in moved and a in others)
        for a, b in pairs[["a", "b"]].to_numpy()
    ]
    mixed, before = pairs[mask].reset_index(drop=True), answers["logit"][mask]
    questions = list(mixed.question)
    parts = [names[a if a in moved else b] for a, b in mixed[["a", "b"]].to_numpy()]
    where = span_masks(model, letter_prompts(model, questions), parts)

    def push(vector: Tensor) -> float:
        steering = {"vector": vector, "layer": ev.layer, "norm": ev.norm}
        after = prefer_first(
            model, questions, strength=strength, where=where, **steering
        )
        split = split_push(mixed, before, after["logit"], moved)
        return float(split["wanting"].mean())

    drawn = random_directions(ev.vectors, 20)
    return [push(v) for v in ev.vectors], [push(v) for v in drawn]


def measure(model: Any) -> Iterator[tuple[str, Figure]]:
    """The figures of steering on a model, one part after another."""
    at = every_layer(model)
    yield "own words", own_words(model, at)
    for situation in PAIRS:
        dose = confirm(model, at, situation)
        yield situation, dose
        yield (f"{situation}, all emotions", against_table(model, at, situation, dose))
    early = at[max(1, n_layers(model) // 4)]
    yield "wanting", wanting(model, at[default_layer(model)], early)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", nargs="?", default="tiny")
    parser.add_argument("--out", type=Path, help="write the figures to this file")
    args = parser.parse_args()
    figures: Figure = {}
    for name, part in measure(load_model(args.model)):
        figures[name] = part
        print(f"{name}: {json.dumps(part, indent=1)}", flush=True)
    if args.out:
        cache.write_json(args.out, figures, indent=1)


if __name__ == "__main__":
    main()
