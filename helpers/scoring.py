"""Log-probabilities of what might follow a prompt, with as few tokens as can be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from os.path import commonprefix
from typing import Any, NamedTuple

import nnsight
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from tqdm.auto import tqdm

from helpers import remote
from helpers.models import d_model, n_layers, text_config, unwrap, where
from helpers.pooling import batches, token_budget
from helpers.prefix import Below, Ids, Kept, Start, as_kept, begin, can_branch
from helpers.prompts import token_rows
from helpers.pushes import Edit, steer

FEW = 256  # passes that need no progress bar
SHORT = 8  # a common beginning of fewer tokens is not worth a pass
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


class Steering(NamedTuple):
    """What is done to the prompts, a row each, and at which positions."""

    edits: list[Edit]
    positions: str


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
    width, first, later = len(each[0]), {}, {}  # type: int, Work, dict[int, Work]
    for i in sorted(range(len(heads)), key=heads.__getitem__):  # like ones together
        own = passes(i, heads[i], flat[i * width : (i + 1) * width])
        if len(own) > 1 and can_branch(model):
            own, later[i] = split(own)
        first |= own
    scores = torch.zeros(len(flat), dtype=torch.float64)
    total = len(first) + sum(map(len, later.values()))
    with tqdm(total=total, unit="pass", disable=not progress or total < FEW) as bar:
        steering = Steering(edits, positions)
        for n, where_to, values in run(model, first, later, steering, size):
            scores.index_add_(0, where_to, values.double())
            bar.update(n)
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


def split(work: Work) -> tuple[Work, Work]:
    """A prompt alone and what goes on from it, each with what is read there."""
    one = next(iter(work))
    last = len(one.head) - 1
    wanted = [w for rows in work.values() for w in rows if w.position == last]
    later = {p: [w for w in rows if w.position > last] for p, rows in work.items()}
    return {one._replace(tail=()): wanted}, later


def run(
    model: Any,
    first: Work,
    later: dict[int, Work],
    steering: Steering,
    size: int | None,
) -> Iterator[tuple[int, Tensor, Tensor]]:
    """Run passes, and those that go on from their prompts: how many, to which choice
    their values belong, and the values.
    """
    heads = [p.head for p in first]
    below = shared_below(model, heads, steering)
    shared = None if below else shared_beginning(model, heads, steering)
    begun = 0 if shared is None else shared.mask.shape[1]
    for part in parts(model, first, size, begun, bool(later)):
        if below:
            below.forget({(*p.head, *p.tail) for p in part})
        start = None if shared is None else Start(shared, [0] * len(part))
        keep = any(p.prompt in later for p in part)
        *found, kept = score(model, part, steering, start, below, keep)
        yield len(part), *found
        rows = {p.prompt: row for row, p in enumerate(part)}
        rest = {p: w for i in rows for p, w in later.get(i, {}).items()}
        for some in parts(model, rest, size, None, False) if rest else ():
            start = Start(kept, [rows[p.prompt] for p in some])
            *found, _ = score(model, some, steering, start, below)
            yield len(some), *found


def shared_below(
    model: Any, heads: Sequence[Ids], steering: Steering
) -> Below | None:
    """Where blocks can be run once for prompts that differ in their pushes alone."""
    lowest = min((edit.layer for edit in steering.edits), default=0)
    repeat = 2 * len(set(heads)) <= len(heads)
    return Below(model, lowest) if lowest and repeat and can_branch(model) else None


def shared_beginning(
    model: Any, heads: Sequence[Ids], steering: Steering
) -> Kept | None:
    """What all prompts begin with, where it is one text and steered in one way."""
    edits = [] if steering.positions == "response" else steering.edits
    n = min(len(commonprefix(heads)), min(map(len, heads)) - 1)
    alike = all((x == x[:1]).all() for edit in edits for x in edit[1:3])
    if n < SHORT or len(heads) == 1 or not alike or not can_branch(model):
        return None
    return score(model, {Pass(0, heads[0][:n], ()): []}, steering, keep=True)[-1]


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


def score(
    model: Any,
    work: Work,
    steering: Steering,
    start: Start | None = None,
    below: Below | None = None,
    keep: bool = False,
) -> tuple[Int[Tensor, " w"], Float[Tensor, " w"], Kept | None]:
    """What is wanted of a few passes: to which choice it belongs, and its value.

    With `keep` also what later passes can start from.
    """
    begun = [0] * len(work) if start is None else start.mask.sum(1).tolist()
    texts = [(*p.head, *p.tail) for p in work]
    keys = [(text[:n], text[n:]) for text, n in zip(texts, begun, strict=True)]
    inputs, options, mask = begin(model, [line for _, line in keys], start, keep)
    starts = torch.tensor([len(p.head) for p in work]) - torch.tensor(begun)
    answer = torch.arange(mask.shape[1]) >= starts[:, None]
    chosen = {"all": mask, "prompt": mask & ~answer, "response": mask & answer}
    own = [edit.rows([p.prompt for p in work]) for edit in steering.edits]
    spots: dict[tuple[int, int], int] = {}
    wanted = [
        (spots.setdefault((i, w.position - n), len(spots)), w.token, w.choice)
        for i, (n, rows) in enumerate(zip(begun, work.values(), strict=True))
        for w in rows
    ]
    row, place = torch.tensor(list(spots), dtype=torch.long).view(-1, 2).T
    spot, token, choice = torch.tensor(wanted, dtype=torch.long).view(-1, 3).T
    under = None if below is None else (below.layer, below.read(keys))
    here, at = chosen[steering.positions], (row, place, spot, token)
    values = read_logprobs(model, inputs, options, own, here, at, under)
    if not keep:
        return choice, values, None
    whole = inputs["attention_mask"].bool()
    return choice, values, as_kept(options["past_key_values"], whole)


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
