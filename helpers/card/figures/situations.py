"""Figures of a card on other texts than stories: messages, attempts, what lasts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import normalize

from helpers.activations import last_position, span_means
from helpers.card.bench import (
    RANDOM,
    SHUFFLED,
    Bench,
    Figures,
    figure,
    mean_auc,
    spread,
)
from helpers.datasets import load_episodes, load_messages, load_moods
from helpers.models import chat_prompt
from helpers.stats import (
    Estimate,
    bootstrap,
    bootstrap_statistic,
    random_directions,
)


def own_area(
    bench: Bench, rows: Float[Tensor, "n d"], truth: Any, groups: list[Any]
) -> tuple[Estimate, Estimate]:
    """Mean AUC of the own vector on centered rows, and that of shuffled labels."""
    names = [e for e in bench.vectors.emotions if e in set(truth)]
    if len(names) < 2:
        raise ValueError(f"the vectors have {len(names)} of this test's emotions")
    places = [bench.vectors.emotions.index(e) for e in names]
    kept = np.isin(truth, names)
    at, own = rows[torch.tensor(kept)], np.asarray(truth)[kept]
    at = normalize(at - at.mean(0), dim=-1)

    real = at @ bench.vectors.unit[places].T
    found = bootstrap_statistic(
        lambda i: mean_auc(real[torch.tensor(i)], names, own[i]),
        list(np.asarray(groups)[kept]),
        n_draws=bench.sizes.draws,
    )
    mixed = [normalize(v[places], dim=-1) for v in bench.shuffled]
    null = [mean_auc(at @ v.T, names, own) for v in mixed]
    return found, spread(null)


def messages(bench: Bench) -> Figures:
    """Messages that name no feeling, read where the assistant is about to speak.

    Another kind of text than the vectors come from. Taught in chapter 05.
    """
    rows = load_messages(bench.model)
    if len(rows) > bench.sizes.messages:
        rows = rows.sample(bench.sizes.messages, random_state=0)
    prompts = [chat_prompt(bench.model, text) for text in rows["text"]]
    at = last_position(bench.model, prompts, bench.layer)
    truth = rows["emotion"].to_numpy()
    found, control = own_area(bench, at, truth, list(rows["source"]))
    about: dict[str, Any] = {"over": "situation", "n": len(rows), "chapter": "05"}
    return {
        "messages": figure(found, control, SHUFFLED, unit="AUC", **about, chance=0.5)
    }


def failing(bench: Bench) -> Figures:
    """Does *desperate* rise more over attempts that fail than over successes?"""
    episodes = load_episodes(bench.model, n=1).query("difficulty == 'hard'")
    most = int(episodes["attempts"].max())
    prompts = [chat_prompt(bench.model, m) for m in episodes["messages"]]
    at = last_position(bench.model, prompts, bench.layer)

    def rise(direction: Float[Tensor, " d"]) -> pd.Series:
        along = at @ direction / direction.norm() / bench.vectors.norm
        wide = episodes.assign(score=along.numpy()).pivot_table(
            "score", ["task", "episode"], ["outcome", "attempts"]
        )
        more = {o: wide[o][most] - wide[o][0] for o in ("fails", "succeeds")}
        return more["fails"] - more["succeeds"]

    up = rise(bench.vectors["desperate"])
    found = bootstrap(up, [task for task, _ in up.index])
    like = bench.vectors.vectors
    null = [rise(d).mean() for d in random_directions(like, 5 * bench.sizes.random)]
    about: dict[str, Any] = {"over": "task", "n": len(up), "chapter": "10"}
    unit = "rise, share of the residual norm"
    return {"failing": figure(found, spread(null), RANDOM, unit=unit, **about)}


def lasting(bench: Bench) -> Figures:
    """Can an emotion still be read from sentences that have nothing to do with it?

    The last of six plain sentences after something happened. Taught in chapter 07.
    """
    rows = load_moods().query("split == 'test' and tail == 'facts'")
    ends = [(spans[0], spans[-1]) for spans in rows["spans"]]
    read = span_means(bench.model, list(rows["text"]), ends, bench.layer)
    truth, topics = rows["emotion"].to_numpy(), list(rows["topic"])
    told, _ = own_area(bench, read[:, 0], truth, topics)
    found, control = own_area(bench, read[:, 1], truth, topics)
    about: dict[str, Any] = {"over": "topic", "n": len(rows), "chapter": "07"}
    more: dict[str, Any] = {"where it is told": told.value, "chance": 0.5}
    return {"lasting": figure(found, control, SHUFFLED, unit="AUC", **about, **more)}
