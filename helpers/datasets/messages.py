"""What a user might tell, without a word for a feeling: situations, numbers, needs."""

from __future__ import annotations

import random
from typing import Any, Literal

import numpy as np
import pandas as pd

from helpers.datasets.written import FOLDER, corpus
from helpers.models import is_embedded
from helpers.stats import one_of
from helpers.world import material, scenes, stories

TWELVE = (  # the twelve that Sofroniew et al. (2026) show in Part 5
    *("happy", "inspired", "loving", "proud", "calm", "surprised"),
    *("nervous", "afraid", "sad", "desperate", "guilty", "angry"),
)
KNOWN_CAUSES = 4  # known causes of each emotion that `frame` messages tell of
NEEDS = ("distress", "anger", "joy", "need")
OWN_REPLIES = FOLDER / "own_replies.json"
HELD_OUT = 5  # each fifth situation is for measuring


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


def load_doses(model: Any = None) -> pd.DataFrame:
    """Numeric messages: template, split, up, value, place, met, text, low, high.

    `up` says what a larger number means ("good" or "bad"), `place` is where the number
    lies among those of its template (0 to 1). Of the embedded model's templates those
    of split `known` stood in training and those of `new` did not; `met` says whether
    training had the template with this number. `low` and `high` are tuples of the
    emotions that the smallest and the largest number should bring. With another model
    there are twelve written templates, all `new`.
    Source: Sofroniew et al. (2026), Part 6. Taught in chapter 05.
    """
    rows = []
    for template, split in templates(model):
        values = template["values"]
        for i, value in enumerate(values):
            met = split == "known" and i not in scenes.HELD_VALUES
            place = i / (len(values) - 1)
            text = template["text"].format(n=value)
            row = (template["text"], split, template["up"], value, place, met, text)
            rows.append((*row, *brought(template)))
    names = ["template", "split", "up", "value", "place", "met", "text", "low", "high"]
    return pd.DataFrame(rows, columns=names)


def templates(model: Any) -> list[tuple[dict, str]]:
    """The templates that suit a model, each with its split."""
    if not is_embedded(model):
        return [(template, "new") for template in corpus("doses")]
    table = material.table("quantities")
    known, new = material.known(table), material.new(table)
    return [(t, "known") for t in known] + [(t, "new") for t in new]


def brought(template: dict[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Emotions that the smallest and the largest number of a template bring."""
    steps = material.evoked("doses")[template["up"]]
    low, high = (template.get(k, steps[i]) for k, i in (("low", 0), ("high", -1)))
    return tuple(low), tuple(high)


def load_distress() -> pd.DataFrame:
    """208 written messages: id, situation, kind, emotion, message.

    `kind` is distress, anger, joy or need, fifty-two of each; `emotion` is the one
    that the message brings and never names, None for plain need. Each plain need is a
    twin: its situation is told in distress, anger or joy as well.
    """
    frame = pd.DataFrame(corpus("distress"))
    frame.insert(1, "situation", frame["id"].str.rpartition("/")[0])
    return frame


def load_replies() -> pd.DataFrame:
    """The messages of `load_distress` with a split and two replies: `own` and `calm`.

    `own` is what SmolLM2 answers by itself (model output, Apache-2.0), `calm` the same
    act (it answers, declines, drafts) rewritten by hand, calm whatever the user brings.
    `split` is "test" for each fifth situation, with all its messages, else "train".
    Raises KeyError for a message without a reply.
    """
    messages = load_distress()
    place = pd.factorize(messages["situation"])[0]
    messages["split"] = np.where(place % HELD_OUT == HELD_OUT - 1, "test", "train")
    for name in ("own", "calm"):
        known = corpus(f"{name}_replies")["replies"]
        messages[name] = [known[one] for one in messages["id"]]
    return messages
