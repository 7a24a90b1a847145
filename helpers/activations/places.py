"""Three places in a chat, and the embeddings as a layer of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from helpers.activations.residual import check_start
from helpers.activations.spans import in_spans
from helpers.activations.weighted import EMBEDDINGS, weighted_means
from helpers.models import chat_prompt, message_places, tokenize

PLACES = ("text", "last token", "header")


def read_places(
    model: Any, chats: Sequence[Any], layers: Sequence[int], *, progress: bool = True
) -> dict[str, Float[Tensor, "l n d"]]:
    """The residual stream at the three PLACES of a chat's last message.

    `text`: the mean over the message's own tokens; `last token`: its last one;
    `header`: the last of the prompt, where the assistant is about to speak. Chats as
    `chat_prompt` takes them; a layer may be EMBEDDINGS. Cached by content.
    Taught in chapter 05.
    """
    prompts, weights = [], []
    for chat in chats:
        said = chat if isinstance(chat, str) else chat[-1]["content"]
        prompts.append(chat_prompt(model, chat))
        start = message_places(model, chat)[-1] + len(said) - len(said.lstrip())
        spans = [(start, start + len(said.strip()))]
        inside = in_spans(model, prompts[-1], spans)[0]
        ends = torch.eye(len(inside))[[int(inside.nonzero()[-1]), -1]]
        weights.append(torch.cat([inside[None] / inside.sum(), ends]))
    found = weighted_means(model, prompts, weights, layers, progress=progress)
    return dict(zip(PLACES, found.unbind(2), strict=True))


def mean_embeddings(
    model: Any, texts: Sequence[str], *, start: int | None = None
) -> Float[Tensor, "n d"]:
    """`mean_activations` of the stream before block 0: the simple rival of a layer."""
    first = check_start(model, start)
    lengths = map(len, tokenize(model, texts, start=first))
    weights = [(torch.arange(n) >= first)[None] / (n - first) for n in lengths]
    return weighted_means(model, texts, weights, [EMBEDDINGS], progress=False)[0, :, 0]
