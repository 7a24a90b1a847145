"""Read a model at one place of a text: its last position, or a stretch of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from jinja2 import TemplateError
from scipy.stats import rankdata
from torch import Tensor

from helpers import cache as disk
from helpers.activations import (
    check_layers,
    content_key,
    mean_activations,
    residual_stream,
)
from helpers.tokens import tokenize

Message = dict[str, str]
Span = tuple[int, int]


def chat_prompt(model: Any, messages: str | Sequence[Message]) -> str:
    """A chat as text, up to the place where the assistant is about to speak.

    `messages` is what the user says, or a list of role and content. Uses the model's
    chat template; a model without one gets lines of "Human:" and "Assistant:". Where
    a template has no place for a system's message, the user's first begins with it;
    a model that could think aloud before it answers (Qwen3) is asked not to.
    Raises ValueError if the last message is not the user's. Taught in chapter 05.
    """
    chat = messages
    if isinstance(chat, str):
        chat = [{"role": "user", "content": chat}]
    if not chat or chat[-1]["role"] != "user":
        raise ValueError("the last message is not the user's: the assistant is next")
    tokenizer = model.tokenizer
    if tokenizer.chat_template is None:
        names = {"user": "Human", "assistant": "Assistant", "system": "System"}
        lines = [f"{names[m['role']]}: {m['content']}" for m in chat]
        return "\n\n".join([*lines, "Assistant:"])
    options: dict[str, Any] = {"tokenize": False, "add_generation_prompt": True}
    options["enable_thinking"] = False  # templates that know no such thing ignore it
    try:
        text = tokenizer.apply_chat_template(list(chat), **options)
    except TemplateError:
        if chat[0]["role"] != "system" or len(chat) == 1:
            raise
        text = tokenizer.apply_chat_template(folded(chat), **options)
    first = tokenizer.bos_token  # the tokenizer may add it by itself
    if first and text.startswith(first):
        ids = tokenizer("a")["input_ids"]
        text = text[len(first) :] if ids[0] == tokenizer.bos_token_id else text
    return str(text)


def folded(chat: Sequence[Message]) -> list[Message]:
    """A chat whose first message, the system's, stands at the head of the next."""
    system, first, *rest = chat
    content = f"{system['content']}\n\n{first['content']}"
    return [{**first, "content": content}, *rest]


def turn_starts(model: Any, messages: Sequence[Message]) -> pd.DataFrame:
    """Where each message of a chat begins in its prompt: position, label (the role).

    Raises ValueError as `chat_prompt` does. Taught in chapter 05.
    """
    text = chat_prompt(model, messages)
    offsets = model.tokenizer(text, return_offsets_mapping=True)["offset_mapping"]
    ends = np.array([end for _, end in offsets])
    rows, at = [], 0
    for message in messages:
        at = text.index(message["content"].strip(), at)
        rows.append((int((ends > at).argmax()), message["role"]))
        at += len(message["content"].strip())
    return pd.DataFrame(rows, columns=["position", "label"])


def last_position(
    model: Any, texts: Sequence[str], layers: int | Sequence[int]
) -> Float[Tensor, "*l n d"]:
    """The residual stream after the last token of each text, as float32.

    Shape "n d" for one layer, "l n d" for several. The mean over the positions from
    the last one on is the last one: texts of one length are read together, and the
    result is cached. Raises ValueError as `mean_activations` does.
    Taught in chapter 05.
    """
    listed = list(texts)
    lengths = np.array([len(row) for row in tokenize(model, listed)])
    parts, order = [], []
    for length in np.unique(lengths):
        place = np.flatnonzero(lengths == length)
        part = [listed[i] for i in place]
        start = int(length) - 1
        parts.append(mean_activations(model, part, layers, start=start, progress=False))
        order.append(place)
    back = np.argsort(np.concatenate(order))
    return torch.cat(parts, dim=-2)[..., torch.from_numpy(back), :]


def in_spans(model: Any, text: str, spans: Sequence[Span]) -> Float[Tensor, "k s"]:
    """For each span of characters, which tokens end inside it (1.0 or 0.0).

    Raises ValueError for a span without a token, or a tokenizer that cannot tell
    where its tokens stand.
    """
    if not model.tokenizer.is_fast:
        raise ValueError("this tokenizer keeps no places: load a fast one")
    offsets = model.tokenizer(text, return_offsets_mapping=True)["offset_mapping"]
    start, end = torch.tensor(offsets).unbind(-1)
    low, high = torch.tensor([tuple(span) for span in spans]).unbind(-1)
    inside = (end > low[:, None]) & (end <= high[:, None]) & (end > start)
    if not bool(inside.any(-1).all()):
        raise ValueError(f"a span of {list(spans)} holds no token of {text[:40]!r}")
    return inside.float()


def span_means(
    model: Any,
    texts: Sequence[str],
    spans: Sequence[Sequence[Span]],
    layers: int | Sequence[int],
) -> Float[Tensor, "*l n k d"]:
    """Mean residual stream over each of the `k` spans of characters of each text.

    Every text has the same number of spans. Cached by content. Raises ValueError for
    a span that holds no token. Taught in chapter 07.
    """
    (chosen, alone), listed = check_layers(model, layers), list(texts)
    places = [[list(map(int, span)) for span in own] for own in spans]
    key = content_key(model, "spans", tokenize(model, listed), chosen, places)

    def compute() -> dict[str, Tensor]:
        rows = []
        for text, own in zip(listed, spans, strict=True):
            inside = in_spans(model, text, own)
            weights = inside / inside.sum(-1, keepdim=True)
            rows.append(weights @ residual_stream(model, text, chosen))
        return {"means": torch.stack(rows, dim=1)}

    means = disk.cached(key, compute)["means"]
    return means[0] if alone else means


def rank_correlations(
    frame: pd.DataFrame, scores: Float[Tensor, "n e"], *, by: str, against: str
) -> Float[Tensor, "g e"]:
    """Spearman's correlation of each column of scores with a column of `frame`.

    One row for each group `by`, in the order of the frame. A column that never changes
    gets 0. Taught in chapter 05.
    """
    groups, values = frame[by].to_numpy(), frame[against].to_numpy()
    rows = []
    for name in dict.fromkeys(groups):
        place = np.flatnonzero(groups == name)
        x = rankdata(values[place])[:, None]
        y = rankdata(scores[torch.from_numpy(place)].numpy(), axis=0)
        x, y = x - x.mean(0), y - y.mean(0)
        size = np.sqrt((x**2).sum(0) * (y**2).sum(0))
        rows.append(np.where(size > 0, (x * y).sum(0) / np.maximum(size, 1e-12), 0.0))
    return torch.tensor(np.array(rows), dtype=torch.float32)


def verdict(estimate: Sequence[float], zero: float = 0.0) -> str:
    """What an interval (value, low, high) says, in words that a sentence can end with.

    Taught in chapter 05.
    """
    _, low, high = estimate
    if low > zero:
        return "the interval lies above it"
    if high < zero:
        return "the interval lies below it"
    return "the interval covers it: nothing was found"


def by_layer(
    layers: Sequence[int], measure: Callable[[int], Any], **about: Any
) -> pd.DataFrame:
    """A row for each layer with what `measure(layer)` finds: value, low, high."""
    rows = [(layer, *measure(layer)) for layer in layers]
    frame = pd.DataFrame(rows, columns=["layer", "value", "low", "high"])
    return frame.assign(**about)
