"""Weighted sums over the positions of many texts, at several layers, in one pass."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import nnsight
import torch
from jaxtyping import Float
from torch import Tensor
from tqdm.auto import tqdm

from helpers import cache as disk
from helpers.activations.pooling import FEW, batches, check_read, token_budget
from helpers.activations.residual import content_key
from helpers.models import Row, pad, tokenize, unwrap, where

EMBEDDINGS = -1  # the stream before block 0: what a model knows of its tokens alone


def weighted_means(
    model: Any,
    texts: Sequence[str],
    weights: Sequence[Float[Tensor, "k _"]],
    layers: Sequence[int],
    *,
    progress: bool = True,
) -> Float[Tensor, "l n k d"]:
    """Sums of the residual stream over positions, `k` rows of weights for each text.

    Float32 on the CPU, cached by content.
    """
    rows, deep = tokenize(model, texts), sorted(set(layers))
    weigh = disk.digest_bytes(w.numpy().tobytes() for w in weights)
    what = "embedded" if deep == [EMBEDDINGS] else "weighted"
    key = content_key(model, what, rows, deep, weigh)

    def compute() -> dict[str, Tensor]:
        lengths, parts, order = [len(row) for row in rows], [], []
        hide = not progress or len(rows) < FEW
        with tqdm(total=sum(lengths), unit="tok", unit_scale=True, disable=hide) as bar:
            for batch in batches(lengths, None, token_budget(model)):
                some = [rows[i] for i in batch], [weights[i] for i in batch]
                parts.append(one_batch(model, *some, deep))
                check_read(model, some[0], parts[-1].isfinite().all(-1).all(-1).all(0))
                order += batch
                bar.update(sum(lengths[i] for i in batch))
        return {"means": torch.cat(parts, 1)[:, torch.tensor(order).argsort()]}

    means = disk.cached(key, compute, half=True)["means"]
    return means[[deep.index(layer) for layer in layers]]


def one_batch(
    model: Any,
    rows: Sequence[Row],
    weights: Sequence[Float[Tensor, "k _"]],
    layers: list[int],
) -> Float[Tensor, "l n k d"]:
    """The weighted sums of one batch, taken inside the trace."""
    ids, mask = pad(model, rows)
    weigh = torch.zeros(len(rows), len(weights[0]), mask.shape[1])
    for row, own in zip(weigh, weights, strict=True):
        row[:, : own.shape[1]] = own
    inputs = {"input_ids": ids, "attention_mask": mask.long()}
    with torch.no_grad(), model.trace(inputs, **where(model)) as tracer:
        found = nnsight.save([])
        for layer in layers:
            at = model.layers[layer].output if layer >= 0 else model.layers[0].input
            stream = unwrap(at).float()
            there = weigh.to(stream.device)
            found.append(torch.einsum("nsd,nks->nkd", stream, there).cpu())
        tracer.stop()
    return torch.stack(list(found))
