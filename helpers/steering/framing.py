"""A feeling named in the prompt, beside a push along its vector: what both move."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from helpers.datasets import load_care, load_contrasts, load_judgments, load_stories
from helpers.models import is_embedded
from helpers.stats import halves
from helpers.steering.controls import controls
from helpers.steering.judging import Judgment, judge, log_odds
from helpers.steering.wordings import worded, wordings
from helpers.vectors import extract

STRENGTH = {True: 0.3, False: 0.1}  # of the toy, which needs more, and of others
THIRD = 3  # of the pairs on care: all would be too dear for 171 prompts each


def framing(model: Any, stories: pd.DataFrame | None = None) -> Judgment:
    """Judgments while each emotion is named in the prompt, and while it is pushed.

    Of risky questions beside safe ones (the embedded model: of wrong beliefs beside
    right ones), on the half of the pairs on which the answer was not chosen. Kinds of
    the table: `emotion`, `random` (40 pushes), `prompt`: the first of `wordings`, fixed
    before any was tried. The emotions are those of `stories`, which vectors are made
    of; None: all, from the stories that suit the model. Kept by content. The page on
    prompts reads it.
    """
    act, pairs = pairs_of(model)
    own = load_stories(model) if stories is None else stories
    vectors = extract(model, own, denoise=None)
    names = list(vectors.emotions)
    every = controls(model, vectors, own, names, n_shuffled=1)
    pushes, sides = every.of("emotion", "random"), (pairs["case"], pairs["twin"])
    options = {"strength": STRENGTH[is_embedded(model)]}
    told = judge(model, *sides, load_contrasts(act, model), pushes, **options)
    texts = pairs[["case", "twin"]].to_numpy()[~halves(len(pairs), None)]
    prompts = [
        worded(model, text, wordings(model, name)[0])
        for name in names
        for text in texts.flat
    ]
    said = log_odds(model, prompts, [told.contrast])[0, :, 0]
    asked = said.view(len(names), -1, 2).double().numpy()
    table = pd.DataFrame({"name": names, "kind": "prompt"})
    table = pd.concat([told.table, table], ignore_index=True)
    return replace(told, table=table, scores=np.concatenate([told.scores, asked]))


def pairs_of(model: Any) -> tuple[str, pd.DataFrame]:
    """What is judged, and its pairs: columns case and twin."""
    if is_embedded(model):
        pairs = load_judgments(model).query("act == 'false belief'")
        return "false belief", pairs.reset_index(drop=True)
    pairs = load_care().rename(columns={"risky": "case", "safe": "twin"})
    return "care", pairs[::THIRD].reset_index(drop=True)
