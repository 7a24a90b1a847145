"""Does a vector mean the same in two models? Maps compared, and a linear bridge."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from helpers.card.bench import Bench, Figure, figure, spread
from helpers.stats import bootstrap, bootstrap_statistic, shuffled_labels
from helpers.vectors import cosine_scores, geometry, map_rows, mean_of_means

N_MIXED = 8  # bridges with shuffled pairs


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

    def right(aims: Tensor) -> np.ndarray:
        there = map_rows(one.means[train], aims, held) - middle
        best = cosine_scores(there, other.vectors.vectors[asked]).argmax(1)
        return np.array([names[asked[i]] for i in best.tolist()]) == truth

    aims = other.means[train]
    topics = list(one.train["topic"][train.numpy()])
    lots = [shuffled_labels(range(len(aims)), topics, seed=s) for s in range(N_MIXED)]
    mixed = [right(aims[lot]).mean() for lot in lots]
    return figure(
        bootstrap(right(aims) * 1.0, list(truth)),
        spread(mixed),
        "shuffled pairs",
        unit="share right",
        over="emotion",
        n=len(truth),
        chapter="13",
        chance=1 / len(asked),
    )


def same_map(one: Bench, other: Bench, *, n_draws: int = 60) -> Figure:
    """Do two models agree about which emotions are near (RSA)? Names shuffled beside.

    Raises ValueError if the emotions differ. Taught in chapter 13.
    """
    if one.vectors.emotions != other.vectors.emotions:
        raise ValueError("the two benches have other emotions: give both the same")
    a, b = (bench.vectors.vectors.numpy() for bench in (one, other))
    n, rng = len(a), np.random.default_rng(0)

    def agree(picked: np.ndarray) -> float:
        kept = np.unique(picked)  # a row is not near itself for a reason
        return geometry.rsa(a[kept], b[kept])

    found = bootstrap_statistic(agree, list(range(n)), n_draws=n_draws)
    mixed = [geometry.rsa(a, b[rng.permutation(n)]) for _ in range(100)]
    about = {"unit": "RSA", "over": "emotion", "chapter": "13"}
    return figure(found, spread(mixed), "names shuffled", n=n, **about)
