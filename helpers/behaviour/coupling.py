"""Does what directions read in some things foretell what they do to others?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from helpers.stats import Compared, bootstrap_statistic, correlations, paired_p

Array = np.ndarray


class Coupled(NamedTuple):
    """What `e` directions read, what is liked of it, and what they do to other things.

    `rows` are readings of things that stand kind after kind, all kinds equally often;
    `liked` is how much each of them is liked. `done` is what each direction does to
    other things, kinds in the same order, or one number each where kinds play no part.
    """

    rows: Float[Array, "n e"]
    liked: Float[Array, " n"]
    done: Float[Array, "e k"]

    def r(self, kept: Int[Array, " i"], n_kinds: int) -> float:
        """r over directions: the reading's r with liking, and what is done on average.

        Of the things of the kinds `kept`.
        """
        rows = self.rows.reshape(-1, n_kinds, self.rows.shape[1])[:, kept]
        liked = self.liked.reshape(-1, n_kinds)[:, kept].ravel()
        reading = correlations(rows.reshape(len(liked), -1), liked)
        done = self.done
        if done.shape[1] > 1:
            done = done.reshape(len(done), -1, n_kinds)[:, :, kept]
        mean = done.reshape(len(done), -1).mean(1)
        return float(correlations(reading[:, None], mean)[0])


def coupled_beside(
    one: Coupled,
    other: Coupled,
    n_kinds: int,
    p: float | None = None,
    n_draws: int | None = None,
) -> Compared:
    """A coupling beside that of other readings or directions, for `stats.judge`.

    The interval of their difference is over kinds, each left out in turn, and p that of
    the interval, where no null gives another. Taught in chapter 09.
    """
    every = np.arange(n_kinds)

    def gap(kept: Int[Array, " i"]) -> float:
        return one.r(kept, n_kinds) - other.r(kept, n_kinds)

    apart = bootstrap_statistic(gap, every)
    both = one.r(every, n_kinds), other.r(every, n_kinds)
    known = (paired_p(apart, n_kinds), None) if p is None else (p, n_draws)
    return Compared(*both, apart, *known, groups=f"{n_kinds} categories")
