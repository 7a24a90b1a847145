"""The figure of a card on preferences: do readings go with what the model likes?"""

from __future__ import annotations

from typing import Any

from helpers.behaviour import liking
from helpers.card.bench import Bench, known
from helpers.card.figure import Figures
from helpers.card.figures.situations import chosen
from helpers.datasets import load_activities
from helpers.stats import choose, cluster_null, correlations
from helpers.vectors import chat_readings


def wanting(bench: Bench) -> Figures:
    """Do pleasant emotions activate on what the model likes, unpleasant on the rest?

    Each emotion's reading has a correlation with the model's liking, over activities;
    the figure is the correlation of these with rated valence, over emotions. Place,
    layer and ruler are chosen on half of the activities. Beside the embeddings; p is of
    ratings dealt by cluster. Taught in chapter 09.
    """
    names = list(load_activities(bench.model, n=bench.sizes.activities)["activity"])
    emotions, valence = list(bench.vectors.emotions), known(bench)["valence"]
    liked = liking(bench.model, names)
    texts: dict[str, Any] = {"layers": bench.layers, "start": bench.start}
    own, rivals = chat_readings(bench.model, bench.train, names, emotions, **texts)

    def coupling(rows: Any, at: Any) -> Any:
        return correlations(rows.double().numpy(), liked[at])

    def measure(rows: Any, at: Any) -> float:
        each = coupling(rows, at)[:, None]
        return float(correlations(each, valence.to_numpy())[0])

    found = choose(own, rivals, measure, None, scale="r")
    profile = coupling(own[found.name][found.rest], found.rest)
    dealt = cluster_null(profile, valence, bench.vectors.vectors.numpy())
    about: dict[str, Any] = {"over": "activity", "chapter": "09", "dealt": dealt}
    unit = "r over emotions, with valence"
    return {"wanting": chosen(found, unit=unit, scale="r", **about)}
