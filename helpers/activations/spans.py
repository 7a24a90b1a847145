"""What a model holds while each of two people speaks.

Source: Sofroniew et al. (2026), Part 13. Taught in chapter 07.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from torch import Tensor

from helpers import cache as disk
from helpers.activations.residual import (
    Layers,
    check_layers,
    content_key,
    mean_activations,
)
from helpers.activations.weighted import weighted_means
from helpers.models import as_list, token_spans, tokenize

Span = tuple[int, int]


def last_position(
    model: Any, texts: Iterable[str], layers: Layers
) -> Float[Tensor, "*l n d"]:
    """The residual stream after the last token of each text, as float32.

    Shape "n d" for one layer, "l n d" for several. The mean over the positions from
    the last one on is the last one: texts of one length are read together, and the
    result is cached. Raises ValueError as `mean_activations` does.
    Taught in chapter 04.
    """
    (chosen, alone), listed = check_layers(model, layers), as_list(texts)
    rows = tokenize(model, listed)
    options: dict[str, Any] = {"cache": False, "progress": False}

    def compute() -> dict[str, Tensor]:
        lengths, parts, order = np.array(list(map(len, rows))), [], []
        for length in np.unique(lengths):
            place = np.flatnonzero(lengths == length)
            part, start = [listed[i] for i in place], int(length) - 1
            parts.append(mean_activations(model, part, chosen, start=start, **options))
            order.append(place)
        back = np.argsort(np.concatenate(order))
        return {"last": torch.cat(parts, dim=-2)[..., torch.from_numpy(back), :]}

    key = content_key(model, "last", rows, chosen)
    last = disk.cached(key, compute, half=True)["last"]
    return last[0] if alone else last


def in_spans(model: Any, text: str, spans: Sequence[Span]) -> Float[Tensor, "k s"]:
    """For each span of characters, which tokens end inside it (1.0 or 0.0).

    Raises ValueError for a span without a token, or a tokenizer that cannot tell
    where its tokens stand.
    """
    start, end = torch.from_numpy(token_spans(model, text)).unbind(-1)
    low, high = torch.tensor([tuple(span) for span in spans]).unbind(-1)
    inside = (end > low[:, None]) & (end <= high[:, None]) & (end > start)
    if not bool(inside.any(-1).all()):
        raise ValueError(f"a span of {list(spans)} holds no token of {text[:40]!r}")
    return inside.float()


def span_means(
    model: Any, texts: Sequence[str], spans: Sequence[Sequence[Span]], layers: Layers
) -> Float[Tensor, "*l n k d"]:
    """Mean residual stream over each of the `k` spans of characters of each text.

    Every text has the same number of spans. Cached by content. Raises ValueError for
    a span that holds no token. Taught in chapter 07.
    """
    (chosen, alone), listed = check_layers(model, layers), as_list(texts)
    tokenize(model, listed)  # says what is wrong with a text
    inside = [in_spans(model, t, own) for t, own in zip(listed, spans, strict=True)]
    weights = [here / here.sum(-1, keepdim=True) for here in inside]
    means = weighted_means(model, listed, weights, chosen, progress=False)
    return means[0] if alone else means


def speaker_means(
    model: Any, dialogues: pd.DataFrame, layer: int
) -> dict[str, Float[Tensor, "n d"]]:
    """Mean residual stream over the turns of the `first` and the `second` speaker.

    `dialogues` has the columns text and turns (speaker, first character, end), as
    `load_dialogues` gives them. Each turn counts the same, however long it is, and
    dialogues may differ in their number of turns. Raises ValueError for a dialogue in
    which one of the two says nothing. Taught in chapter 07.
    """
    counts = dialogues["turns"].map(len).to_numpy()
    if (counts < 2).any():
        raise ValueError("a dialogue has fewer than two turns: both must speak")
    rows: dict[str, list[Tensor]] = {"first": [], "second": []}
    order = []
    for n in np.unique(counts):
        place = np.flatnonzero(counts == n)
        some = dialogues.iloc[place]
        spans = [[(start, end) for _, start, end in own] for own in some["turns"]]
        said = span_means(model, list(some["text"]), spans, layer)
        rows["first"].append(said[:, 0::2].mean(1))
        rows["second"].append(said[:, 1::2].mean(1))
        order.append(place)
    back = torch.from_numpy(np.argsort(np.concatenate(order)))
    return {name: torch.cat(parts)[back] for name, parts in rows.items()}
