"""Random directions, shuffled labels, p-values: what a number is held against."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import ArrayLike, NDArray
from scipy import stats as scipy_stats
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
    signs: bool = False,
    seed: int = 0,
) -> list[Any]:
    """The labels in another order that keeps the design; `seed` picks which.

    With `groups` (topics) labels are exchanged only within each. With `whole` the rows
    of a unit (a scene, a template) keep one label, and units exchange theirs;
    `whole=labels` is one renaming for all templates at once. With `signs` nothing
    moves, and each row or unit gets its sign by lot: for a claim about a sign.

    The control for "these texts, with no meaning in the labels". Raises ValueError for
    a unit with several labels or groups. Taught in chapter 03.
    """
    rng = np.random.default_rng(seed)
    given = np.array(present(labels, "labels"), dtype=object)
    kept = None if whole is None else column(whole)
    unit = numbered(kept, len(given))
    first = np.unique(unit, return_index=True)[1]
    names = np.zeros(len(given)) if groups is None else np.asarray(column(groups))
    if signs:
        return (given * rng.choice([-1, 1], len(first))[unit]).tolist()
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


def permutation_p(
    statistic: Callable[[NDArray[Any], NDArray[Any]], float],
    x: ArrayLike,
    y: ArrayLike,
    *,
    n_draws: int = 2000,
    seed: int = 0,
) -> float:
    """Share of reorderings of `x` whose |statistic(x, y)| reaches the real one.

    Counts the real order as one of the draws, so that p is never 0. Raises ValueError
    where the statistic is not finite, as a correlation with a constant.
    """
    left, right = np.asarray(x), np.asarray(y)
    rng = np.random.default_rng(seed)
    drawn = [statistic(rng.permutation(left), right) for _ in range(n_draws)]
    return null_p(statistic(left, right), drawn)


def sign_test_p(differences: ArrayLike) -> float:
    """Exact two-sided sign test: are positive and negative differences as frequent?

    Zeros count for neither. Raises ValueError if all are zero or one is not finite.
    """
    signs = np.sign(finite(differences, "differences"))
    positive, n = int((signs > 0).sum()), int((signs != 0).sum())
    if n == 0:
        raise ValueError("sign_test_p got only zeros: there is nothing to compare")
    return float(scipy_stats.binomtest(positive, n).pvalue)


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
