"""Things to do, in the eight categories of the paper, and questions with an answer."""

from __future__ import annotations

from typing import Any

import pandas as pd

from helpers.datasets.written import corpus
from helpers.models import is_embedded
from helpers.world import scenes


def written_activities() -> tuple[tuple[str, str], ...]:
    """The (category, activity) pairs of `corpus/activities.json`, eight of each."""
    rows = corpus("activities")
    return tuple((row["category"], row["activity"]) for row in rows)


def load_activities(
    model: Any = None, *, n: int = 3, unseen: bool = False
) -> pd.DataFrame:
    """`n` activities of each category: category, activity, wish.

    The embedded model learned from choices between known activities (though never
    from one pair in five); with `unseen` they are ones that it never met. `wish` is
    how much the world wants each of them: only for comparing afterwards.

    A `model` that is not the embedded one gets written activities, for which `unseen`
    changes nothing and `wish` is the world's mean for the category.

    Raises ValueError if a category has fewer than `n`.
    Source: Sofroniew et al. (2026), Table 9 (its categories). Taught in chapter 09.
    """
    own = is_embedded(model)
    pairs = scenes.activities(unseen=unseen) if own else written_activities()
    frame = pd.DataFrame(pairs, columns=["category", "activity"])
    frame["wish"] = [scenes.wish(c, a) for c, a in pairs]
    if not own:
        frame["wish"] = frame.groupby("category")["wish"].transform("mean").round(2)
    fewest = int(frame["category"].value_counts().min())
    if not 1 <= n <= fewest:
        raise ValueError(f"n is {n}, but each category has {fewest} activities")
    return frame.groupby("category", sort=False).head(n).reset_index(drop=True)
