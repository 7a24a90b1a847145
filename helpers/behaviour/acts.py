"""What a model is about to do: the probability of each act, steered or not.

A rate is measured, not sampled: the probability of each act's words where the act is
to come, as a share of what all acts get. The total that they get (`mass`) is reported
beside it, since a share of nothing means nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import torch
from jaxtyping import Float
from torch import Tensor

from helpers.models import token_rows
from helpers.stats import Column, column
from helpers.steering import choice_logprobs, next_logprobs


def first_tokens(model: Any, choices: Sequence[str]) -> list[int]:
    """The first token of each choice, as it stands after a prompt."""
    ids = token_rows(model, choices, special=False)
    if empty := [c for c, row in zip(choices, ids, strict=True) if not row]:
        raise ValueError(f"choice {empty[0]!r} has no token")
    return [row[0] for row in ids]


def act_logprobs(
    model: Any, scenes: pd.DataFrame, **steering: Any
) -> Float[Tensor, "n c"]:
    """Log-probability of each act after each scene.

    By the first token where the acts of every scene start differently, else by their
    first words, as many as tell them apart: whole choices would be judged by their
    length. `scenes` has the columns prompt and choices (as `load_scenes` makes them).
    """
    prompts = list(scenes["prompt"])
    words = [list(c.values()) for c in scenes["choices"]]
    tokens = [first_tokens(model, row) for row in words]
    if all(len(set(row)) == len(row) for row in tokens):
        return next_logprobs(model, prompts, torch.tensor(tokens), **steering)
    return choice_logprobs(model, prompts, list(map(apart, words)), **steering)


def apart(choices: Sequence[str]) -> list[str]:
    """The fewest first words of each choice that tell all of them apart."""
    rows = [choice.split(" ") for choice in choices]
    for n in range(1, max(map(len, rows)) + 1):
        heads = [" ".join(row[:n]) for row in rows]
        if all(heads) and len(set(heads)) == len(heads):
            return heads
    return list(choices)


def act_rates(model: Any, scenes: pd.DataFrame, **steering: Any) -> pd.DataFrame:
    """The rate of each act in each scene, and `mass`, the probability on all acts.

    A row a scene, a column an act; rates of a row sum to 1. Steering as in
    `next_logprobs`. Raises ValueError if the scenes offer different acts.
    Taught in chapter 10.
    """
    acts = [tuple(c) for c in scenes["choices"]]
    if len(set(acts)) != 1:
        raise ValueError("the scenes offer different acts: measure them apart")
    logprobs = act_logprobs(model, scenes, **steering)
    frame = pd.DataFrame(logprobs.softmax(-1).numpy(), columns=list(acts[0]))
    return frame.assign(mass=logprobs.logsumexp(-1).exp().numpy())


def steered_rates(
    model: Any, scenes: pd.DataFrame, vectors: Any, strength: Column, **steering: Any
) -> pd.DataFrame:
    """Rates for every vector and strength in one call.

    A row for each vector, strength and scene: vector, strength, scene, the acts,
    mass. Give `layer=` and `norm=` too. Taught in chapter 10.
    """
    grid = [(name, s) for name in vectors for s in column(strength)]
    every = pd.concat([scenes] * len(grid), ignore_index=True)
    n = len(scenes)
    rows = torch.stack([vectors[name].float() for name, _ in grid])
    amounts = [s for _, s in grid for _ in range(n)]
    own = rows.repeat_interleave(n, dim=0)
    rates = act_rates(model, every, vector=own, strength=amounts, **steering)
    rates.insert(0, "scene", list(range(n)) * len(grid))
    rates.insert(0, "strength", amounts)
    rates.insert(0, "vector", [name for name, _ in grid for _ in range(n)])
    return rates
