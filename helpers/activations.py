"""Read the residual stream of a model with nnsight.

Layer l is the residual stream after block l. Positions count from the first real
token of a text; padding never counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, overload

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from tqdm.auto import tqdm

from helpers import cache
from helpers.models import d_model, default_start, model_name, n_layers, unwrap

TOKENS_A_BATCH = {"cpu": 8_192, "cuda": 65_536, "mps": 16_384}
TEXTS_A_CHUNK = 1_024  # what a killed run may lose at most
VERSION = 1  # of the pooling; part of every cache key


def mean_pool(
    activations: Float[Tensor, "n s d"], mask: Bool[Tensor, "n s"], start: int
) -> Float[Tensor, "n d"]:
    """Mean over the real positions from `start` on, in float32.

    Taught in chapter 02.
    """
    position = mask.long().cumsum(-1) - 1  # of each token among the real ones
    keep = (mask & (position >= start)).float()
    total = torch.einsum("nsd,ns->nd", activations.float(), keep)
    return total / keep.sum(-1, keepdim=True)


def tokenize(model: Any, texts: Sequence[str]) -> list[list[int]]:
    """Token ids of each text, with the special tokens that the model expects.

    Raises ValueError for an empty text, or one longer than the model's context.
    """
    if len(texts) == 0:
        raise ValueError("no texts: pass at least one")
    for i, text in enumerate(texts):
        if not isinstance(text, str) or not text.strip():
            raise ValueError(f"text {i} is {text!r}: pass a text that is not empty")
    rows: list[list[int]] = model.tokenizer(list(texts))["input_ids"]
    context = getattr(model.config, "max_position_embeddings", None)
    for i, row in enumerate(rows):
        if context and len(row) > context:
            raise ValueError(
                f"text {i} has {len(row)} tokens, but the context of "
                f"{model_name(model)} is {context}: shorten or split it"
            )
    return rows


def pad(
    model: Any, rows: Sequence[Sequence[int]]
) -> tuple[Int[Tensor, "n s"], Bool[Tensor, "n s"]]:
    """Ids padded on the right, and the mask of real tokens."""
    longest = max(map(len, rows))
    filler = model.tokenizer.pad_token_id
    ids = torch.tensor([[*r, *[filler] * (longest - len(r))] for r in rows])
    mask = torch.arange(longest) < torch.tensor([len(r) for r in rows])[:, None]
    return ids, mask


def check_layers(model: Any, layers: int | Iterable[int]) -> list[int]:
    """Layers as a list; raises ValueError for one that the model does not have."""
    chosen = [layers] if isinstance(layers, int) else [int(x) for x in layers]
    for layer in chosen:
        if not 0 <= layer < n_layers(model):
            raise ValueError(
                f"layer {layer} is outside 0..{n_layers(model) - 1} of "
                f"{model_name(model)}: pass an index of model.layers"
            )
    if not chosen:
        raise ValueError("no layers: pass an index of model.layers")
    return chosen


@overload
def residual_stream(model: Any, text: str, layer: int) -> Float[Tensor, "s d"]: ...
@overload
def residual_stream(
    model: Any, text: str, layer: Sequence[int]
) -> Float[Tensor, "l s d"]: ...
def residual_stream(model: Any, text: str, layer: Any) -> Any:
    """The residual stream of one text at every position, as float32 on the CPU.

    Shape "s d" for one layer, "l s d" for several. Taught in chapter 01.
    """
    chosen = check_layers(model, layer)
    ids, mask = pad(model, tokenize(model, [text]))
    inputs = {"input_ids": ids, "attention_mask": mask.long()}
    read: dict[int, Tensor] = {}
    with torch.no_grad():
        with model.trace(inputs) as tracer:
            saved = list().save()
            for one in sorted(set(chosen)):
                saved.append(unwrap(model.layers[one].output)[0].float().cpu().clone())
            tracer.stop()
    read = dict(zip(sorted(set(chosen)), saved, strict=True))
    if isinstance(layer, int):
        return read[layer]
    return torch.stack([read[one] for one in chosen])


def token_strings(model: Any, text: str) -> list[str]:
    """The tokens of a text as readable strings. Taught in chapter 01."""
    (row,) = tokenize(model, [text])
    return [model.tokenizer.decode([i]) for i in row]


@overload
def mean_activations(
    model: Any, texts: Iterable[str], layers: int, **options: Any
) -> Float[Tensor, "n d"]: ...
@overload
def mean_activations(
    model: Any, texts: Iterable[str], layers: Sequence[int], **options: Any
) -> Float[Tensor, "l n d"]: ...
def mean_activations(
    model: Any,
    texts: Iterable[str],
    layers: Any,
    *,
    start: int | None = None,
    batch_size: int | None = None,
    use_cache: bool = True,
    progress: bool = True,
) -> Any:
    """Mean residual stream of each text over its positions from `start` on.

    Shape "n d" for one layer, "l n d" for several; float32 on the CPU, whatever the
    model's dtype. `start` None takes the model's default. Texts are sorted by length
    and batched by tokens; the forward pass stops after the deepest layer asked for;
    pooling happens inside the trace. Results are cached by content (weights, texts,
    layers, start), and a run that is killed goes on where it stopped.

    Raises ValueError for a text with no position left after `start`, an empty text, a
    text longer than the context, or a layer that does not exist.
    Source: section 1.1 of the book's notes on Sofroniew et al. (2026), Methods.
    Taught in chapter 02.
    """
    chosen, texts = check_layers(model, layers), list(texts)
    first = default_start(model) if start is None else start
    rows = tokenize(model, texts)
    check_lengths(rows, first)
    order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
    chunks = [
        order[i : i + TEXTS_A_CHUNK] for i in range(0, len(order), TEXTS_A_CHUNK)
    ]
    result = torch.empty(len(chosen), len(rows), d_model(model))
    hide = not progress or len(rows) < 64
    with tqdm(total=len(rows), unit="text", disable=hide, leave=False) as bar:
        for chunk in chunks:
            part = [rows[i] for i in chunk]
            name = ""
            if use_cache:
                name = cache.digest(
                    "mean", VERSION, cache.fingerprint(model), part, chosen, first,
                    batch_size,
                )
            kept = cache.read(name) if name else None
            means = kept["means"] if kept else pool_rows(
                model, part, chosen, first, batch_size, bar
            )
            if kept:
                bar.update(len(chunk))
            elif name:
                cache.write(name, {"means": means})
            result[:, chunk] = means
    return result[0] if isinstance(layers, int) else result


def check_lengths(rows: Sequence[Sequence[int]], start: int) -> None:
    """Raise ValueError if a text has no position from `start` on."""
    if start < 0:
        raise ValueError(f"start is {start}: it counts positions from 0")
    for i, row in enumerate(rows):
        if len(row) <= start:
            raise ValueError(
                f"text {i} has {len(row)} tokens, so none is left from start={start} "
                "on: pass longer texts or a smaller start"
            )


def batches(
    rows: Sequence[Sequence[int]], size: int | None, budget: int
) -> Iterator[list[int]]:
    """Indices of rows (sorted by length) in batches of `size` or of `budget` tokens."""
    batch: list[int] = []
    for i, row in enumerate(rows):
        full = len(batch) == size if size else (len(batch) + 1) * len(row) > budget
        if batch and full:
            yield batch
            batch = []
        batch.append(i)
    yield batch


def pool_rows(
    model: Any,
    rows: Sequence[Sequence[int]],
    layers: list[int],
    start: int,
    size: int | None,
    bar: Any,
) -> Float[Tensor, "l n d"]:
    """Mean activations of tokenized texts, batch by batch."""
    budget = TOKENS_A_BATCH.get(model.device.type, 8_192)
    means = torch.empty(len(layers), len(rows), d_model(model))
    for batch in batches(rows, size, budget):
        means[:, batch] = pool_batch(model, [rows[i] for i in batch], layers, start)
        bar.update(len(batch))
    return means


def pool_batch(
    model: Any, rows: list[Sequence[int]], layers: list[int], start: int
) -> Float[Tensor, "l n d"]:
    """One forward pass; halves the batch when a GPU runs out of memory."""
    try:
        return pool_once(model, rows, layers, start)
    except torch.cuda.OutOfMemoryError:
        if len(rows) == 1:
            raise
    torch.cuda.empty_cache()
    half = len(rows) // 2
    parts = [pool_batch(model, part, layers, start) for part in (rows[:half], rows[half:])]
    return torch.cat(parts, dim=1)


def pool_once(
    model: Any, rows: Sequence[Sequence[int]], layers: list[int], start: int
) -> Float[Tensor, "l n d"]:
    """Mean activations of one batch, pooled inside the trace."""
    ids, mask = pad(model, rows)
    inputs = {"input_ids": ids, "attention_mask": mask.long()}
    deep = sorted(set(layers))
    with torch.no_grad():
        with model.trace(inputs) as tracer:
            pooled = list().save()
            for layer in deep:
                residual = unwrap(model.layers[layer].output)
                pooled.append(mean_pool(residual, mask.to(residual.device), start))
            tracer.stop()
    by_layer = dict(zip(deep, pooled, strict=True))
    return torch.stack([by_layer[layer] for layer in layers]).cpu()


def residual_norm(
    model: Any, texts: Iterable[str], layer: int, *, start: int | None = None
) -> float:
    """Mean L2 norm of the residual stream over the positions of `texts`.

    The unit of strength: 0.1 is a tenth of it. The first position is left out unless
    `start` says otherwise, because many models use it as an attention sink.
    Cached by content. Taught in chapter 08.
    """
    (chosen,) = check_layers(model, layer)
    first = 1 if start is None else start
    rows = tokenize(model, list(texts))
    name = cache.digest("norm", VERSION, cache.fingerprint(model), rows, chosen, first)
    kept = cache.read(name)
    if kept is None:
        total, count = torch.zeros(()), 0
        for row in rows:
            ids, mask = pad(model, [row])
            inputs = {"input_ids": ids, "attention_mask": mask.long()}
            with torch.no_grad():
                with model.trace(inputs) as tracer:
                    residual = unwrap(model.layers[chosen].output)
                    norms = residual[0, first:].float().norm(dim=-1).cpu().save()
                    tracer.stop()
            total, count = total + norms.sum(), count + len(norms)
        kept = {"norm": total / count}
        cache.write(name, kept)
    return float(kept["norm"])
