"""Four readers of layer 1 with a mistake each: the bug hunt of chapter 01."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from helpers.activations import residual_stream


def reader_a(model: Any, texts: Sequence[str], sizes: Sequence[int]) -> list[Tensor]:
    """Takes each text's rows from the beginning, where shorter texts have padding."""
    with torch.no_grad(), model.trace(texts):
        rows = model.layers[1].output.save()
    return [row[:size] for row, size in zip(rows, sizes, strict=True)]


def reader_b(model: Any, texts: Sequence[str], sizes: Sequence[int]) -> list[Tensor]:
    """Reads block 0."""
    with torch.no_grad(), model.trace(texts):
        rows = model.layers[0].output.save()
    return [row[-size:] for row, size in zip(rows, sizes, strict=True)]


def reader_c(model: Any, texts: Sequence[str], sizes: Sequence[int]) -> list[Tensor]:
    """Saves nothing."""
    with torch.no_grad(), model.trace(texts):
        rows = model.layers[1].output
    return [row[-size:] for row, size in zip(rows, sizes, strict=True)]


def reader_d(model: Any, texts: Sequence[str], sizes: Sequence[int]) -> list[Tensor]:
    """Keeps one text."""
    with torch.no_grad(), model.trace(texts):
        rows = model.layers[1].output[:1].save()
    return [row[-size:] for row, size in zip(rows, sizes, strict=False)]


READERS = {"A": reader_a, "B": reader_b, "C": reader_c, "D": reader_d}


def run_readers(model: Any, texts: Sequence[str]) -> None:
    """Print what each reader makes of texts (the longest first), beside the truth."""
    right = [residual_stream(model, text, 1) for text in texts]
    print("right:", *[tuple(rows.shape) for rows in right])
    for name, reader in READERS.items():
        print(f"    {name}:", outcome(reader, model, texts, right))


def outcome(
    reader: Callable[..., list[Tensor]],
    model: Any,
    texts: Sequence[str],
    right: list[Tensor],
) -> str:
    """Shape and error of each text that comes back, or the reader's exception."""
    try:
        found = reader(model, texts, [len(rows) for rows in right])
    except UnboundLocalError as error:
        return f"{type(error).__name__}: {error}"
    told = []
    for got, rows in zip(found, right, strict=False):
        off = (got.float().cpu() - rows).norm() / rows.norm()
        told.append(f"{tuple(got.shape)}, off by {off:.1%}")
    return " | ".join(told)
