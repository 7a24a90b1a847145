"""How well a steered text still reads: surprise to the unsteered model, repetition.

Both are rules on the text. Neither reads an emotion, so an effect and its price are
measured by different means.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from helpers.models import token_rows
from helpers.steering.generation import choice_logprobs

WORDS = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")


def surprise(
    model: Any, prompts: Sequence[str], texts: Sequence[str], *, progress: bool = False
) -> np.ndarray:
    """Mean nats a token of each text after its prompt, to the unsteered model.

    The logarithm of the perplexity. A text without a token has no surprise: NaN.
    Taught in chapter 08.
    """
    lengths = [len(row) for row in token_rows(model, list(texts), special=False)]
    mean = np.full(len(lengths), np.nan)
    some = [i for i, n in enumerate(lengths) if n]
    if some:
        scores = choice_logprobs(
            model,
            [prompts[i] for i in some],
            [[texts[i]] for i in some],
            progress=progress,
        )
        mean[some] = -scores[:, 0].numpy() / np.array([lengths[i] for i in some])
    return mean


def repetition(text: str, *, n: int = 2) -> float:
    """Share of the runs of `n` words that stood in the text before; 0 for few words.

    "no no no no" repeats two of its three pairs. Taught in chapter 08.
    """
    words = WORDS.findall(text.lower())
    runs = list(zip(*(words[i:] for i in range(n)), strict=False))
    return 1 - len(set(runs)) / len(runs) if runs else 0.0


def fluency(
    model: Any, prompts: Sequence[str], texts: Sequence[str], *, progress: bool = False
) -> pd.DataFrame:
    """Surprise, perplexity and repetition of each text: a row each.

    Taught in chapter 08.
    """
    nats = surprise(model, prompts, texts, progress=progress)
    return pd.DataFrame(
        {
            "surprise": nats,
            "perplexity": np.exp(nats),
            "repetition": [repetition(text) for text in texts],
        }
    )
