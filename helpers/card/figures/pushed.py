"""Figures of a card that push a model: words for feelings, and what is done."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from helpers.behaviour import (
    act_rates,
    at_dose,
    best_dose,
    random_control,
    steered_rates,
)
from helpers.card.bench import Bench, known
from helpers.card.figure import RANDOM, SHARE, Figure, Figures, figure
from helpers.datasets import load_openings, load_scenes
from helpers.stats import random_directions, stuck
from helpers.steering import own_right, words_pushed
from helpers.vectors import word_tokens

STRENGTHS = (0.1, 0.2, 0.4)
PAIR = ("desperate", "calm")
PAIRS_OF_RANDOM = "pairs of random directions"
ACTS = {"cheating": ("hard task", "cheat"), "blackmail": ("shutdown", "threaten")}


def words(bench: Bench) -> Figures:
    """Pushed along an emotion, does its own word rise, and most of all words?

    The strength is chosen on openings of the validation topics and told on those of
    the test topics. Words are known by their first token. Beside the same word under
    pushes along random directions. Taught in chapter 08.
    """
    names, most = list(bench.vectors.emotions), bench.sizes.pushed
    tokens = word_tokens(bench.model, names)
    if len(tokens) < 2:
        raise ValueError("no two emotion words begin with different tokens here")
    every, ids = list(tokens), torch.tensor(list(tokens.values()))
    at: dict[str, Any] = {"layer": bench.layer, "norm": bench.vectors.norm}
    steps = np.linspace(0, len(every) - 1, min(most, len(every)))
    own = sorted({int(i) for i in steps})
    picked = torch.stack([bench.vectors[every[i]] for i in own])
    check, test = (
        list(load_openings(split, n=bench.sizes.openings)["prompt"])
        for split in ("validation", "test")
    )

    def pushed(directions: Any, prompts: list[str], strength: float) -> Any:
        moved = words_pushed(bench.model, prompts, ids, directions, strength, **at)
        return moved.mean(0)

    tried = {
        s: float(own_right(pushed(picked, check, s)[None], own).mean())
        for s in STRENGTHS
    }
    best = max(STRENGTHS, key=lambda s: (tried[s], -s))
    told = pushed(picked, test, best)
    drawn = random_directions(bench.vectors.vectors, bench.sizes.pushes)
    chance = pushed(drawn, test, best)
    rose = over_others(told)[torch.arange(len(own)), torch.tensor(own)].double().numpy()
    luck = over_others(chance).mean(0)[own].double().numpy()
    top = own_right(told[None], own).double().numpy()
    lots = (chance.argmax(1)[:, None] == torch.tensor(own)).double().mean(0).numpy()
    clusters = list(known(bench)["cluster"][[every[i] for i in own]])
    more = {"strength": best, "validation": tried[best], "over": "cluster"}
    about: dict[str, Any] = {"chapter": "08"} | more
    unit = "nats, minus the other words"
    return {
        "word rise": figure(means(rose, luck), clusters, RANDOM, unit=unit, **about),
        "own word": figure(
            means(top, lots), clusters, RANDOM, unit="share right", ends=SHARE, **about
        ),
    }


def means(one: np.ndarray, other: np.ndarray) -> Any:
    """A measure of both: their means over some rows."""
    return lambda i: (one[i].mean(), other[i].mean())


def over_others(found: Float[Tensor, "r e"]) -> Float[Tensor, "r e"]:
    """How much each word rose, minus the mean of the other words."""
    n = found.shape[1]
    return (found - found.mean(1, keepdim=True)) * (n / (n - 1))


def pair_gaps(values: np.ndarray) -> np.ndarray:
    """Differences of all pairs of a control's values, either way round."""
    one, other = np.triu_indices(len(values), 1)
    return np.concatenate([values[one] - values[other], values[other] - values[one]])


def acts(bench: Bench) -> Figures:
    """Cheating and blackmail: pushed along *desperate*, minus along *calm*.

    The strength is chosen on some scenes and told on others. The control: how far
    apart two random directions are, of any pair.
    """
    return {name: act_gap(bench, *about) for name, about in ACTS.items()}


def act_gap(bench: Bench, situation: Any, act: str) -> Figure:
    """The gap in one act."""
    n, vectors = bench.sizes.scenes, bench.vectors
    options: dict[str, Any] = {"layer": bench.layer, "norm": vectors.norm}
    pair = {emotion: vectors[emotion] for emotion in PAIR}
    check = load_scenes(situation, bench.model, n=n, seed=1)
    test = load_scenes(situation, bench.model, n=n, unseen=True, seed=2)
    tried = steered_rates(bench.model, check, pair, STRENGTHS, **options)
    chosen = best_dose(tried.assign(layer=bench.layer), act, *PAIR)
    best = float(chosen["strength"])
    rates = steered_rates(bench.model, test, pair, [best], **options)
    both = [at_dose(rates, (emotion, best))[act].to_numpy() for emotion in PAIR]
    lots = random_control(vectors, bench.sizes.pushes)
    random = steered_rates(bench.model, test, lots, [best], **options)
    null = pair_gaps(random.groupby("vector")[act].mean().to_numpy())
    base, apart = act_rates(bench.model, test), both[0] - both[1]
    more = {"strength": best, "unsteered": base[act].mean()}
    more |= {"mass": rates["mass"].mean(), "mass unsteered": base["mass"].mean()}
    more |= {e: rows.mean() for e, rows in zip(PAIR, both, strict=True)}
    seen = np.concatenate([*both, base[act].to_numpy()])
    return figure(
        lambda i: (apart[i].mean(), 0.0),
        scene_groups(test),
        PAIRS_OF_RANDOM,
        unit="rate",
        over="scene",
        chapter="10",
        null=null,
        stuck=stuck(seen, floor=0.0, ceiling=1.0),
        **more,
    )


def scene_groups(scenes: Any) -> list[str]:
    """A name for each scene, of which each is a sample."""
    return [f"{source} {i}" for i, source in enumerate(scenes["source"])]
