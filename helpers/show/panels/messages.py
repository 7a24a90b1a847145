"""Ready-made controls of chapters 05 and 07: read a message, a text at each layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from jaxtyping import Float
from torch import Tensor

from helpers.activations import last_position, residual_stream
from helpers.models import chat_prompt, token_strings
from helpers.show import charts, widgets
from helpers.vectors import EmotionVectors

TOP = 8  # emotions that a message shows


def strongest(
    vectors: EmotionVectors, row: Float[Tensor, " d"], **about: Any
) -> pd.DataFrame:
    """The emotions that a centered activation reaches furthest along."""
    scores = vectors.unit @ row / vectors.norm
    best = scores.topk(min(TOP, len(vectors))).indices.tolist()
    rows = [(vectors.emotions[i], float(scores[i])) for i in best]
    return pd.DataFrame(rows, columns=["emotion", "score"]).assign(**about)


def read_message(
    model: Any,
    vectors: EmotionVectors,
    messages: Sequence[str],
    center: Float[Tensor, " d"],
) -> None:
    """What is highest where the assistant is about to answer a message.

    `center` is taken from the activation first (the mean over messages). Live, the
    reader writes the message. Taught in chapter 05.
    """

    def draw(message: str) -> Any:
        at = last_position(model, [chat_prompt(model, message)], vectors.layer)[0]
        frame = strongest(vectors, at - center)
        title = "Highest where the assistant is about to speak"
        return charts.bars(frame, "score", "emotion", title=title, sort="-x")

    prompts = [chat_prompt(model, message) for message in messages]
    read = last_position(model, prompts, vectors.layer) - center
    every = pd.concat(
        [
            strongest(vectors, row, message=message)
            for row, message in zip(read, messages, strict=True)
        ],
        ignore_index=True,
    )
    title = "Pick a message: what is highest where the assistant is about to speak"
    still = charts.bars(every, "score", "emotion", title=title, sort="-x", rows=TOP)
    still = charts.pick(still, "message", list(messages), label="Message")
    live = widgets.panel(draw, message=widgets.text("Message", messages[0]))
    widgets.two_faces(still, live)


def read_layers(
    model: Any, by_layer: Mapping[int, EmotionVectors], text: str, emotion: str
) -> None:
    """One text token by token, at the layer that the reader picks.

    `by_layer` holds the vectors of each layer. Live, the reader also writes the text
    and picks the emotion. Taught in chapter 07.
    """
    layers = list(by_layer)

    def scores(text: str, emotion: str) -> pd.DataFrame:
        names = token_strings(model, text)
        streams = residual_stream(model, text, layers)
        parts = []
        for layer, stream in zip(layers, streams, strict=True):
            own = by_layer[layer]
            along = own.scores(stream)[:, own.emotions.index(emotion)].tolist()
            rows = {"position": range(len(names)), "token": names, "score": along}
            parts.append(pd.DataFrame({"layer": layer, **rows}))
        return pd.concat(parts, ignore_index=True)

    def draw(text: str, emotion: str, layer: int) -> Any:
        frame = scores(text, emotion).query("layer == @layer")
        title = f"How far each token reaches along {emotion} after block {layer}"
        return charts.tokens(frame, field="layer", title=title)

    still = charts.tokens(
        scores(text, emotion),
        field="layer",
        label="Layer",
        start=layers[0],
        title=f"Move through the layers: how far each token reaches along {emotion}",
    )
    names = sorted(by_layer[layers[0]].emotions)
    live = widgets.panel(
        draw,
        text=widgets.text("Text", text),
        emotion=widgets.menu("Emotion", names, emotion),
        layer=widgets.menu("Layer", layers),
    )
    widgets.two_faces(still, live)
