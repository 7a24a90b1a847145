"""Ready-made panels of chapter 04."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from jaxtyping import Float
from torch import Tensor

from helpers.show import charts, widgets
from helpers.vectors import EmotionVectors, logit_lens, top_tokens


def lens_words(model: Any, vectors: EmotionVectors, *, n: int = 8) -> None:
    """The tokens that the picked emotion's vector favors, and those it rules out.

    Of each token its own height is taken off, its mean logit over all the vectors: some
    tokens stand high whatever is asked. Taught in chapter 04.
    """
    logits = logit_lens(model, vectors.vectors)
    table = above_own_height(model, logits, vectors.emotions, n)
    names = sorted(vectors.emotions)
    look: dict[str, Any] = {"sort": "-x", "color": "end"}
    look["axis"] = "logit, less the token's mean over all vectors"

    def draw(emotion: str) -> Any:
        rows = table[table["name"] == emotion]
        title = f"What {emotion} would say more than other vectors do"
        return charts.bars(rows, "logit", "place", title=title, **look)

    title = "Pick an emotion: what its vector would say more than others do"
    still = charts.bars(table, "logit", "place", title=title, rows=2 * n, **look)
    still = charts.pick(still, "name", names, label="Emotion", start=names[0])
    live = widgets.panel(draw, emotion=widgets.menu("Emotion", names))
    widgets.two_faces(still, live)
    token, often = commonest(logits, n)
    widgets.say(
        f"With nothing taken off, {model.tokenizer.decode([token])!r} would stand among"
        f" the first {n} of **{often} of {len(names)}** vectors."
    )


def commonest(logits: Float[Tensor, "e v"], n: int) -> tuple[int, int]:
    """The token that is among the `n` highest most often, and for how many rows."""
    counts = logits.topk(n).indices.flatten().bincount()
    return int(counts.argmax()), int(counts.max())


def above_own_height(
    model: Any, logits: Float[Tensor, "e v"], names: Sequence[str], n: int
) -> pd.DataFrame:
    """The `n` highest and lowest tokens of each vector: name, end, logit, place."""
    table = top_tokens(model, logits - logits.mean(0), names, n)
    sign = table["end"].map({"top": "+", "bottom": "-"})
    place = (table["rank"] + 1).astype(str)
    table["place"] = sign + place + " " + table["token"].str.strip()
    return table[["name", "end", "logit", "place"]].round({"logit": 2})
