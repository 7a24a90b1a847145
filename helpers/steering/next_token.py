"""The next token after a prompt, steered or not, in one pass."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import nnsight
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from helpers.activations import check_layers, residual_norm
from helpers.datasets import load_neutral
from helpers.models import d_model, pad, tokenize, unwrap
from helpers.models import where as place


def next_logprobs(
    model: Any,
    prompts: Sequence[str],
    tokens: Int[Tensor, "n c"],
    *,
    vector: Float[Tensor, " d"] | Float[Tensor, "n d"] | None = None,
    layer: int | None = None,
    strength: float | Sequence[float] = 0.0,
    where: Bool[Tensor, "n s"] | None = None,
    norm: float | None = None,
    batch_size: int = 64,
) -> Float[Tensor, "n c"]:
    """Log-probability of some tokens as the next one after each prompt, in nats.

    One forward pass a prompt, and the unembedding at its last position only. `vector`
    and `strength` are one for all prompts or one for each (a fraction of the mean
    residual norm at `layer`). `where` says which positions are steered, counted from
    the first token; None steers all. Equal to `choice_logprobs` of the first token.

    Raises ValueError for what does not fit. Taught in chapter 09.
    """
    rows, found = tokenize(model, prompts), []
    if len(tokens) != len(rows):
        raise ValueError(f"{len(rows)} prompts but {len(tokens)} rows of tokens")
    move = None
    if vector is not None:
        move = moves(model, len(rows), vector, layer, strength, norm)
    for start in range(0, len(rows), batch_size):
        part = slice(start, start + batch_size)
        ids, mask = pad(model, rows[part])
        here = mask if where is None else where[part, : mask.shape[1]] & mask
        own = None if move is None else here[..., None] * move[part, None]
        found.append(last_logprobs(model, ids, mask, tokens[part], layer, own))
    return torch.cat(found)


def moves(
    model: Any,
    n: int,
    vector: Tensor,
    layer: int | None,
    strength: float | Sequence[float],
    norm: float | None,
) -> Float[Tensor, "n d"]:
    """What is added to the residual stream of each of `n` prompts.

    Raises ValueError for a vector, layer or strength that does not fit.
    """
    if layer is None:
        raise ValueError("steering needs layer=: pass the vector's own layer")
    ((depth,), _) = check_layers(model, [layer])
    rows = torch.as_tensor(vector).float()
    rows = rows.expand(n, -1) if rows.ndim == 1 else rows
    if rows.shape != (n, d_model(model)):
        raise ValueError(
            f"vector of shape {tuple(rows.shape)} does not fit {n} prompts and "
            f"d_model {d_model(model)}: is it a vector of another model?"
        )
    sizes = rows.norm(dim=-1, keepdim=True)
    if not rows.isfinite().all() or (sizes == 0).any():
        raise ValueError("vector is zero or not finite: it has no direction")
    unit = residual_norm(model, load_neutral(model), depth) if norm is None else norm
    amounts = torch.as_tensor(strength, dtype=torch.float32).expand(n)
    if not amounts.isfinite().all():
        raise ValueError(f"strength {strength!r} is not finite")
    return rows / sizes * amounts[:, None] * unit


def last_logprobs(
    model: Any,
    ids: Int[Tensor, "n s"],
    mask: Bool[Tensor, "n s"],
    tokens: Int[Tensor, "n c"],
    layer: int | None,
    move: Float[Tensor, "n s d"] | None,
) -> Float[Tensor, "n c"]:
    """Log-probabilities of tokens after the last real position of right-padded rows."""
    last, index = (mask.sum(1) - 1).unique(return_inverse=True)
    inputs = {"input_ids": ids, "attention_mask": mask.long()}
    options = {"logits_to_keep": last, "use_cache": False} | place(model)
    with torch.no_grad(), model.trace(inputs, **options):
        if move is not None:
            residual = unwrap(model.layers[layer].output)
            residual[:] = residual + move.to(residual)
        logits = model.output.logits
        ends = logits[torch.arange(len(ids)), index.to(logits.device)]
        logprobs = ends.float().log_softmax(-1).cpu()
        picked = nnsight.save(logprobs.gather(-1, tokens))
    return picked
