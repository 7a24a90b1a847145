"""Write to the residual stream while a model generates or scores text.

A vector is added at a layer with a strength in units of the mean residual norm there,
so that 0.1 means the same on every model. The change lives inside one nnsight trace:
when a call ends, by result or by exception, nothing of it is left.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from tqdm.auto import tqdm

from helpers.activations import check_size
from helpers.cache import as_tensors, as_texts, cached
from helpers.models import (
    adds_space,
    check_new,
    check_prompts,
    check_seeds,
    d_model,
    n_layers,
    pad,
    remote,
    text_config,
    token_rows,
    unwrap,
    where,
)
from helpers.stats import Number, Whole, number, one_of
from helpers.steering.passes import check_choices
from helpers.steering.pushes import (
    POSITIONS,
    Edit,
    Layers,
    Numbers,
    answer_key,
    as_pushes,
    plan,
    steer,
)
from helpers.steering.sampling import FiniteLogits, GumbelNoise
from helpers.steering.scoring import score_choices

FEW = 128  # rows that need no progress bar
SWEPT = 512  # rows of a sweep whose texts and pushes are laid out together
MOST_ROWS = {"cpu": 128}  # of one batch: more gain nothing there
CPU_BYTES = 2**29  # what a batch may hold on a CPU; on a GPU half of what is free


def generate(
    model: Any,
    prompts: Any,
    *,
    vector: Any = None,
    layer: Layers = None,
    strength: Numbers = 0.0,
    positions: str = "all",
    mode: str = "add",
    norm: Numbers = None,
    max_new_tokens: Any = 40,
    temperature: Number = 0.0,
    seed: Any = 0,
    batch_size: Whole | None = None,
    progress: bool = True,
) -> list[str]:
    """What the model writes after each prompt while a vector is added.

    `vector` is one for all prompts ("d") or one for each ("n d"), and so are `strength`
    (a fraction of the mean residual norm at `layer`, which `norm` gives or neutral
    texts measure) and `seed`; a list of `Push` steers with several at once. A list of
    layers is a band: `add` divides the dose over it, `ablate` takes the vector out at
    each, `clamp` sets its share at each. `positions`: all, the prompt only, or the
    response only (from the first written token on, so what that token is stays free).

    At temperature 0 the likeliest token is taken; above, each row draws from its own
    seed, whatever else is in the batch (one whole number: seed, seed + 1, ...). Rows
    go through the model in batches that fit its memory, or of `batch_size`.

    Raises ValueError for what does not fit. Taught in chapter 08.
    """
    new = check_new(max_new_tokens)
    texts, size = check_prompts(model, prompts, new), check_size(batch_size)
    ids = token_rows(model, texts)
    one_of("positions", positions, POSITIONS)
    pushes = as_pushes(vector, layer, strength, mode, norm)
    edits = plan(model, len(texts), pushes)
    seeds = check_seeds(seed, temperature, len(texts))
    heat = number(temperature, "temperature")
    how = [positions, new, heat]
    key = answer_key(model, "generate", pushes, ids, *how, seeds if heat else 0)
    lengths, written = list(map(len, ids)), [""] * len(texts)

    def write(rows: list[int]) -> None:
        options: dict[str, Any] = {"max_new_tokens": new, "do_sample": False}
        options["logits_processor"] = [FiniteLogits(model.tokenizer)]
        if heat > 0:
            noise = GumbelNoise([seeds[i] for i in rows], heat)
            options["logits_processor"].append(noise)
        own, some = [edit.rows(rows) for edit in edits], [ids[i] for i in rows]
        whole = run(model, some, own, positions, options)
        answers = whole[:, max(lengths[i] for i in rows) - 1 :]
        for i, text in zip(rows, decode(model, answers), strict=True):
            written[i] = text

    def write_all_rows() -> dict[str, Tensor]:
        fits = size or rows_that_fit(model, max(lengths) + new)
        hide = not progress or len(texts) < FEW
        order = sorted(range(len(texts)), key=lambda i: -lengths[i])
        in_batches(write, order, fits, hide)
        return as_tensors(written)

    return as_texts(cached(key, write_all_rows))


def run(
    model: Any,
    prompts: list[list[int]],
    edits: list[Edit],
    positions: str,
    options: dict[str, Any],
) -> Int[Tensor, "n s"]:
    """Token ids of one batch of prompts and what follows them."""
    begun, mask = pad(model, prompts, left=True)
    inputs = {"input_ids": begun, "attention_mask": mask.long()}
    steps = {"all": slice(None), "response": slice(1, None)}.get(positions)
    edits = [ready(model, edit) for edit in edits]
    with quiet(), torch.no_grad(), model.generate(**options, **where(model)) as tracer:
        with tracer.invoke(inputs):
            if steps is None:
                write_all(model, edits)
            elif edits:  # a loop that touches no module would never end
                for _ in tracer.iter[steps]:
                    write_all(model, edits)
        with tracer.invoke():
            ids = tracer.result.save()
    return ids


def decode(model: Any, ids: Int[Tensor, "n s"]) -> list[str]:
    """Tokens from the second on as texts, without the special ones.

    The first is the last one of the prompt: some tokenizers take the space off what
    is decoded first.
    """
    read = partial(model.tokenizer.batch_decode, skip_special_tokens=True)
    plain = read(ids[:, 1:])
    if not adds_space(model.tokenizer):
        return list(plain)
    return [
        both[len(head) :] if both.startswith(head) else text
        for both, head, text in zip(read(ids), read(ids[:, :1]), plain, strict=True)
    ]


@contextmanager
def quiet() -> Iterator[None]:
    """Silence nnsight's warning that a text ended before its last step."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*was never reached.*")
        yield


