"""Choose on one half, report on the other."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Bool
from numpy.typing import ArrayLike, NDArray

from helpers.stats.intervals import numbered


def halves(
    n: int, groups: ArrayLike | None, *, seed: int = 0
) -> Bool[NDArray[Any], " n"]:
    """Whether each of `n` items is in the half to choose on; no group is in both.

    `groups` None: each item by itself. Of an odd number the half to report on has one
    more. Raises ValueError where there is only one group.
    """
    index = numbered(groups, n)
    n_groups = int(index.max()) + 1
    if n_groups < 2:
        raise ValueError("all items are of one group: two halves need two or more")
    chosen = np.random.default_rng(seed).permutation(n_groups)[: n_groups // 2]
    return np.isin(index, chosen)
