"""Does a vector mean the same in two models? Maps compared, and a linear bridge."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from helpers.card.bench import Bench
from helpers.card.figure import SHARE, Figure, figure
from helpers.stats import shuffled_labels
from helpers.vectors import cosine_scores, geometry, map_rows, mean_of_means

N_MIXED = 199  # bridges with shuffled pairs


def bridge(one: Bench, other: Bench, *, seed: int = 0) -> Figure:
    """Can the vectors of `other` read what `one` holds, over a bridge?

    The bridge is fitted on half of the emotions (train stories). It is tested on held-
    out stories of the other half: which of that half's vectors of `other` is nearest?
    The control pairs stories of `one` with wrong ones of `other`, of the same topic,
    when it fits. Raises ValueError if the benches have other texts.
    Taught in chapter 13.
    """
    if list(one.train["text"]) != list(other.train["text"]):
        raise ValueError("the two benches have other stories: give both the same")
    rng = np.random.default_rng(seed)
    names = list(other.vectors.emotions)
    fitted = set(rng.permutation(names)[: len(names) // 2])
    asked = [i for i, e in enumerate(names) if e not in fitted]
    train = torch.tensor(one.train["emotion"].isin(fitted).to_numpy())
    rows = ~one.test["emotion"].isin(fitted).to_numpy()
    truth = one.test["emotion"].to_numpy()[rows]
    held = one.read(one.test["text"])[torch.tensor(rows)]
    middle = mean_of_means(other.means, list(other.train["emotion"]))

    # A ridge fit is linear in its aims: one fit carries over to all of them.
    carry = map_rows(one.means[train], torch.eye(int(train.sum())), held)

    def right(aims: Tensor) -> np.ndarray:
        there = carry @ aims - middle
        best = cosine_scores(there, other.vectors.vectors[asked]).argmax(1)
        return np.array([names[asked[i]] for i in best.tolist()]) == truth

    aims = other.means[train]
    topics = list(one.train["topic"][train.numpy()])
    lots = [shuffled_labels(range(len(aims)), topics, seed=s) for s in range(N_MIXED)]
    hits, mixed = right(aims) * 1.0, np.array([right(aims[lot]) * 1.0 for lot in lots])
    return figure(
        lambda i: (hits[i].mean(), mixed[:, i].mean()),
        truth,
        "shuffled pairs",
        unit="share right",
        over="emotion",
        chapter="13",
        null=mixed.mean(1),
        ends=SHARE,
        chance=1 / len(asked),
    )


def same_map(one: Bench, other: Bench, *, n_draws: int = 199) -> Figure:
    """Do two models agree about which emotions are near (RSA)? Names shuffled beside.

    Raises ValueError if the emotions differ. Taught in chapter 13.
    """
    if one.vectors.emotions != other.vectors.emotions:
        raise ValueError("the two benches have other emotions: give both the same")
    a, b = (bench.vectors.vectors.numpy() for bench in (one, other))
    n, rng = len(a), np.random.default_rng(0)

    lots = [rng.permutation(n) for _ in range(n_draws)]

    def measure(i: np.ndarray) -> tuple[float, float]:
        return geometry.rsa(a[i], b[i]), 0.0

    null = [geometry.rsa(a, b[lot]) for lot in lots]
    about = {"unit": "RSA", "over": "emotion", "chapter": "13"}
    return figure(measure, one.vectors.emotions, "names shuffled", null=null, **about)
