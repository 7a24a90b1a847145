"""Things to do, in the eight categories of the paper, and questions with an answer."""

from __future__ import annotations

import pandas as pd

from helpers.organism import scenes, world


def load_activities(*, n: int = 3, unseen: bool = False) -> pd.DataFrame:
    """`n` activities of each category: category, activity, wish.

    The embedded model learned from choices between known activities (though never
    from one pair in five); with `unseen` they are ones that it never met. `wish` is
    how much the world wants each of them: only for comparing afterwards.

    Raises ValueError if a category has fewer than `n`.
    Source: Sofroniew et al. (2026), Table 9 (its categories). Taught in chapter 09.
    """
    rows = [(c, a, scenes.wish(c, a)) for c, a in scenes.activities(unseen=unseen)]
    frame = pd.DataFrame(rows, columns=["category", "activity", "wish"])
    fewest = int(frame["category"].value_counts().min())
    if not 1 <= n <= fewest:
        raise ValueError(f"n is {n}, but each category has {fewest} activities")
    return frame.groupby("category", sort=False).head(n).reset_index(drop=True)


def trained_pair(first: str, second: str) -> bool:
    """Whether the embedded model may have met this pair as a choice in training."""
    known = {activity for _, activity in scenes.activities()}
    pair = sorted((first, second))
    return {first, second} <= known and not world.held_out("choice", *pair)


def load_known_answers(*, n: int = 12) -> pd.DataFrame:
    """Choices that have a right answer and nothing to do with wanting: right, wrong.

    Both are whole statements; which of them stands first is the reader's to swap.
    Taught in chapter 09.
    """
    rows = [(belief["right"], belief["wrong"]) for belief in scenes.beliefs()[:n]]
    return pd.DataFrame(rows, columns=["right", "wrong"])
