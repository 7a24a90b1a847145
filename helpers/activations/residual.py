"""Read the residual stream of a model with nnsight.

Layer l is the residual stream after block l. Positions count from the first real
token of a text; padding never counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeAlias

import nnsight
import torch
from jaxtyping import Float
from torch import Tensor

from helpers import cache as disk
from helpers.activations.pooling import check_read, check_size, forget_parts, pool_rows
from helpers.cache import Key
from helpers.models import (
    Row,
    default_start,
    model_name,
    n_layers,
    pad,
    tokenize,
    unwrap,
    where,
)
from helpers.stats import Whole, column, whole

Layers: TypeAlias = Any  # a layer, or several
VERSION = 2  # of the reading; part of every cache key


def check_layers(model: Any, layers: Any) -> tuple[list[int], bool]:
    """Layers as a list, and whether only one was asked for.

    Raises ValueError for a layer that the model does not have.
    """
    alone = not isinstance(layers, Iterable) or getattr(layers, "ndim", 1) == 0
    chosen = [whole(x, "layer") for x in ([layers] if alone else column(layers))]
    for layer in chosen:
        if not 0 <= layer < n_layers(model):
            raise ValueError(
                f"layer {layer} is outside 0..{n_layers(model) - 1} of "
                f"{model_name(model)}: pass an index of model.layers"
            )
    if not chosen:
        raise ValueError("no layers: pass an index of model.layers")
    return chosen, alone


def check_start(model: Any, start: Whole | None) -> int:
    """Where pooling starts; raises ValueError for a negative position."""
    first = default_start(model) if start is None else whole(start, "start")
    if first < 0:
        raise ValueError(f"start is {first}: it counts positions from 0")
    return first


def content_key(model: Any, what: str, rows: Sequence[Row], *more: Any) -> Key:
    """The key of a result: equal for equal weights, tokens and options."""
    tokens = disk.digest_bytes(row.tobytes() for row in rows)
    device = model.device.type
    return disk.model_key(model, what, VERSION, tokens, *more, device=device)


def residual_stream(model: Any, text: str, layer: Layers) -> Float[Tensor, "*l s d"]:
    """The residual stream of one text at every position, as float32 on the CPU.

    Shape "s d" for one layer, "l s d" for several. Raises ValueError for an empty
    text, one longer than the context, a layer that does not exist, or numbers that are
    not finite. Taught in chapter 01.
    """
    chosen, alone = check_layers(model, layer)
    rows = tokenize(model, [text])
    ids, mask = pad(model, rows)
    inputs = {"input_ids": ids, "attention_mask": mask.long()}
    deep = sorted(set(chosen))
    with torch.no_grad(), model.trace(inputs, **where(model)) as tracer:
        read = nnsight.save([])
        for one in deep:
            read.append(unwrap(model.layers[one].output)[0].float().cpu().clone())
        tracer.stop()
    by_layer = dict(zip(deep, read, strict=True))
    found = torch.stack([by_layer[one] for one in chosen])
    check_read(model, rows, found.isfinite().all()[None])
    return found[0] if alone else found


def mean_activations(
    model: Any,
    texts: Iterable[str],
    layers: Layers,
    *,
    start: Whole | None = None,
    batch_size: Whole | None = None,
    cache: bool = True,
    progress: bool = True,
) -> Float[Tensor, "*l n d"]:
    """Mean residual stream of each text over its positions from `start` on.

    Shape "n d" for one layer, "l n d" for several; float32 on the CPU, whatever the
    model's dtype. `start` None takes the model's default. Texts are sorted by length
    and batched by tokens (or by `batch_size` texts), the forward pass stops after the
    deepest layer, and pooling happens inside the trace. Each layer is cached by content
    (weights, tokens, start); a run that is killed goes on where it stopped.

    Raises ValueError for a text with no position left after `start`, an empty text, a
    text longer than the context, a layer that does not exist, a batch size that is
    none, or a text on which the model gives numbers that are not finite.
    Source: Sofroniew et al. (2026), Part 1. Taught in chapter 02.
    """
    (chosen, alone), first = check_layers(model, layers), check_start(model, start)
    size = check_size(batch_size)
    rows, wanted = tokenize(model, texts, start=first), sorted(set(chosen))
    table = Key()
    if cache:
        table = disk.shipped_key(model, "mean rows", VERSION, first, of=wanted)
    found = shipped_rows(table, rows, wanted)
    if missing := [layer for layer in wanted if layer not in found]:
        options: dict[str, Any] = {"size": size, "progress": progress}
        for layer, means in read_rows(model, rows, missing, first, cache, options):
            found[layer] = disk.keep_rows(table.part(layer), rows, means)
    stacked = [found[layer] for layer in chosen]
    return stacked[0] if alone else torch.stack(stacked)


def shipped_rows(
    table: Key, rows: Sequence[Row], layers: list[int]
) -> dict[int, Float[Tensor, "n d"]]:
    """The layers at which every text is among the rows that ship."""
    kept = {layer: disk.find_rows(table.part(layer), rows) for layer in layers}
    return {layer: means for layer, means in kept.items() if means is not None}


def read_rows(
    model: Any,
    rows: Sequence[Row],
    layers: list[int],
    first: int,
    cache: bool,
    options: dict[str, Any],
) -> Iterator[tuple[int, Float[Tensor, "n d"]]]:
    """Each layer's means: from the user's cache, or by running the model."""
    size = options["size"]
    key = content_key(model, "mean", rows, first, size) if cache else Key()
    key = key._replace(kept=None)
    found = read_layers(key, layers)
    if missing := [layer for layer in layers if layer not in found]:
        parts = key.part(missing).own
        means = pool_rows(model, rows, missing, first, key=parts, **options)
        for layer, read in zip(missing, means, strict=True):
            found[layer] = disk.keep(key.part(layer), {"means": read})["means"]
        if parts:
            forget_parts(parts)
    yield from found.items()


def read_layers(key: Key, layers: list[int]) -> dict[int, Float[Tensor, "n d"]]:
    """The layers that are kept under a key."""
    kept = {layer: disk.find(key.part(layer)) for layer in layers}
    return {layer: t["means"] for layer, t in kept.items() if t is not None}
