"""Several tests of one figure are counted."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from helpers.stats.values import finite


def holm(p: ArrayLike) -> Float[np.ndarray, " n"]:
    """The p-values of one family, corrected for how many there are (Holm 1979).

    The chance that any test without an effect comes out at or below .05 is then 5 % at
    most, however the tests go together. Raises ValueError outside 0 to 1.
    """
    values = finite(p, "p-values")
    if ((values < 0) | (values > 1)).any():
        raise ValueError(f"p-values of {values.tolist()}: each lies from 0 to 1")
    order, n = np.argsort(values), len(values)
    raised = np.maximum.accumulate(values[order] * np.arange(n, 0, -1))
    found = np.empty(n)
    found[order] = np.minimum(raised, 1)
    return found


def least_p(n_draws: int, n_tests: int = 1) -> float:
    """The smallest p that so many draws of a control can give, by Holm.

    Where it lies above .05 the design cannot tell, whatever is there.
    """
    if n_draws < 1 or n_tests < 1:
        raise ValueError(f"{n_draws} draws, {n_tests} tests: pass at least one of each")
    return min(1.0, n_tests / (1 + n_draws))
