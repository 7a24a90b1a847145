"""Pool many texts batch by batch, so that memory does not grow with their number."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import nnsight
import torch
from jaxtyping import Bool, Float
from torch import Tensor
from tqdm.auto import tqdm

from helpers import cache as disk
from helpers.models import (
    Row,
    d_model,
    model_name,
    pad,
    read_budget,
    remote,
    unwrap,
    where,
)
from helpers.stats import Whole, whole

Starts: TypeAlias = int | tuple[int, ...]
SAVE_SECONDS = 20.0  # a killed run loses about this much work
FEW = 64  # texts that need no progress bar


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


def token_budget(model: Any) -> int:
    """Tokens of a batch, padding included, that suit the device and the width."""
    if remote.away(model):
        return remote.TOKENS_A_BATCH
    return read_budget(model.device.type, d_model(model))


def batches(
    lengths: Sequence[int], size: int | None, budget: int
) -> Iterator[list[int]]:
    """Texts in batches of `size`, or of at most `budget` tokens, longest first."""
    order = sorted(range(len(lengths)), key=lambda i: -lengths[i])
    batch: list[int] = []
    for i in order:
        widest = lengths[batch[0]] if batch else 0
        full = len(batch) >= size if size else (len(batch) + 1) * widest > budget
        if batch and full:
            yield batch
            batch = []
        batch.append(i)
    yield batch


def pool_rows(
    model: Any,
    rows: Sequence[Row],
    layers: list[int],
    start: Starts,
    *,
    size: int | None = None,
    progress: bool = True,
    key: str | None = None,
) -> Float[Tensor, "l n d"]:
    """Mean activations of tokenized texts, at distinct ascending layers.

    With several starts each layer has a row for each of them: "l*c n d".
    With a `key`, finished batches are kept on disk every `SAVE_SECONDS`; a later call
    makes the same batches and takes them up. `forget_parts` removes them.
    """
    lengths = [len(row) for row in rows]
    plan = list(batches(lengths, size, token_budget(model)))
    n_rows = len(layers) * len(starts_of(start))
    result = torch.empty(n_rows, len(rows), d_model(model))
    done = saved = restore(result, plan, key) if key else 0
    since, hide = time.monotonic(), not progress or len(rows) < FEW
    with tqdm(total=sum(lengths), unit="tok", unit_scale=True, disable=hide) as bar:
        bar.update(sum(lengths[i] for i in joined(plan[:done])))
        for done, batch in enumerate(plan[done:], done + 1):  # noqa: B020
            part = [rows[i] for i in batch]
            result[:, batch] = found = pool_batch(model, part, layers, start)
            check_read(model, part, found.isfinite().all(-1).all(0))
            bar.update(sum(map(len, part)))
            if key and time.monotonic() - since >= SAVE_SECONDS:
                save_part(key, saved, done, result[:, joined(plan[saved:done])])
                saved, since = done, time.monotonic()
    return result


def check_read(model: Any, rows: Sequence[Any], good: Bool[Tensor, " n"]) -> None:
    """Raise ValueError, naming the first text of which not all that is read is finite.

    In 16 bits some models overflow on some texts, and one such text spoils every mean.
    """
    if not bool(good.all()):
        row = rows[int((~good).nonzero()[0])]
        text = model.tokenizer.decode(row, skip_special_tokens=True)
        raise ValueError(
            f"{model_name(model)} gives numbers that are not finite on the text "
            f"{text[:60]!r} ... {text[-40:]!r}: leave it out, or, where the model was "
            'loaded with dtype="float16", load it with dtype="bfloat16"'
        )


def check_size(batch_size: Whole | None) -> int | None:
    """Rows of a batch; raises ValueError unless it is None, or one or more."""
    return None if batch_size is None else whole(batch_size, "batch_size", least=1)


def joined(plan: Sequence[list[int]]) -> list[int]:
    """The texts of several batches, in order."""
    return [i for batch in plan for i in batch]


def save_part(key: str, first: int, stop: int, means: Float[Tensor, "l n d"]) -> None:
    """Keep the means of batches `first` to `stop`."""
    tensors = {"means": means, "stop": torch.tensor(stop)}
    disk.write(disk.digest(key, "part", first), tensors)


def restore(result: Float[Tensor, "l n d"], plan: Sequence[list[int]], key: str) -> int:
    """Fill in what an earlier run has kept; returns how many batches that is."""
    done = 0
    while kept := disk.read(disk.digest(key, "part", done)):
        stop = int(kept["stop"])
        result[:, joined(plan[done:stop])] = kept["means"]
        done = stop
    return done


def forget_parts(key: str) -> None:
    """Remove the parts that `pool_rows` has kept."""
    done = 0
    while kept := disk.read(name := disk.digest(key, "part", done)):
        done = int(kept["stop"])
        disk.forget([name])


def starts_of(start: Starts) -> tuple[int, ...]:
    """One start, or several, as several."""
    return start if isinstance(start, tuple) else (start,)


def pool_batch(
    model: Any, rows: Sequence[Row], layers: list[int], start: Starts
) -> Float[Tensor, "l n d"]:
    """One forward pass; halves the batch when a GPU runs out of memory."""
    try:
        return pool_once(model, rows, layers, start)
    except torch.OutOfMemoryError:
        if len(rows) == 1:
            raise
    torch.cuda.empty_cache()  # does nothing without a GPU
    half = len(rows) // 2
    parts = [pool_batch(model, r, layers, start) for r in (rows[:half], rows[half:])]
    return torch.cat(parts, dim=1)


def pool_once(
    model: Any, rows: Sequence[Row], layers: list[int], start: Starts
) -> Float[Tensor, "l n d"]:
    """Mean activations of one batch, pooled inside the trace."""
    ids, mask = pad(model, rows)
    inputs = {"input_ids": ids, "attention_mask": mask.long()}
    starts = starts_of(start)
    with torch.no_grad(), model.trace(inputs, **where(model)) as tracer:
        pooled = nnsight.save([])
        for layer in layers:
            residual = unwrap(model.layers[layer].output)
            for first in starts:
                pooled.append(mean_pool(residual, mask.to(residual.device), first))
        tracer.stop()
    return torch.stack(list(pooled)).cpu()
