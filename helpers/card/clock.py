"""How long a quick card will take: what it asks of a model, and how fast one reads."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter
from typing import Any

import pandas as pd

from helpers.activations import mean_activations
from helpers.datasets import load_stories
from helpers.models import n_layers, tokenize
from helpers.stats import Number

PASSES = Path(__file__).parent / "passes.json"  # made by `python -m scripts.passes`


def reading_speed(model: Any, *, n: int = 6) -> float:
    """Tokens a second through the whole model, over `n` stories, read anew."""
    texts = list(load_stories(model)["text"].iloc[: 2 * n])
    options: dict[str, Any] = {"cache": False, "progress": False}
    last = n_layers(model) - 1
    mean_activations(model, texts[n:], last, **options)  # the first is slower
    began = perf_counter()
    mean_activations(model, texts[:n], last, **options)
    tokens = sum(len(row) for row in tokenize(model, texts[:n]))
    return float(tokens / (perf_counter() - began))


def load_passes() -> pd.DataFrame:
    """What each part of a quick card on written texts asks: part, tokens, seconds.

    `tokens` go through all blocks of the model, by the tokenizer of `smollm2`.
    `seconds` is what the part took on a model too small to count.
    """
    return pd.read_json(PASSES, orient="records")


def forecast(speed: Number) -> pd.DataFrame:
    """The seconds of each part at `speed` (tokens a second): part, seconds.

    An estimate: it takes every token to be as fast as one that is read in a story, and
    another tokenizer to cut alike. Raises ValueError for a speed that is not above 0.
    """
    if not speed > 0:
        raise ValueError(f"a speed of {speed} tokens a second: pass what was measured")
    passes = load_passes()
    return passes.assign(seconds=passes["seconds"] + passes["tokens"] / speed)[
        ["part", "seconds"]
    ]
