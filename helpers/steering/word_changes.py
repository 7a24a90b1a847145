"""What a push does to the words for feelings.

The truth here is in the name of a vector: pushed along "calm", the word that rises
most should be "calm".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from helpers.steering.generation import choice_logprobs
from helpers.vectors import EmotionVectors


def word_changes(
    model: Any,
    vectors: EmotionVectors,
    directions: Float[Tensor, "r d"],
    prompts: Sequence[str],
    strength: float,
    *,
    band: Sequence[int] | None = None,
    progress: bool = False,
) -> Float[Tensor, "p r e"]:
    """Change in log-probability of each own word after each prompt, by direction.

    Directions are pushed at the vectors' layer with `strength` (a fraction of the mean
    residual norm), which `vectors.norm` gives; with a `band` of layers the strength is
    divided over them, each in units of its own norm (measured on neutral texts). All
    in one call. In nats. Taught in the quick start.
    """
    layers = [vectors.layer] if band is None else list(band)
    norm = vectors.norm if layers == [vectors.layer] else None
    words = [f" {emotion}" for emotion in vectors.emotions]
    plain = choice_logprobs(model, prompts, words, progress=False)
    texts = [prompt for prompt in prompts for _ in directions]
    pushed = choice_logprobs(
        model,
        texts,
        words,
        vector=directions.repeat(len(prompts), 1),
        strength=strength,
        layer=layers,
        norm=norm,
        progress=progress,
    )
    shape = (len(prompts), len(directions), len(words))
    return pushed.view(shape) - plain[:, None]


def own_right(
    changes: Float[Tensor, "p r e"], own: Sequence[int] | None = None
) -> Float[Tensor, " r"]:
    """1 where a direction's own word rises most on average over prompts, else 0.

    `own` is the place of each direction's word; None: they are in the words' order.
    """
    mean = changes.mean(0)
    place = torch.tensor(list(range(len(mean)) if own is None else own))
    return (mean.argmax(-1) == place).float()
