"""What people write to an assistant in distress, anger, joy and plain need."""

from __future__ import annotations

import json

import pandas as pd

from helpers.datasets.written import FOLDER

NEEDS = ("distress", "anger", "joy", "need")


def load_distress() -> pd.DataFrame:
    """208 written messages: id, situation, kind, emotion, message.

    `kind` is distress, anger, joy or need, fifty-two of each; `emotion` is the one
    that the message brings and never names, None for plain need. Each plain need is a
    twin: its situation is told in distress, anger or joy as well.
    """
    rows = json.loads((FOLDER / "distress.json").read_text("utf-8"))
    frame = pd.DataFrame(rows)
    frame.insert(1, "situation", frame["id"].str.rpartition("/")[0])
    return frame
