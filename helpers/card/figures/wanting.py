"""The figure of a card on preferences: do vectors go with what the model prefers?"""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float
from torch import Tensor

from helpers.activations import mean_activations
from helpers.behaviour import (
    bradley_terry,
    ordered_pairs,
    prefer_first,
    win_matrix,
)
from helpers.card.bench import SHUFFLED, Bench, Figures, figure, known, spread
from helpers.datasets import load_activities
from helpers.stats import Estimate, bootstrap_statistic, correlations


def wanting(bench: Bench) -> Figures:
    """Do pleasant emotions' vectors go with wanted activities, unpleasant with others?

    Each vector has a correlation with the model's own preferences over activities. The
    figure is the correlation of these with rated valence, over emotions. Taught in
    chapter 09.
    """
    names = list(load_activities(bench.model, n=bench.sizes.activities)["activity"])
    pairs = ordered_pairs(names)
    answers = prefer_first(bench.model, list(pairs["question"]))
    wins = win_matrix(pairs, answers["first"].to_numpy(), len(names))
    liked, valence = bradley_terry(wins), known(bench)["valence"].to_numpy(float)
    rows = mean_activations(bench.model, names, bench.layer, start=1, progress=False)

    def coupling(vectors: Float[Tensor, "e d"], kept: Any) -> float:
        along = (rows @ vectors.T / vectors.norm(dim=-1)).numpy()
        each = correlations(along[kept], liked[kept])
        return float(correlations(each[:, None], valence)[0])

    every, sets = np.arange(len(names)), bench.shuffled
    own = bench.vectors.vectors
    again = bootstrap_statistic(
        lambda i: coupling(own, i), list(every), n_draws=bench.sizes.draws
    )
    found = Estimate(coupling(own, every), again.low, again.high)
    about: dict[str, Any] = {"over": "activity", "n": len(names), "chapter": "09"}
    about |= {"mass": answers["mass"].mean(), "first": answers["first"].mean()}
    control = spread([coupling(v, every) for v in sets])
    unit = "r over emotions, with valence"
    return {"wanting": figure(found, control, SHUFFLED, unit=unit, **about)}
