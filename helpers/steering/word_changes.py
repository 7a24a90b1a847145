"""What words gain under a push, and lose when a direction is taken out.

Is a direction enough, and is it needed? For the words for feelings the truth is in the
name of a vector: pushed along "calm", the word that rises most should be "calm".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from helpers.models import n_layers
from helpers.steering.generation import choice_logprobs
from helpers.steering.next_token import next_logprobs
from helpers.vectors import EmotionVectors


def word_changes(
    model: Any,
    vectors: EmotionVectors,
    directions: Float[Tensor, "r d"],
    prompts: Sequence[str],
    strength: float,
) -> Float[Tensor, "p r e"]:
    """Change in log-probability of each own word after each prompt, by direction.

    Directions are pushed at the vectors' layer with `strength` (a fraction of the mean
    residual norm, which `vectors.norm` gives), all in one call. In nats. Taught in the
    quick start.
    """
    words = [f" {emotion}" for emotion in vectors.emotions]
    plain = choice_logprobs(model, prompts, words, progress=False)
    texts = [prompt for prompt in prompts for _ in directions]
    pushed = choice_logprobs(
        model,
        texts,
        words,
        vector=directions.repeat(len(prompts), 1),
        strength=strength,
        layer=vectors.layer,
        norm=vectors.norm,
        progress=False,
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


def words_pushed(
    model: Any,
    prompts: Sequence[str],
    tokens: Int[Tensor, " w"],
    directions: Float[Tensor, "r d"],
    strength: float,
    *,
    layer: int,
    norm: float,
) -> Float[Tensor, "n r w"]:
    """Change of each next token's log-probability under each push, in nats.

    After each of `n` prompts, pushed at every token; `strength` is a fraction of
    `norm`, the mean residual norm at `layer`. For words of several tokens:
    `word_changes`. Taught in chapter 08.
    """
    n, rows = len(prompts), [prompt for prompt in prompts for _ in directions]
    pushed = next_logprobs(
        model,
        rows,
        tokens.expand(len(rows), -1),
        vector=directions.repeat(n, 1),
        strength=strength,
        layer=layer,
        norm=norm,
    )
    free = next_logprobs(model, prompts, tokens.expand(n, -1))
    return pushed.view(n, len(directions), -1) - free[:, None]


def words_without(
    model: Any,
    prompts: Sequence[str],
    words: Sequence[str],
    directions: Float[Tensor, "r d"],
    layer: int,
) -> Float[Tensor, "n r w"]:
    """Change of each word's log-probability as each direction is taken out, in nats.

    After each of `n` prompts; the direction is projected out (`ablate`) after block
    `layer` and all that follow, at every token. Taught in chapter 08.
    """
    blocks, said = list(range(layer, n_layers(model))), list(words)
    less = choice_logprobs(
        model,
        [prompt for prompt in prompts for _ in directions],
        said,
        vector=directions.repeat(len(prompts), 1),
        layer=blocks,
        mode="ablate",
        norm=[1.0] * len(blocks),  # of no use: an ablation has no size
        progress=False,
    )
    free = choice_logprobs(model, list(prompts), said, progress=False)
    return less.view(len(prompts), len(directions), -1) - free[:, None]
