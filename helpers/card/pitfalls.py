"""Thirty-one ways to be wrong about emotion vectors, as questions to a paper.

`pitfalls.toml` has what to ask and why, the chapters that show it, and where it was
met: in the study that this book follows, in a replication or another work on open
models, or in this book. Taught in chapter 14.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

import pandas as pd


def load_pitfalls() -> pd.DataFrame:
    """The pitfalls as a table: group, name, ask, why, chapters, met."""
    text = Path(__file__).with_suffix(".toml").read_text("utf-8")
    return pd.DataFrame(tomllib.loads(text)["pitfalls"])
