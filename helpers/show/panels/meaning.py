"""Ready-made panels of chapter 04."""

from __future__ import annotations

from typing import Any

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
