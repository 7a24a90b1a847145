"""A judgment of an act by its twins, and what each push does to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float

from helpers.stats import (
    Compared,
    Estimate,
    Twins,
    cluster_null,
    geometry_null,
    moved,
    moved_beside,
)
from helpers.steering.controls import CLAIM
from helpers.vectors import Profile, profile

Contrast = tuple[str, str]
OTHERS = "other emotions"  # what stands beside a push of its own kind
DEAF = "case and twin are not told apart without a push"


@dataclass(frozen=True, eq=False)
class Judgment:
    """What a model judges of pairs, and what pushes do to it, in nats.

    `plain` is without a push, `words` the same with the words of each question in
    random order, `beyond_words` their paired difference in sensitivity. `table` has
    name and kind of each push, `scores` its log-odds of case and twin; `before` those
    without a push, `alone` those of words in random order.
    """

    contrast: Contrast
    plain: Twins
    words: Twins
    beyond_words: Estimate
    table: pd.DataFrame
    scores: Float[np.ndarray, "p n 2"]
    before: Float[np.ndarray, "n 2"]
    alone: Float[np.ndarray, "n 2"]
    groups: Any

    @property
    def told(self) -> bool:
        """Whether case and twin are told apart at all, without a push."""
        return self.plain.sensitivity.low > 0

    def moves(self) -> pd.DataFrame:
        """How far each push moves criterion and sensitivity: a row for each.

        Columns name, kind, measure, value, low, high.
        """
        rows = moved(self.scores, self.before, self.groups)
        own = self.table.iloc[rows.pop("push")].reset_index(drop=True)
        return pd.concat([own, rows], axis=1)

    def beside(self, name: str) -> pd.DataFrame:
        """What the push `name` moves beside each kind of control: `moved_beside`.

        Those of its own kind are a control too: `other emotions` of an `emotion`.
        """
        mine = self.table["name"] == name
        if mine.sum() != 1:
            raise ValueError(f"{mine.sum()} pushes are named {name!r}: one is needed")
        own = np.flatnonzero(mine)[0]
        kinds = self.table["kind"].replace(self.table["kind"][own], OTHERS)[~mine]
        found = []
        for kind in dict.fromkeys(kinds):
            others = self.scores[kinds.index[kinds == kind]]
            rows = moved_beside(self.scores[own], others, self.before, self.groups)
            rows.insert(0, "control", kind)
            found.append(rows.assign(n=len(others)))
        return pd.concat(found, ignore_index=True)

    def tests(self, name: str, control: str) -> dict[str, Compared]:
        """What `name` moves beside one kind of control, for `stats.judge`.

        Criterion and sensitivity; of the second nothing can be told where case and
        twin are not told apart without a push.
        """
        n = len(self.before) if self.groups is None else len(set(self.groups))
        groups = f"{n} {'pairs' if self.groups is None else 'groups'}"
        rows, found = self.beside(name), {}
        row: Any
        for row in rows[rows["control"] == control].itertuples():
            deaf = row.measure == "sensitivity" and not self.told
            gap = Estimate(row.difference, row.low, row.high)
            both, about = (row.value, row.value - row.difference), (row.p, row.n)
            told = *both, gap, *about, DEAF if deaf else "", groups
            found[row.measure] = Compared(*told)
        return found

    def links(
        self, ratings: pd.DataFrame, vectors: Float[Any, "e d"], *, n_draws: int = 999
    ) -> dict[tuple[str, str], Profile]:
        """Does what the emotions' pushes move go along with ratings of the emotions?

        For each measure and column of `ratings` (by emotion) its r over emotions, with
        its interval over items, and the p of two nulls: `cluster` (ratings dealt anew,
        as smooth over `vectors`, a row an emotion) and `geometry` (random read-outs of
        them).
        """
        mine = (self.table["kind"] == CLAIM).to_numpy()
        names, change = list(self.table["name"][mine]), self.scores[mine] - self.before
        nulls: dict[str, Any] = {
            "cluster": lambda v, r: cluster_null(v, r, vectors, n_draws=n_draws),
            "geometry": lambda v, r: geometry_null(vectors, r, n_draws=n_draws),
        }
        both = {"criterion": change.mean(-1), "sensitivity": -np.diff(change)[..., 0]}
        return {
            (measure, str(rating)): profile(
                rows.T, names, ratings[rating], self.groups, nulls=nulls
            )
            for measure, rows in both.items()
            for rating in ratings
        }
