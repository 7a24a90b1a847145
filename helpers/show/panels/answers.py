"""Ready-made controls of chapter 11b: several models answer the same message."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from helpers.behaviour import replies
from helpers.show import charts, widgets


def answers(
    models: dict[str, Any], texts: Sequence[str], *, seed: int = 0
) -> pd.DataFrame:
    """What each model answers to each message: message, model, text."""
    said = pd.DataFrame({"text": list(texts)})
    rows = [
        (message, name, f"{name}: {reply.strip()}")
        for name, model in models.items()
        for message, reply in zip(texts, replies(model, said, seed=seed), strict=True)
    ]
    return pd.DataFrame(rows, columns=["message", "model", "text"])


def both_answer(models: dict[str, Any], texts: Sequence[str]) -> None:
    """Pick a message: what each model answers. Live, the reader writes the message.

    Taught in chapter 11b.
    """

    def draw(message: str) -> Any:
        rows = answers(models, [message])
        return charts.passages(rows, ["model"], title="What it answers")

    rows = answers(models, texts)
    still = charts.passages(
        rows,
        ["message", "model"],
        title="Pick a message and a model: what it answers",
        labels=["Message", "Model"],
        start=[texts[0], next(iter(models))],
    )
    live = widgets.panel(
        draw, run="Ask", message=widgets.text("Message", str(texts[0]))
    )
    widgets.two_faces(still, live)
