"""Random directions, shuffled labels, p-values: what a number is held against."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import ArrayLike
from torch import Tensor

from helpers.stats.intervals import numbered
from helpers.stats.values import column, finite, present


def random_directions(
    like: Float[Tensor, "*n d"], n: int = 20, *, seed: int = 0
) -> Float[Tensor, "n d"]:
    """`n` directions drawn evenly over the sphere, with the mean norm of `like`.

    The control for "any vector of this size would do that". Raises ValueError where
    `like` is not finite. Taught in chapter 03.
    """
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randn(n, like.shape[-1], generator=generator)
    norm = like.float().norm(dim=-1).mean()
    finite(norm, "mean norms of the vectors")
    return norm * drawn / drawn.norm(dim=-1, keepdim=True)


def shuffled_labels(
    labels: Iterable[Any],
    groups: Iterable[Any] | None = None,
    *,
    whole: Iterable[Any] | None = None,
    seed: int = 0,
) -> list[Any]:
    """The labels in another order that keeps the design; `seed` picks which.

    With `groups` (topics) labels are exchanged only within each. With `whole` the rows
    of a unit (a scene, a template) keep one label, and units exchange theirs;
    `whole=labels` is one renaming for all templates at once.

    The control for "these texts, with no meaning in the labels". Raises ValueError for
    a unit with several labels or groups. Taught in chapter 03.
    """
    rng = np.random.default_rng(seed)
    given = np.array(present(labels, "labels"), dtype=object)
    kept = None if whole is None else column(whole)
    unit = numbered(kept, len(given))
    first = np.unique(unit, return_index=True)[1]
    names = np.zeros(len(given)) if groups is None else np.asarray(column(groups))
    for what, each in (("label", given), ("group", names)):
        if (other := each != each[first][unit]).any():
            raise ValueError(
                f"unit {np.asarray(kept)[other][0]} has more than one {what}: only "
                "units of one can exchange theirs"
            )
    mixed = given[first]
    for name in np.unique(names):
        place = np.flatnonzero(names[first] == name)
        mixed[place] = mixed[rng.permutation(place)]
    return mixed[unit].tolist()


def null_p(value: float, null: ArrayLike) -> float:
    """Share of a control's values at least as far from 0 as `value`, two-sided.

    Counts `value` as one of them, so that p is never 0: with 19 controls the least p
    is 0.05. Raises ValueError for a control without values, or for what is not finite.
    Taught in chapter 05.
    """
    drawn, real = (
        finite(null, "values of the control").ravel(),
        finite([value], "values"),
    )
    if drawn.size == 0:
        raise ValueError("null_p got no control: pass at least one value")
    beyond = np.abs(drawn) >= abs(real) - 1e-12
    return float((1 + beyond.sum()) / (1 + drawn.size))


def max_null_p(values: ArrayLike, null: ArrayLike) -> float:
    """Is the best of several layers better than the best of a control's layers?

    `values` has one number a layer, `null` a row of them for each draw of the control.
    Counts the real best as one of the draws. Raises ValueError for unequal layers,
    or for what is not finite. Taught in chapter 04.
    """
    real, drawn = finite(values, "values"), finite(null, "values of the control")
    if drawn.ndim != 2 or drawn.shape[1] != len(real):
        raise ValueError(
            f"{len(real)} layers but a control of shape {drawn.shape}: pass a row of "
            "as many layers for each draw"
        )
    reached = (drawn.max(1) >= real.max() - 1e-12).sum()
    return float((1 + reached) / (1 + len(drawn)))
