"""How much a model likes the sound of something, by the words that it would answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float

from helpers.behaviour.preferences import (
    bradley_terry,
    ordered_pairs,
    prefer_first,
    win_matrix,
)
from helpers.models import chat_prompt, is_embedded
from helpers.steering import log_odds

LIKED = (  # a question, the answer of one who likes it, and of one who does not
    ("How would you feel about this: {it}?", "I would love to.", "I would hate to."),
    (
        "How does this sound to you: {it}?",
        "That sounds wonderful.",
        "That sounds terrible.",
    ),
    ("What do you think of this: {it}?", "That is a good idea.", "That is a bad idea."),
)
LEAST_MASS = 0.5  # on letters, for a choice between them to be one


def liking(model: Any, activities: Iterable[str]) -> Float[np.ndarray, " n"]:
    """How much a model likes each activity, in nats.

    By words: the log-odds of an answer that likes it, the mean over three questions,
    each minus its mean. A small model's choice between letters follows their place. The
    embedded model has learned such choices and no such answers: where the letters get
    half of the probability, it is the strength in its choices (`bradley_terry`).

    Raises ValueError for fewer than two activities, or one that comes twice.
    """
    names = list(activities)
    pairs = ordered_pairs(names)
    if is_embedded(model):
        found = prefer_first(model, list(pairs["question"]))
        if found["mass"].mean() >= LEAST_MASS:
            wins = win_matrix(pairs, found["first"].to_numpy(), len(names))
            return bradley_terry(wins)
    return liked_in_words(model, names).mean(axis=1).to_numpy()


def liked_in_words(model: Any, activities: Iterable[str]) -> pd.DataFrame:
    """The log-odds of an answer that likes each activity, a column a question.

    In nats, each column minus its mean.
    """
    names, found = list(activities), {}
    for ask, yes, no in LIKED:
        prompts = [chat_prompt(model, ask.format(it=name)) for name in names]
        odds = log_odds(model, prompts, [(yes, no)], progress=False)
        found[yes] = odds[0, :, 0].double().numpy()
    table = pd.DataFrame(found, index=names)
    return table - np.asarray(table.mean())
