"""The next token after a prompt, steered or not, in one pass, and how open it is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import nnsight
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from helpers.activations import batches, check_read, content_key, token_budget
from helpers.cache import cached
from helpers.models import check_prompts, text_config, token_rows, tokenize
from helpers.models import where as runs_at
from helpers.stats import Whole, whole
from helpers.steering.passes import read_logprobs
from helpers.steering.prefix import begin
from helpers.steering.pushes import Layers, Numbers, answer_key, as_pushes, plan


def next_logprobs(
    model: Any,
    prompts: Iterable[str],
    tokens: Int[Tensor, "n c"],
    *,
    vector: Any = None,
    layer: Layers = None,
    strength: Numbers = 0.0,
    where: Bool[Tensor, "n s"] | None = None,
    norm: Numbers = None,
    batch_size: Whole = 64,
) -> Float[Tensor, "n c"]:
    """Log-probability of some tokens as the next one after each prompt, in nats.

    One forward pass a prompt, and the unembedding at its last position only. `vector`
    and `strength` are one for all prompts or one for each (a fraction of the mean
    residual norm at `layer`). `where` says which positions are steered, counted from
    the first token; None steers all. Equal to `choice_logprobs` of the first token.

    Raises ValueError for what does not fit. Taught in chapter 09.
    """
    rows, found = token_rows(model, check_prompts(model, prompts, 1)), []
    if len(tokens) != len(rows):
        raise ValueError(f"{len(rows)} prompts but {len(tokens)} rows of tokens")
    check_ids(model, tokens)
    pushes = as_pushes(vector, layer, strength, "add", norm)
    edits = plan(model, len(rows), pushes)
    asked = [list(row) for row in rows], tokens.tolist()
    key = answer_key(
        model, "next", pushes, *asked, None if where is None else where.tolist()
    )
    size = whole(batch_size, "batch_size", least=1)

    def score() -> dict[str, Tensor]:
        for start in range(0, len(rows), size):
            part = slice(start, start + size)
            inputs, options, mask = begin(model, rows[part])
            here = mask if where is None else where[part, : mask.shape[1]] & mask
            own, wanted = [edit.rows(part) for edit in edits], tokens[part]
            row = torch.arange(len(wanted))
            of = row.repeat_interleave(wanted.shape[1])
            at = (row, mask.sum(1) - 1, of, wanted.flatten())
            values = read_logprobs(model, inputs, options, own, here, at)
            found.append(values.view(wanted.shape))
        values = torch.cat(found)
        check_read(model, rows, values.isfinite().all(1))
        return {"logprobs": values}

    return cached(key, score, half=True)["logprobs"]


def check_ids(model: Any, tokens: Tensor) -> None:
    """Raise ValueError unless these are ids of the model's tokens."""
    n = text_config(model).vocab_size
    whole_ones = not (tokens.is_floating_point() or tokens.dtype == torch.bool)
    if not whole_ones or not ((tokens >= 0) & (tokens < n)).all():
        raise ValueError(
            f"tokens hold {tokens.unique().tolist()[:8]}: pass ids of tokens, whole "
            f"numbers from 0 to {n - 1}"
        )


def next_entropy(model: Any, prompts: Iterable[str]) -> Float[Tensor, " n"]:
    """How open the next token after each prompt is: the entropy, in nats.

    A simple rival of a reader: a model may be unsure where it fails. Cached by content.
    Raises ValueError as `tokenize` does.
    """
    rows = tokenize(model, prompts)

    def measure() -> dict[str, Tensor]:
        found = torch.zeros(len(rows))
        for batch in batches([len(row) for row in rows], None, token_budget(model)):
            inputs, options, mask = begin(model, [rows[i] for i in batch])
            each, last = torch.arange(len(batch)), mask.sum(1) - 1
            with torch.no_grad(), model.trace(inputs, **options, **runs_at(model)):
                hidden = model.lm_head.input
                model.lm_head.input = hidden[each, last][None]
                logprobs = model.output.logits[0].float().log_softmax(-1)
                surprise = -(logprobs.exp() * logprobs.clamp(min=-1e4)).sum(-1)
                saved = nnsight.save(surprise.cpu())
            found[batch] = saved
        return {"entropy": found}

    return cached(content_key(model, "entropy", rows), measure)["entropy"]
