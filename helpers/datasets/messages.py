"""What a user might tell: situations that name no feeling."""

from __future__ import annotations

from typing import Any, Literal

import pandas as pd

from helpers.datasets.situations import written
from helpers.datasets.stories import is_embedded
from helpers.organism import world

TWELVE = (  # the twelve that Sofroniew et al. (2026) show in Part 5
    *("happy", "inspired", "loving", "proud", "calm", "surprised"),
    *("nervous", "afraid", "sad", "desperate", "guilty", "angry"),
)
KNOWN_CAUSES = 4  # known causes of each emotion that `frame` messages tell of


def load_messages(
    model: Any = None, *, split: Literal["frame", "new"] = "frame"
) -> pd.DataFrame:
    """User messages for twelve emotions: emotion, split, source, text.

    `source` is the situation, by which intervals are drawn. None names a feeling.
    For the embedded model they are in words of its world: `frame` puts causes that
    it met in stories into a wording of a message that it never met, `new` takes
    causes that it never met too. With another model both splits are the same 24
    written messages.
    Source: Sofroniew et al. (2026), Part 5. Taught in chapter 05.
    """
    rows = []
    for emotion in TWELVE:
        if not is_embedded(model):
            rows += [(emotion, "written", t, t) for t in written("messages")[emotion]]
            continue
        causes = world.part(world.lexicon()[emotion]["causes"], unseen=split == "new")
        for cause in list(causes)[:KNOWN_CAUSES]:
            told = world.render(cause, world.NARRATOR)
            for frame in world.new(world.table("talk")["user_frames"]):
                rows.append((emotion, split, cause, frame.format(cause=told)))
    return pd.DataFrame(rows, columns=["emotion", "split", "source", "text"])
