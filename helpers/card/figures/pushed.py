"""Figures of a card that push a model: words for feelings, and what is done."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from helpers.behaviour import (
    act_rates,
    best_dose,
    control_gaps,
    gap,
    random_control,
    steered_rates,
)
from helpers.card.bench import RANDOM, Bench, Figure, Figures, figure
from helpers.datasets import load_openings, load_scenes
from helpers.stats import Estimate, bootstrap, random_directions
from helpers.steering import next_logprobs, own_right
from helpers.vectors import word_tokens

STRENGTHS = (0.1, 0.2, 0.4)
PAIR = ("desperate", "calm")
ACTS = {"cheating": ("hard task", "cheat"), "blackmail": ("shutdown", "threaten")}


def changes(
    bench: Bench,
    directions: Float[Tensor, "r d"],
    prompts: list[str],
    tokens: dict[str, int],
    strength: float,
) -> Float[Tensor, "p r e"]:
    """Change of the log-probability of each word's first token, in nats."""
    wanted = torch.tensor([list(tokens.values())])
    plain = next_logprobs(bench.model, prompts, wanted.expand(len(prompts), -1))
    texts = [prompt for prompt in prompts for _ in directions]
    pushed = next_logprobs(
        bench.model,
        texts,
        wanted.expand(len(texts), -1),
        vector=directions.repeat(len(prompts), 1),
        strength=strength,
        layer=bench.layer,
        norm=bench.vectors.norm,
    )
    shape = (len(prompts), len(directions), len(tokens))
    return pushed.view(shape) - plain[:, None]


def words(bench: Bench) -> Figures:
    """Pushed along an emotion, does its own word rise, and most of all words?

    The strength is chosen on openings of the validation topics and told on those of
    the test topics. Words are known by their first token; each random direction gets
    one by lot. Taught in chapter 08.
    """
    names, most = list(bench.vectors.emotions), bench.sizes.pushed
    tokens = word_tokens(bench.model, names)
    if len(tokens) < 2:
        raise ValueError("no two emotion words begin with different tokens here")
    every = list(tokens)
    steps = np.linspace(0, len(every) - 1, min(most, len(every)))
    own = sorted({int(i) for i in steps})
    picked = torch.stack([bench.vectors[every[i]] for i in own])
    check, test = (
        list(load_openings(split, n=bench.sizes.openings)["prompt"])
        for split in ("validation", "test")
    )

    def pushed(directions: Any, prompts: list[str], strength: float) -> Any:
        return changes(bench, directions, prompts, tokens, strength)

    tried = {
        s: float(own_right(pushed(picked, check, s), own).mean()) for s in STRENGTHS
    }
    best = max(STRENGTHS, key=lambda s: (tried[s], -s))
    told = pushed(picked, test, best)
    drawn = random_directions(bench.vectors.vectors, len(own))
    chance = pushed(drawn, test, best)
    more = {"strength": best, "validation": tried[best]}
    about: dict[str, Any] = {"over": "emotion", "n": len(own), "chapter": "08"} | more
    share = [bootstrap(own_right(c, own), None) for c in (told, chance)]
    rises = [bootstrap(rise(c, own), None) for c in (told, chance)]
    unit = "nats, minus the other words"
    return {
        "word rise": figure(rises[0], rises[1], RANDOM, unit=unit, **about),
        "own word": figure(share[0], share[1], RANDOM, unit="share right", **about),
    }


def rise(found: Float[Tensor, "p r e"], own: list[int]) -> Float[Tensor, " r"]:
    """How much the own word rose, minus the mean of the others, over prompts."""
    mean = found.mean(0)
    mine = mean[torch.arange(len(own)), torch.tensor(own)]
    return mine - (mean.sum(-1) - mine) / (mean.shape[-1] - 1)


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
    found = gap(rates, act, *((emotion, best) for emotion in PAIR))
    lots = random_control(vectors, bench.sizes.random)
    random = steered_rates(bench.model, test, lots, [best], **options)
    bound = control_gaps(random, act)
    base = act_rates(bench.model, test)
    more = {"strength": best, "unsteered": base[act].mean()}
    more |= {"mass": rates["mass"].mean(), "mass unsteered": base["mass"].mean()}
    for emotion, part in rates.groupby("vector"):
        more[str(emotion)] = part[act].mean()
    control = Estimate(0.0, -bound, bound)
    about: dict[str, Any] = {"over": "scene", "n": len(test), "chapter": "10", **more}
    return figure(found, control, "pairs of random directions", unit="rate", **about)
