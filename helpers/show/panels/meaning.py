"""Ready-made panels of chapters 04 and 06."""

from __future__ import annotations

from typing import Any

import pandas as pd

from helpers.show import charts, widgets
from helpers.vectors import EmotionVectors, logit_lens, top_tokens


def lens_words(model: Any, vectors: EmotionVectors, *, n: int = 8) -> None:
    """The tokens that the picked emotion's vector favors, and those it rules out.

    Taught in chapter 04.
    """
    table = top_tokens(model, logit_lens(model, vectors.vectors), vectors.emotions, n)
    table["place"] = [
        f"{'+' if end == 'top' else '-'}{rank + 1} {token.strip()}"
        for end, rank, token in zip(
            table["end"], table["rank"], table["token"], strict=True
        )
    ]
    names = sorted(vectors.emotions)

    def draw(emotion: str) -> Any:
        rows = table[table["name"] == emotion]
        return charts.bars(
            rows,
            "logit",
            "place",
            title=f"What {emotion} would say",
            sort="-x",
            color="end",
        )

    still = charts.bars(
        table,
        "logit",
        "place",
        title="Pick an emotion: what its vector would say",
        sort="-x",
        color="end",
        rows=2 * n,
    )
    still = charts.pick(still, "name", names, label="Emotion", start=names[0])
    live = widgets.panel(draw, emotion=widgets.menu("Emotion", names))
    widgets.two_faces(still, live)


def emotion_map(places: pd.DataFrame) -> None:
    """All emotions on two axes (columns x, y, emotion, cluster); pick a cluster.

    Taught in chapter 06.
    """
    clusters = ["all", *sorted(places["cluster"].unique())]
    shown: pd.DataFrame = pd.concat(
        [places.assign(pick=c) for c in ["all"]]
        + [places[places["cluster"] == c].assign(pick=c) for c in clusters[1:]]
    )

    def draw(cluster: str) -> Any:
        rows = shown[shown["pick"] == cluster]
        return charts.dots(
            rows, "x", "y", title=f"{cluster}", color="cluster", label="emotion"
        )

    still = charts.dots(
        shown,
        "x",
        "y",
        title="Every emotion on the map: zoom, point, or pick a cluster",
        color="cluster",
        label="emotion",
    )
    still = charts.pick(still, "pick", clusters, label="Cluster", start="all")
    live = widgets.panel(draw, cluster=widgets.menu("Cluster", clusters))
    widgets.two_faces(still, live)
