"""Log-probabilities of what might follow a prompt, with as few tokens as can be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor
from tqdm.auto import tqdm

from helpers.activations import check_read
from helpers.models import check_length, token_rows
from helpers.steering.passes import (
    Pass,
    Work,
    check_choices,
    parts,
    passes,
    read_logprobs,
    split,
)
from helpers.steering.prefix import Below, Ids, Kept, Start, as_kept, begin, can_branch
from helpers.steering.pushes import Edit

FEW = 256  # passes that need no progress bar
SHORT = 8  # a common beginning of fewer tokens is not worth a pass


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
    width, branch = len(each[0]), can_branch(model)
    for i, head in enumerate(heads):
        longest = max(map(len, flat[i * width : (i + 1) * width]))
        check_length(model, f"prompt {i}", len(head), longest)
    first, later = {}, {}  # type: Work, dict[int, Work]
    for i in sorted(range(len(heads)), key=heads.__getitem__):  # like ones together
        own = passes(i, heads[i], flat[i * width : (i + 1) * width])
        if branch and len(own) > 1:
            own, later[i] = split(own)
        first |= own
    scores = torch.zeros(len(flat), dtype=torch.float64)
    total = len(first) + sum(map(len, later.values()))
    with tqdm(total=total, unit="pass", disable=not progress or total < FEW) as bar:
        steering = Steering(edits, positions)
        for n, where_to, values in run(model, first, later, steering, size):
            scores.index_add_(0, where_to, values.double())
            bar.update(n)
    found = scores.float().view(len(texts), width)
    check_read(model, heads, found.isfinite().all(1))
    return found


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
        choice, values, kept = score(model, part, steering, start, below, keep)
        yield len(part), choice, values
        rows = {p.prompt: row for row, p in enumerate(part)}
        rest = {p: w for i in rows for p, w in later.get(i, {}).items()}
        if kept is None:
            continue
        for some in parts(model, rest, size, None, False):
            start = Start(kept, [rows[p.prompt] for p in some])
            choice, values, _ = score(model, some, steering, start, below)
            yield len(some), choice, values


def shared_below(model: Any, heads: Sequence[Ids], steering: Steering) -> Below | None:
    """Where blocks can be run once for prompts that differ in their pushes alone."""
    lowest = min((edit.layer for edit in steering.edits), default=0)
    repeat = 2 * len(set(heads)) <= len(heads)
    return Below(model, lowest) if lowest and repeat and can_branch(model) else None


def shared_beginning(
    model: Any, heads: Sequence[Ids], steering: Steering
) -> Kept | None:
    """What all prompts begin with, where it is one text and steered in one way."""
    edits = [] if steering.positions == "response" else steering.edits
    parted = (i for i, ids in enumerate(zip(*heads, strict=False)) if len(set(ids)) > 1)
    n = next(parted, min(map(len, heads)) - 1)
    alike = all((x == x[:1]).all() for edit in edits for x in edit[1:3])
    if n < SHORT or len(heads) == 1 or not alike or not can_branch(model):
        return None
    return score(model, {Pass(0, heads[0][:n], ()): []}, steering, keep=True)[-1]


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