def ready(model: Any, edit: Edit) -> Edit:
    """An edit where the model is and in its dtype, moved once and not at each step."""
    if remote.away(model):
        return edit
    place = {"device": model.device, "dtype": model._module.dtype}
    return edit._replace(unit=edit.unit.to(**place), amount=edit.amount.to(**place))


def write_all(model: Any, edits: list[Edit]) -> None:
    """Steer each layer in place; called inside a trace."""
    for layer, unit, amount, mode in edits:
        residual = unwrap(model.layers[layer].output)
        residual[:] = steer(residual, unit.to(residual), amount.to(residual), mode)


def in_batches(
    work: Callable[[list[int]], None], order: list[int], size: int, hide: bool
) -> None:
    """Do `work` on rows, `size` at a time, or fewer when a GPU runs out of memory."""
    with tqdm(total=len(order), unit="row", disable=hide) as bar:
        while order:
            try:
                work(order[:size])
            except torch.OutOfMemoryError:
                if size == 1:
                    raise
                torch.cuda.empty_cache()
                size = max(1, min(size, len(order)) // 2)
                continue
            bar.update(min(size, len(order)))
            order = order[size:]


def rows_that_fit(model: Any, length: int) -> int:
    """How many rows of `length` tokens a batch may have: keys, values and logits."""
    if remote.away(model):
        return remote.ROWS_A_BATCH
    kept = 2 * n_layers(model) * d_model(model) * model._module.dtype.itemsize
    row = length * kept + 16 * int(text_config(model).vocab_size)
    gpu = model.device.type == "cuda"
    free = torch.cuda.mem_get_info(model.device)[0] // 2 if gpu else CPU_BYTES
    return max(1, min(MOST_ROWS.get(model.device.type, 1024), free // row))


def choice_logprobs(
    model: Any,
    prompts: Any,
    choices: Any,
    *,
    vector: Any = None,
    layer: Layers = None,
    strength: Numbers = 0.0,
    positions: str = "all",
    mode: str = "add",
    norm: Numbers = None,
    batch_size: Whole | None = None,
    progress: bool = True,
) -> Float[Tensor, "n c"]:
    """Log-probability of each choice as what follows its prompt, in nats.

    `choices` is one list for all prompts or a list for each. A choice may be a token
    or a whole answer: it gets the sum over its tokens. A prompt is run once, and each
    choice adds its own tokens; choices that begin alike share them, so many words of
    one token cost no more than one. Steering as in `generate`; with positions
    "response" the first token of a choice is not steered.

    Raises ValueError for what does not fit. Taught in chapter 08.
    """
    texts, size = check_prompts(model, prompts, 1), check_size(batch_size)
    one_of("positions", positions, POSITIONS)
    pushes = as_pushes(vector, layer, strength, mode, norm)
    edits, each = plan(model, len(texts), pushes), check_choices(texts, choices)
    ids = token_rows(model, texts)
    options: dict[str, Any] = {"size": size, "progress": progress}
    key = answer_key(model, "choices", pushes, ids, each, positions)

    def score() -> dict[str, Tensor]:
        scores = score_choices(model, texts, each, edits, positions, **options)
        return {"logprobs": scores}

    return cached(key, score)["logprobs"]


def sweep_logprobs(
    model: Any,
    prompts: Any,
    choices: Any,
    vectors: Any,
    *,
    layer: Layers = None,
    strength: Numbers = 0.0,
    positions: str = "all",
    mode: str = "add",
    norm: Numbers = None,
    batch_size: Whole | None = None,
    progress: bool = True,
) -> Float[Tensor, "p n c"]:
    """Log-probability of the same choices after the same prompts for many pushes.

    Equal to `choice_logprobs` with each of `vectors` ("p d") in turn, and less work:
    what lies below the lowest pushed layer is run once for all. `strength` is one for
    all vectors or one for each.

    Raises ValueError for what does not fit.
    """
    texts, size = check_prompts(model, prompts, 1), check_size(batch_size)
    one_of("positions", positions, POSITIONS)
    shape = tuple(getattr(vectors, "shape", ()))
    if len(shape) != 2 or 0 in shape:
        raise ValueError(
            f"vectors has shape {shape}: pass a tensor with a row for each"
        )
    each, n = check_choices(texts, choices), len(vectors)
    pushes = as_pushes(vectors, layer, strength, mode, norm)
    edits = plan(model, n, pushes)
    ids = token_rows(model, texts)
    key = answer_key(model, "sweep", pushes, ids, each, positions)

    def score() -> dict[str, Tensor]:
        options: dict[str, Any] = {"size": size, "progress": progress}
        scores = sweep(model, texts, each, edits, positions, **options)
        return {"logprobs": scores}

    return cached(key, score)["logprobs"]


def sweep(
    model: Any,
    texts: Sequence[str],
    each: list[list[str]],
    edits: list[Edit],
    positions: str,
    *,
    size: int | None,
    progress: bool,
) -> Float[Tensor, "p n c"]:
    """Scores of choices under each row of `edits`, all rows of a prompt together."""
    n = len(edits[0].unit)
    found, step = [], max(1, SWEPT // n)
    hide = not progress or n * len(texts) < FEW
    with tqdm(total=len(texts), unit="prompt", disable=hide) as bar:
        for i in range(0, len(texts), step):
            rows = [j for j in range(i, min(i + step, len(texts))) for _ in range(n)]
            own = [edit.rows(list(range(n)) * (len(rows) // n)) for edit in edits]
            given = [texts[j] for j in rows], [each[j] for j in rows]
            options: dict[str, Any] = {"size": size, "progress": False}
            scores = score_choices(model, *given, own, positions, **options)
            found.append(scores.unflatten(0, (-1, n)))
            bar.update(len(rows) // n)
    return torch.cat(found).transpose(0, 1).contiguous()
