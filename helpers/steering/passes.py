"""The texts that are run to score choices, and what is read of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import nnsight
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from helpers.activations import batches, token_budget
from helpers.models import d_model, n_layers, remote, text_config, unwrap, where
from helpers.stats import column
from helpers.steering.prefix import Ids
from helpers.steering.pushes import Edit, steer

NUMBERS = {"cpu": 2**24}  # logits of one batch
ROOM = {"cpu": 2**28}  # bytes of its keys and values


class Pass(NamedTuple):
    """One text to run: a prompt (by its row), and the part of a choice after it."""

    prompt: int
    head: Ids
    tail: Ids


class Wanted(NamedTuple):
    """A token's log-probability that counts for a choice (by its flat index)."""

    choice: int
    position: int
    token: int


Work = dict[Pass, list[Wanted]]


def several(given: Any) -> list[Any]:
    """What is in a list, a column or an array; of one text, or of no list, nothing."""
    alone = isinstance(given, str) or not isinstance(given, Iterable)
    return [] if alone else column(given)


def check_choices(texts: Sequence[str], choices: Any) -> list[list[str]]:
    """A list of choices for each prompt; raises ValueError for what does not fit."""
    listed = several(choices)
    if not listed:
        raise ValueError(f"choices is {choices!r}: pass a list of texts")
    own = [several(row) for row in listed]
    each = own if own[0] else [listed] * len(texts)
    if len(each) != len(texts):
        raise ValueError(
            f"{len(each)} lists of choices for {len(texts)} prompts: pass one each"
        )
    width = len(each[0])
    if any(len(row) != width for row in each):
        raise ValueError("every prompt needs the same number of choices")
    for row in each:
        for choice in row:
            if not isinstance(choice, str) or not choice:
                raise ValueError(f"choice {choice!r} has no token: pass a text")
    return each


def passes(prompt: int, head: Sequence[int], tails: Sequence[Sequence[int]]) -> Work:
    """The fewest texts of one prompt that show every token of its choices.

    A token is read where the one before it stands, so the last one of a choice need
    not be run, and a choice that another one begins with needs no text of its own.
    """
    before = sorted({tuple(tail[:-1]) for tail in tails}, key=len, reverse=True)
    cover: dict[Ids, Pass] = {}
    for part in before:
        if part not in cover:
            one = Pass(prompt, tuple(head), part)
            cover |= {part[:n]: one for n in range(len(part) + 1)} | cover
    work: Work = {}
    for j, tail in enumerate(tails):
        rows = work.setdefault(cover[tuple(tail[:-1])], [])
        rows += [
            Wanted(prompt * len(tails) + j, len(head) - 1 + t, token)
            for t, token in enumerate(tail)
        ]
    return work


def split(work: Work) -> tuple[Work, Work]:
    """A prompt alone and what goes on from it, each with what is read there."""
    one = next(iter(work))
    last = len(one.head) - 1
    wanted = [w for rows in work.values() for w in rows if w.position == last]
    later = {p: [w for w in rows if w.position > last] for p, rows in work.items()}
    return {one._replace(tail=()): wanted}, later


def parts(
    model: Any, work: Work, size: int | None, begun: int | None, keep: bool
) -> Iterator[Work]:
    """Passes in batches that bound the stream, the logits, and keys and values.

    Of each the first `begun` tokens are kept already; None: the prompt is.
    """
    every = list(work)
    done = [len(p.head) if begun is None else begun for p in every]
    whole = [len(p.head) + len(p.tail) for p in every]
    deepest = max(1, *(len({w.position for w in rows}) for rows in work.values()))
    logits = deepest * int(text_config(model).vocab_size)
    blocks = n_layers(model) if keep else 1
    kept = 2 * blocks * d_model(model) * model._module.dtype.itemsize * max(whole)
    kind = model.device.type
    most = min(NUMBERS.get(kind, 2**28) // logits, ROOM.get(kind, 2**31) // kept)
    lengths = [n - b for n, b in zip(whole, done, strict=True)]
    for batch in batches(lengths, size, token_budget(model)):
        for i in range(0, len(batch), max(1, most)):
            yield {every[k]: work[every[k]] for k in batch[i : i + max(1, most)]}


def read_logprobs(
    model: Any,
    inputs: dict[str, Tensor],
    options: dict[str, Any],
    edits: list[Edit],
    here: Bool[Tensor, "n s"],
    at: tuple[Tensor, Tensor, Tensor, Tensor],
    under: tuple[int, Any] | None = None,
) -> Float[Tensor, " w"]:
    """Log-probabilities of tokens in one steered pass, unembedded where needed alone.

    `at`: the rows and places that are read, and which of them and which token each
    value is of. `under`: a block, and what those below it give, if that is known.
    """
    row, place, spot, token = at
    chosen = here[..., None].to(remote.home(model))
    depth, stream = under or (0, None)
    with torch.no_grad(), model.trace(inputs, **options, **where(model)):
        for layer in range(depth):
            model.layers[layer].skip(stream)
        for layer, unit, amount, mode in edits:
            residual = unwrap(model.layers[layer].output)
            moved = steer(residual, unit.to(residual), amount.to(residual), mode)
            residual[:] = torch.where(chosen.to(residual.device), moved, residual)
        hidden = model.lm_head.input
        model.lm_head.input = hidden[row, place][None]
        logprobs = model.output.logits[0].float().log_softmax(-1)
        picked = nnsight.save(logprobs[spot, token].cpu())
    return picked
