"""Write to the residual stream while a model generates or scores text.

A vector is added at a layer with a strength in units of the mean residual norm there,
so that 0.1 means the same on every model. The change lives inside one nnsight trace:
when a call ends, by result or by exception, nothing of it is left.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from transformers import LogitsProcessor

from helpers.activations import residual_norm
from helpers.datasets import load_neutral
from helpers.models import d_model, n_layers, text_config, unwrap

Positions = Literal["all", "prompt", "response"]
Mode = Literal["add", "ablate", "clamp"]


def steer(
    residual: Float[Tensor, "n s d"],
    unit: Float[Tensor, "n 1 d"],
    amount: Float[Tensor, "n 1 1"],
    mode: Mode = "add",
) -> Float[Tensor, "n s d"]:
    """The residual stream after steering along unit vectors.

    `add` adds `amount` of the vector, `ablate` projects the vector out, `clamp` sets
    the component along the vector to `amount`. Taught in chapter 08.
    """
    if mode == "add":
        return residual + amount * unit
    along = (residual * unit).sum(-1, keepdim=True) * unit
    if mode == "ablate":
        return residual - along
    return residual - along + amount * unit


class GumbelNoise(LogitsProcessor):
    """Turns greedy choice into sampling whose draws depend on the row's seed only."""

    def __init__(self, seeds: Sequence[int], temperature: float) -> None:
        self.generators = [torch.Generator().manual_seed(s) for s in seeds]
        self.temperature = temperature

    def __call__(self, input_ids: Any, scores: Float[Tensor, "n v"]) -> Tensor:
        noise = torch.stack(
            [torch.rand(scores.shape[-1], generator=g) for g in self.generators]
        )
        gumbel = -torch.log(-torch.log(noise.clamp(1e-20, 1 - 1e-7)))
        return scores / self.temperature + gumbel.to(scores)


def plan(
    model: Any,
    n: int,
    vector: Any,
    layer: int | Sequence[int] | None,
    strength: float | Sequence[float],
    norm: float | None,
) -> list[tuple[int, Float[Tensor, "n 1 d"], Float[Tensor, "n 1 1"]]]:
    """For each steered layer: unit vectors and amounts for `n` rows.

    A band of layers shares the strength. Raises ValueError for what does not fit.
    """
    if vector is None:
        return []
    if layer is None:
        raise ValueError("steering needs layer=: pass the vector's own layer")
    band = [layer] if isinstance(layer, int) else list(layer)
    for one in band:
        if not 0 <= one < n_layers(model):
            raise ValueError(
                f"layer {one} is outside 0..{n_layers(model) - 1}: "
                "pass an index of model.layers"
            )
    rows = torch.as_tensor(vector).float()
    rows = rows.expand(n, -1) if rows.ndim == 1 else rows
    if rows.shape != (n, d_model(model)):
        raise ValueError(
            f"vector of shape {tuple(rows.shape)} does not fit {n} prompts and "
            f"d_model {d_model(model)}: is it a vector of another model?"
        )
    if not rows.isfinite().all() or (rows.norm(dim=-1) == 0).any():
        raise ValueError("vector is zero or not finite: it has no direction")
    amounts = strengths(strength, n)
    unit = (rows / rows.norm(dim=-1, keepdim=True))[:, None]
    steps = []
    for one in band:
        size = norm if norm is not None else residual_norm(model, load_neutral(), one)
        steps.append((one, unit, amounts[:, None, None] * size / len(band)))
    return sorted(steps, key=lambda step: step[0])


def strengths(strength: float | Sequence[float], n: int) -> Float[Tensor, " n"]:
    """One strength for each row; raises ValueError for what is not a number."""
    try:
        amounts = torch.as_tensor(strength, dtype=torch.float32)
    except (TypeError, ValueError) as error:
        raise ValueError(f"strength {strength!r} is not a number") from error
    if amounts.ndim > 1 or (amounts.ndim == 1 and len(amounts) != n):
        raise ValueError(f"strength has shape {tuple(amounts.shape)} for {n} prompts")
    if not amounts.isfinite().all():
        raise ValueError(f"strength {strength!r} is not finite")
    return amounts.expand(n)


def check_prompts(model: Any, prompts: str | Sequence[str], room: int) -> list[str]:
    """The prompts as a list; raises ValueError if one is empty or too long."""
    texts = [prompts] if isinstance(prompts, str) else list(prompts)
    if not texts:
        raise ValueError("no prompts: pass at least one text")
    context = getattr(text_config(model), "max_position_embeddings", None)
    for i, text in enumerate(texts):
        length = len(model.tokenizer(text)["input_ids"])
        if length == 0:
            raise ValueError(f"prompt {i} is empty: pass a text of at least one token")
        if context and length + room > context:
            raise ValueError(
                f"prompt {i} has {length} tokens and {room} are to follow, but the "
                f"model's context is {context}: shorten one of them"
            )
    return texts


