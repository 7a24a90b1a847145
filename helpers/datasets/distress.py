"""What people write in distress, anger, joy and plain need, and two replies to each."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.datasets.written import FOLDER, corpus

NEEDS = ("distress", "anger", "joy", "need")
OWN_REPLIES = FOLDER / "own_replies.json"
HELD_OUT = 5  # each fifth situation is for measuring


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
