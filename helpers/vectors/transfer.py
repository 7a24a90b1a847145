"""Rows carried from one model to another, and what a training moved inside one.

Taught in chapter 13.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from sklearn.linear_model import Ridge
from torch import Tensor

from helpers.activations import last_position
from helpers.stats import finite, pearson, random_directions
from helpers.vectors.emotion_vectors import EmotionVectors


def map_rows(
    train_a: Float[Tensor, "n a"],
    train_b: Float[Tensor, "k b"],
    new_a: Float[Tensor, "m a"],
    *,
    ridge: float = 1.0,
) -> Float[Tensor, "m b"]:
    """Rows of one model carried into the space of another by a linear fit.

    Row i of `train_a` and of `train_b` are the same text in the two models. `ridge`
    is a share of the mean variance of `train_a`'s dimensions, times the rows. Raises
    ValueError for unequally many rows, or a number that is not finite. Taught in
    chapter 13.
    """
    if len(train_a) != len(train_b):
        raise ValueError(
            f"{len(train_a)} rows against {len(train_b)}: pass the same texts, in order"
        )
    alpha = ridge * float(train_a.var(0).mean()) * len(train_a) / train_a.shape[-1]
    given = {"train_a": train_a, "train_b": train_b, "new_a": new_a}
    a, b, new = (finite(rows, f"numbers in {name}") for name, rows in given.items())
    found = torch.tensor(Ridge(alpha).fit(a, b).predict(new)).float()
    return found.view(len(new_a), -1)


N_SETS = 200  # of random directions


def shift(
    before: Any, after: Any, texts: Sequence[str], layer: int
) -> Float[Tensor, "n d"]:
    """How far a training moved the residual stream at the end of each text."""
    old, new = (last_position(m, texts, layer) for m in (before, after))
    return new - old


def shift_scores(moved: Float[Tensor, "n d"], vectors: EmotionVectors) -> pd.DataFrame:
    """The mean shift along each vector: emotion, value, low, high (texts drawn).

    In units of the residual norm. Raises ValueError for a shift that is not finite.
    """
    finite(moved, "numbers in the shifts")
    along = (moved @ vectors.unit.T / vectors.norm).numpy()
    rng = np.random.default_rng(0)
    draws = rng.integers(len(along), size=(1000, len(along)))
    means = np.stack([along[d].mean(0) for d in draws])
    low, high = np.quantile(means, [0.025, 0.975], axis=0)
    return pd.DataFrame(
        {"emotion": vectors.emotions, "value": along.mean(0), "low": low, "high": high}
    )


def shared_shift(
    one: Float[Tensor, "n d"],
    other: Float[Tensor, "m d"],
    vectors: EmotionVectors,
    groups: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Do two kinds of prompts shift alike? Pearson's r over the vectors.

    Columns which, value, low, high (over `groups` of the emotions, such as their
    clusters), random, random_low, random_high (the mean r over sets of as many random
    directions, and what holds 95 % of the sets). `shared` compares the mean shifts of
    both kinds. `difference` compares what sets them apart (one minus other) in one half
    of the prompts and in the other: near 1 where the training moved one kind otherwise
    than the other.
    """
    means = one.mean(0), other.mean(0)
    rows = []
    halves = [(x[::2].mean(0), x[1::2].mean(0)) for x in (one, other)]
    apart = halves[0][0] - halves[1][0], halves[0][1] - halves[1][1]
    sets = [
        random_directions(vectors.vectors, len(vectors), seed=s) for s in range(N_SETS)
    ]
    for which, (a, b) in {"shared": means, "difference": apart}.items():
        own = pearson(vectors.unit @ a, vectors.unit @ b, groups)
        null = [
            np.corrcoef((axes @ a).numpy(), (axes @ b).numpy())[0, 1] for axes in sets
        ]
        ends = np.quantile(null, [0.025, 0.975])
        rows.append((which, *own, float(np.mean(null)), *ends))
    names = ["which", "value", "low", "high", "random", "random_low", "random_high"]
    return pd.DataFrame(rows, columns=names)