def generate(
    model: Any,
    prompts: str | Sequence[str],
    *,
    vector: Float[Tensor, " d"] | Float[Tensor, "n d"] | None = None,
    layer: int | Sequence[int] | None = None,
    strength: float | Sequence[float] = 0.0,
    positions: Positions = "all",
    mode: Mode = "add",
    norm: float | None = None,
    max_new_tokens: int = 40,
    temperature: float = 0.0,
    seed: int | Sequence[int] = 0,
) -> list[str]:
    """What the model writes after each prompt while a vector is added.

    `vector` is one for all prompts or one for each; likewise `strength` (a fraction of
    the mean residual norm at `layer`, which `norm` gives or neutral texts measure) and
    `seed`. Several layers share the strength. `positions`: all, the prompt only, or
    the response only. At temperature 0 the likeliest token is taken; above, each
    row draws from its own seed, whatever else is in the batch.

    Raises ValueError for what does not fit. Taught in chapter 08.
    """
    texts = check_prompts(model, prompts, max_new_tokens)
    edits = plan(model, len(texts), vector, layer, strength, norm)
    options: dict[str, Any] = {"max_new_tokens": max_new_tokens, "do_sample": False}
    if temperature > 0:
        seeds = [seed + i for i in range(len(texts))] if isinstance(seed, int) else seed
        options["logits_processor"] = [GumbelNoise(list(seeds), temperature)]
    steps = {"all": slice(None), "response": slice(1, None)}.get(positions)
    with quiet(), torch.no_grad(), model.generate(**options) as tracer:
        with tracer.invoke(texts):
            if steps is None:
                write_all(model, edits, mode)
            elif edits:  # a loop that touches no module would never end
                for _ in tracer.iter[steps]:
                    write_all(model, edits, mode)
        with tracer.invoke():
            ids = tracer.result.save()
    new = ids[:, -new_length(model, ids, texts) :]
    return model.tokenizer.batch_decode(new, skip_special_tokens=True)


@contextmanager
def quiet() -> Iterator[None]:
    """Silence nnsight's warning that a text ended before its last step."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*was never reached.*")
        yield


def new_length(model: Any, ids: Int[Tensor, "n s"], texts: Sequence[str]) -> int:
    """How many positions of a result are new (the prompts are left-padded)."""
    longest = max(len(model.tokenizer(text)["input_ids"]) for text in texts)
    return ids.shape[1] - longest


def write_all(model: Any, edits: list, mode: Mode) -> None:
    """Steer each layer in place; called inside a trace."""
    for layer, unit, amount in edits:
        residual = unwrap(model.layers[layer].output)
        residual[:] = steer(residual, unit.to(residual), amount.to(residual), mode)


def choice_logprobs(
    model: Any,
    prompts: Sequence[str],
    choices: Sequence[str] | Sequence[Sequence[str]],
    *,
    vector: Float[Tensor, " d"] | Float[Tensor, "n d"] | None = None,
    layer: int | None = None,
    strength: float | Sequence[float] = 0.0,
    positions: Positions = "all",
    mode: Mode = "add",
    norm: float | None = None,
    batch_size: int = 64,
) -> Float[Tensor, "n c"]:
    """Log-probability of each choice as what follows its prompt, in nats.

    `choices` is one list for all prompts or a list for each; a choice of several
    tokens gets the sum over them. Steering as in `generate`. Taught in chapter 08.
    """
    texts = check_prompts(model, prompts, 1)
    each = [choices] * len(texts) if isinstance(choices[0], str) else list(choices)
    width = len(each[0])
    if any(len(c) != width for c in each):
        raise ValueError("every prompt needs the same number of choices")
    vectors = None if vector is None else torch.as_tensor(vector).float()
    amounts = strengths(strength, len(texts))
    pairs = [
        (i, text, choice)
        for i, (text, row) in enumerate(zip(texts, each, strict=True))
        for choice in row
    ]
    scores = []
    for start in range(0, len(pairs), batch_size):
        part = pairs[start : start + batch_size]
        index = torch.tensor([i for i, _, _ in part])
        own = vectors
        if vectors is not None and vectors.ndim == 2:
            own = vectors[index]
        edits = plan(model, len(part), own, layer, amounts[index].tolist(), norm)
        scores.append(score_pairs(model, part, edits, positions, mode))
    return torch.cat(scores).view(len(texts), width)


def score_pairs(
    model: Any, pairs: list, edits: list, positions: Positions, mode: Mode
) -> Float[Tensor, " n"]:
    """Summed log-probability of each pair's choice after its prompt."""
    ids, mask, answer = join(model, pairs)
    where = {"all": mask, "prompt": mask & ~answer, "response": answer}[positions]
    inputs = {"input_ids": ids, "attention_mask": mask.long()}
    with torch.no_grad(), model.trace(inputs):
        for layer, unit, amount in edits:
            residual = unwrap(model.layers[layer].output)
            moved = steer(residual, unit.to(residual), amount.to(residual), mode)
            here = where[..., None].to(residual.device)
            residual[:] = torch.where(here, moved, residual)
        logits = model.lm_head.output.save()
    logprobs = logits.float().cpu().log_softmax(-1)[:, :-1]
    picked = logprobs.gather(-1, ids[:, 1:, None]).squeeze(-1)
    return (picked * answer[:, 1:]).sum(-1)


def join(
    model: Any, pairs: list
) -> tuple[Int[Tensor, "n s"], Bool[Tensor, "n s"], Bool[Tensor, "n s"]]:
    """Right-padded ids of prompt and choice, the mask, and where the choice stands."""
    rows, starts = [], []
    for _, prompt, choice in pairs:
        head = model.tokenizer(prompt)["input_ids"]
        tail = model.tokenizer(choice, add_special_tokens=False)["input_ids"]
        if not tail:
            raise ValueError(f"choice {choice!r} has no token")
        rows.append([*head, *tail])
        starts.append(len(head))
    longest, pad = max(map(len, rows)), model.tokenizer.pad_token_id
    ids = torch.tensor([r + [pad] * (longest - len(r)) for r in rows])
    at = torch.arange(longest)
    ends = torch.tensor([len(r) for r in rows])[:, None]
    mask = at < ends
    return ids, mask, mask & (at >= torch.tensor(starts)[:, None])
