"""Log-probabilities of what might follow a prompt, with as few passes as can be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import nnsight
import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from tqdm.auto import tqdm

from helpers.activations import batches, token_budget
from helpers.models import pad, remote, token_rows, unwrap, where
from helpers.steering.pushes import Edit, steer

FEW = 256  # passes that need no progress bar
NUMBERS = {"cpu": 2**24}  # logits of one batch
Ids = tuple[int, ...]


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


def score_choices(
    model: Any,
    texts: Sequence[str],
    choices: Any,
    edits: list[Edit],
    positions: str,
    *,
    size: int | None = None,
    progress: bool = True,
) -> Float[Tensor, "n c"]:
    """Summed log-probability of the tokens of each choice after its prompt."""
    each = check_choices(texts, choices)
    heads = token_rows(model, texts)
    flat = token_rows(model, [c for row in each for c in row], special=False)
    if [] in flat:
        raise ValueError("a choice is empty: it has no token")
    width, work = len(each[0]), {}  # type: int, Work
    for i, head in enumerate(heads):
        work |= passes(i, head, flat[i * width : (i + 1) * width])
    scores = torch.zeros(len(flat), dtype=torch.float64)
    every = list(work)
    lengths = [len(p.head) + len(p.tail) for p in every]
    hide = not progress or len(every) < FEW
    with tqdm(total=len(every), unit="pass", disable=hide) as bar:
        for batch in small_batches(model, every, lengths, size):
            part = {every[k]: work[every[k]] for k in batch}
            where_to, values = score(model, part, edits, positions)
            scores.index_add_(0, where_to, values.double())
            bar.update(len(batch))
    return scores.float().view(len(texts), width)


def check_choices(texts: Sequence[str], choices: Any) -> list[list[str]]:
    """A list of choices for each prompt; raises ValueError for what does not fit."""
    if isinstance(choices, str) or len(choices) == 0:
        raise ValueError(f"choices is {choices!r}: pass a list of texts")
    each = [list(choices)] * len(texts) if isinstance(choices[0], str) else choices
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
    return [list(row) for row in each]


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


def small_batches(
    model: Any, every: list[Pass], lengths: list[int], size: int | None
) -> Iterator[list[int]]:
    """Passes in batches that bound both the stream and the logits."""
    deepest = 1 + max(len(p.tail) for p in every)
    numbers = NUMBERS.get(model.device.type, 2**28)
    most = max(1, numbers // (deepest * model.config.get_text_config().vocab_size))
    for batch in batches(lengths, size, token_budget(model)):
        for i in range(0, len(batch), most):
            yield batch[i : i + most]


def score(
    model: Any, work: Work, edits: list[Edit], positions: str
) -> tuple[Tensor, Float[Tensor, " w"]]:
    """What is wanted of a few passes: to which choice it belongs, and its value."""
    rows = [np.array([*p.head, *p.tail], dtype=np.int32) for p in work]
    ids, mask = pad(model, rows)
    starts = torch.tensor([len(p.head) for p in work])[:, None]
    answer = torch.arange(ids.shape[1]) >= starts
    chosen = {"all": mask, "prompt": mask & ~answer, "response": mask & answer}
    here = chosen[positions][..., None].to(remote.home(model))
    own = [edit.rows([p.prompt for p in work]) for edit in edits]
    first = min(w.position for wanted in work.values() for w in wanted)
    picks = [
        (i, w.position - first, w.token, w.choice)
        for i, wanted in enumerate(work.values())
        for w in wanted
    ]
    row, place, token, choice = torch.tensor(picks).T
    inputs = {"input_ids": ids, "attention_mask": mask.long()}
    options = {"logits_to_keep": ids.shape[1] - first, "use_cache": False}
    with torch.no_grad(), model.trace(inputs, **options, **where(model)):
        for layer, unit, amount, mode in own:
            residual = unwrap(model.layers[layer].output)
            moved = steer(residual, unit.to(residual), amount.to(residual), mode)
            residual[:] = torch.where(here.to(residual.device), moved, residual)
        logprobs = model.output.logits.float().log_softmax(-1)
        picked = nnsight.save(logprobs[row, place, token].cpu())
    return choice, picked
