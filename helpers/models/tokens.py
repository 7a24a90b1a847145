"""From texts to token ids, with a sentence for every text that will not do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np
import torch
from jaxtyping import Bool, Int
from torch import Tensor

from helpers.models.properties import model_name, text_config

Row: TypeAlias = np.ndarray  # the token ids of one text, as int32
AT_ONCE = 1_024  # texts tokenized together


def as_list(texts: Iterable[str]) -> list[str]:
    """Texts as a list; raises ValueError for one that is empty, or no text at all."""
    if isinstance(texts, str):
        raise ValueError(f"texts is one text ({texts[:40]!r}): pass a list of texts")
    listed = list(texts)
    if not listed:
        raise ValueError("no texts: pass at least one")
    for i, text in enumerate(listed):
        if not isinstance(text, str) or not text.strip():
            raise ValueError(f"text {i} is {text!r}: pass a text that is not empty")
        check_characters(text, f"text {i}")
    return listed


def check_characters(text: str, what: str) -> None:
    """Raise ValueError for a text with half a character, as a cut file leaves one."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            f"{what} holds half a character ({text[error.start]!r}, at "
            f"{error.start}): take it out"
        ) from None


def tokenize(model: Any, texts: Iterable[str], *, start: int = 0) -> list[Row]:
    """Token ids of each text, with the special tokens that come before it.

    Raises ValueError for an empty text, one longer than the model's context, or one
    with no position left from `start` on.
    """
    listed = as_list(texts)
    rows: list[Row] = []
    for i in range(0, len(listed), AT_ONCE):
        ids = model.tokenizer(listed[i : i + AT_ONCE], verbose=False)["input_ids"]
        rows.extend(np.array(row, dtype=np.int32) for row in ids)
    context = context_of(model)
    for i, row in enumerate(rows):
        if context and len(row) > context:
            check_length(model, f"text {i}", len(row))
        if len(row) <= start:
            raise ValueError(
                f"text {i} has {len(row)} tokens, so none is left from start={start} "
                "on: pass longer texts or a smaller start"
            )
    return rows


def context_of(model: Any) -> int | None:
    """How many positions the model has; None where it does not say."""
    return getattr(text_config(model), "max_position_embeddings", None)


def check_length(model: Any, what: str, n: int, follow: int = 0) -> None:
    """Raise ValueError unless `n` tokens and those that follow fit the context."""
    context = context_of(model)
    if not context or n + follow <= context:
        return
    if follow:
        raise ValueError(
            f"{what} has {n} tokens and {follow} are to follow, but "
            f"{model_name(model)}'s context is {context}: shorten one of them"
        )
    raise ValueError(
        f"{what} has {n} tokens, but the context of {model_name(model)} is {context}: "
        "shorten or split it"
    )


def pad(
    model: Any, rows: Sequence[Any], *, left: bool = False
) -> tuple[Int[Tensor, "n s"], Bool[Tensor, "n s"]]:
    """Ids padded on the right (or `left`), and the mask of real tokens."""
    lengths = np.array([len(row) for row in rows])
    real = np.arange(lengths.max()) < lengths[:, None]
    real = real[:, ::-1] if left else real
    ids = np.full(real.shape, model.tokenizer.pad_token_id)
    ids[real] = np.concatenate(rows)
    return torch.from_numpy(ids), torch.from_numpy(real.copy())


def token_strings(model: Any, text: str) -> list[str]:
    """The tokens of a text as readable strings, with the spaces before them.

    A special token shows its own name. Joined, the others give the text; a character
    that is spread over several tokens stands with the last of them. Taught in
    chapter 01.
    """
    tokenizer = model.tokenizer
    (row,) = tokenize(model, [text])
    alone = [tokenizer.decode([int(i)]) for i in row]
    if not tokenizer.is_fast:
        return alone
    spans = tokenizer(text, return_offsets_mapping=True)["offset_mapping"]
    begins = [a if b > a else len(text) for a, b in spans[1:]] + [len(text)]
    strings, end = [], 0
    for decoded, (start, stop), begin in zip(alone, spans, begins, strict=True):
        whole = max(end, min(stop, begin))  # the next token may hold the rest
        strings.append(text[end:whole] if stop > start else decoded)
        end = whole
    return strings
