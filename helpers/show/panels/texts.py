"""The book's ready-made controls: each shows a precomputed chart and a live panel."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import pandas as pd
import torch

from helpers.activations import residual_stream
from helpers.models import token_strings
from helpers.show import charts, widgets
from helpers.stats import random_directions
from helpers.steering import generate
from helpers.vectors import EmotionVectors

STRENGTHS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


def score_tokens(
    model: Any, vectors: EmotionVectors, text: str, emotions: Sequence[str]
) -> pd.DataFrame:
    """Scores of one text: a row for each emotion and position.

    Columns emotion, position, token, score (projection on the unit vector in units of
    the residual norm).
    """
    scores = vectors.scores(residual_stream(model, text, vectors.layer))
    names = token_strings(model, text)
    parts = []
    for emotion in emotions:
        along = scores[:, vectors.emotions.index(emotion)].tolist()
        rows = {"position": range(len(names)), "token": names, "score": along}
        parts.append(pd.DataFrame({"emotion": emotion, **rows}))
    return pd.concat(parts, ignore_index=True)


ROWS = 4900  # with the one picked first: altair draws no more than 5,000


def standing_out(
    model: Any, vectors: EmotionVectors, text: str, n: int = 20
) -> list[str]:
    """The emotions whose score varies most over the tokens of a text.

    `n` of them, fewer for a text of so many tokens that a chart could not hold them.
    """
    scores = vectors.scores(residual_stream(model, text, vectors.layer))
    n = min(n, ROWS // len(scores) - 1)
    order = scores.std(0).argsort(descending=True)[: max(n, 0)].tolist()
    return [vectors.emotions[i] for i in order]


def read_text(
    model: Any,
    vectors: EmotionVectors,
    text: str,
    *,
    emotions: Sequence[str] | None = None,
    start: str | None = None,
) -> None:
    """A text token by token, colored by the emotion that the reader picks.

    Without `emotions` the page offers those that stand out most somewhere in the text;
    live, the reader picks from all, and writes the text. Taught in chapter 01.
    """
    names = sorted(emotions or vectors.emotions)
    first = start or names[0]

    def draw(text: str, emotion: str) -> Any:
        frame = score_tokens(model, vectors, text, [emotion])
        return charts.tokens(frame, title=f"How far each token reaches along {emotion}")

    shown = set(names if emotions else standing_out(model, vectors, text)) | {first}
    frame = score_tokens(model, vectors, text, sorted(shown))
    still = charts.tokens(
        frame, title="Pick an emotion: how far each token reaches along it", start=first
    )
    live = widgets.panel(
        draw,
        text=widgets.text("Text", text),
        emotion=widgets.menu("Emotion", names, first),
    )
    widgets.two_faces(still, live)


def steer_text(
    model: Any,
    vectors: EmotionVectors,
    prompt: str,
    emotions: Sequence[str],
    *,
    strengths: Sequence[float] = STRENGTHS,
    start: tuple[str, float] | None = None,
    max_new_tokens: int = 32,
) -> None:
    """What the model writes after a prompt, by emotion and strength.

    Beside the emotions stands a random direction. Live, the reader also writes the
    prompt. Taught in chapter 00.
    """
    rows_of = {e: vectors[e] for e in emotions}
    rows_of["random direction"] = random_directions(vectors.vectors, n=1)[0]
    grid = [(e, s) for e in rows_of for s in strengths]
    options: dict[str, Any] = {
        "layer": vectors.layer,
        "norm": vectors.norm,
        "max_new_tokens": max_new_tokens,
    }
    written = generate(
        model,
        [prompt] * len(grid),
        vector=torch.stack([rows_of[e] for e, _ in grid]),
        strength=[s for _, s in grid],
        **options,
    )
    rows = pd.DataFrame(grid, columns=["emotion", "strength"])
    rows["text"] = [f"{prompt} … {text.strip()}" for text in written]
    first = start or (emotions[0], strengths[len(strengths) // 2])

    def write(prompt: str, emotion: str, strength: float) -> Any:
        (text,) = generate(
            model, prompt, vector=rows_of[emotion], strength=strength, **options
        )
        one = pd.DataFrame(
            {"emotion": [emotion], "text": [f"{prompt} … {text.strip()}"]}
        )
        title = f"{emotion} at strength {strength}"
        return charts.passages(one, [], title=title)

    still = charts.passages(
        rows,
        ["emotion", "strength"],
        title="Pick an emotion and a strength: what the model writes",
        labels=["Emotion", "Strength"],
        start=list(first),
    )
    live = widgets.panel(
        write,
        run="Write",
        prompt=widgets.text("Prompt", prompt),
        emotion=widgets.menu("Emotion", list(rows_of), first[0]),
        strength=widgets.slider("Strength", 0.0, 1.0, 0.05, first[1]),
    )
    widgets.two_faces(still, live)


def pooled_positions(model: Any, text: str, starts: Sequence[int]) -> None:
    """Which tokens of a text count for its mean, for each number of skipped ones.

    Taught in chapter 02.
    """

    def rows(text: str, start: int) -> list[tuple[int, int, str, float]]:
        names = token_strings(model, text)
        return [(start, i, t, 0.5 * (i >= start)) for i, t in enumerate(names)]

    def draw(text: str, start: int) -> Any:
        frame = pd.DataFrame(rows(text, start), columns=columns)
        return charts.tokens(frame, field="start", title=title, **look)

    columns = ["start", "position", "token", "counts"]
    look: dict[str, Any] = {"value": "counts", "limit": 1, "legend": False}
    title = "Orange tokens count for the mean; the others are skipped"
    every = [row for start in starts for row in rows(text, start)]
    still = charts.tokens(
        pd.DataFrame(every, columns=columns),
        field="start",
        title=title,
        label="Skip",
        **look,
    )
    live = widgets.panel(
        draw,
        text=widgets.text("Text", text),
        start=widgets.slider("Skip", min(starts), max(starts), 1, min(starts)),
    )
    widgets.two_faces(still, live)


def nearest_emotions(vectors: EmotionVectors, *, n: int = 8) -> None:
    """The emotions whose vectors are nearest in angle to the one that is picked.

    Taught in chapter 03.
    """
    cosines = vectors.unit @ vectors.unit.T
    tables = {}
    for i, emotion in enumerate(vectors.emotions):
        order = cosines[i].argsort(descending=True)[1 : n + 1].tolist()
        rows = [(emotion, vectors.emotions[j], float(cosines[i, j])) for j in order]
        tables[emotion] = pd.DataFrame(rows, columns=["emotion", "near", "cosine"])

    bars = partial(charts.bars, value="cosine", name="near", sort="-x")

    def draw(emotion: str) -> Any:
        return bars(tables[emotion], title=f"Vectors nearest to {emotion}")

    names = sorted(vectors.emotions)
    every = pd.concat(tables.values(), ignore_index=True)
    title = "Pick an emotion: the vectors nearest to it"
    still = bars(every, title=title, rows=n)
    still = charts.pick(still, "emotion", names, label="Emotion", start=names[0])
    live = widgets.panel(draw, emotion=widgets.menu("Emotion", names))
    widgets.two_faces(still, live)
