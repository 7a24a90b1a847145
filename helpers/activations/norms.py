"""The mean norm of the residual stream: the unit of strengths and scores."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import nnsight
import torch
from jaxtyping import Float
from torch import Tensor

from helpers import cache as disk
from helpers.activations.pooling import batches, check_read, token_budget
from helpers.activations.residual import check_layers, check_start, content_key
from helpers.models import Row, pad, tokenize, unwrap, where
from helpers.stats import Whole


def residual_norm(
    model: Any, texts: Iterable[str], layer: Whole, *, start: Whole | None = None
) -> float:
    """Mean L2 norm of the residual stream over the positions of `texts`.

    The unit of strength: 0.1 is a tenth of it. The first position is left out unless
    `start` says otherwise, because many models use it as an attention sink whose norm
    is a hundred times the others'. Cached by content.

    Raises ValueError as `mean_activations` does. Taught in chapter 08.
    """
    chosen, _ = check_layers(model, layer)
    first = check_start(model, 1 if start is None else start)
    rows = tokenize(model, texts, start=first)
    key = content_key(model, "norm", rows, chosen, first)
    return float(disk.cached(key, lambda: norms(model, rows, chosen[0], first))["norm"])


def norms(
    model: Any, rows: Sequence[Row], layer: int, start: int
) -> dict[str, Float[Tensor, ""]]:
    """The mean norm at a layer over the real positions from `start` on."""
    total, count = 0.0, 0
    for batch in batches([len(row) for row in rows], None, token_budget(model)):
        ids, mask = pad(model, [rows[i] for i in batch])
        keep = mask.clone()
        keep[:, :start] = False
        inputs = {"input_ids": ids, "attention_mask": mask.long()}
        with torch.no_grad(), model.trace(inputs, **where(model)) as tracer:
            residual = unwrap(model.layers[layer].output)
            sizes = residual.float().norm(dim=-1).cpu()
            summed = nnsight.save(sizes.double().masked_fill(~keep, 0).sum(1))
            tracer.stop()
        check_read(model, [rows[i] for i in batch], summed.isfinite())
        total += float(summed.sum())
        count += int(keep.sum())
    return {"norm": torch.tensor(total / count)}
