"""What a user might tell: situations that name no feeling."""

from __future__ import annotations

import random
from typing import Any, Literal

import pandas as pd

from helpers.datasets.written import corpus
from helpers.models import is_embedded
from helpers.stats import one_of
from helpers.world import material, stories

TWELVE = (  # the twelve that Sofroniew et al. (2026) show in Part 5
    *("happy", "inspired", "loving", "proud", "calm", "surprised"),
    *("nervous", "afraid", "sad", "desperate", "guilty", "angry"),
)
KNOWN_CAUSES = 4  # known causes of each emotion that `frame` messages tell of


def load_messages(
    model: Any = None, *, split: Literal["frame", "new"] = "frame"
) -> pd.DataFrame:
    """User messages for twelve emotions: emotion, split, source, text, twin.

    `source` is the situation, by which intervals are drawn. None names a feeling.
    `twin` is a message of the same form about something that stirs nobody.
    For the embedded model they are in words of its world: `frame` puts causes that
    it met in stories into a wording of a message that it never met, `new` takes
    causes that it never met too. With another model both splits are the same 24
    written messages.
    Raises ValueError for another split.
    Source: Sofroniew et al. (2026), Part 5. Taught in chapter 05.
    """
    one_of("split", split, ("frame", "new"))
    names = ["emotion", "split", "source", "text", "twin"]
    if not is_embedded(model):
        own = corpus("messages")
        told = [(m["emotion"], "written", *[m["text"]] * 2, m["neutral"]) for m in own]
        return pd.DataFrame(told, columns=names)
    rows = []
    for emotion in TWELVE:
        causes = material.part(
            material.lexicon()[emotion]["causes"], unseen=split == "new"
        )
        for cause in list(causes)[:KNOWN_CAUSES]:
            told_as = material.render(cause, material.NARRATOR)
            nothing = stories.beat(random.Random(cause), material.NARRATOR)
            for frame in material.new(material.table("talk")["user_frames"]):
                two = (frame.format(cause=one) for one in (told_as, nothing))
                rows.append((emotion, split, cause, *two))
    return pd.DataFrame(rows, columns=names)
