"""Replies to the written messages: the open model's own, and calm ones."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd

from helpers.datasets.distress import load_distress
from helpers.datasets.written import FOLDER

OWN_REPLIES, CALM = FOLDER / "own_replies.json", FOLDER / "calm_replies.json"
HELD_OUT = 5  # each fifth situation is for measuring


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
    for name, path in {"own": OWN_REPLIES, "calm": CALM}.items():
        known = json.loads(path.read_text("utf-8"))["replies"]
        messages[name] = [known[one] for one in messages["id"]]
    return messages
