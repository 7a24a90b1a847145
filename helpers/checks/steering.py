"""Checks of the exercises on steering."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from helpers.activations import residual_norm
from helpers.checks.advice import as_tensor, check, expect, matched, same
from helpers.models import d_model, token_rows, unwrap

BLIND = (4, 1, 2)  # which of six texts were pushed, counted from 0


def blind_order() -> list[bool]:
    """Of six texts, which are pushed along the emotion, in the order of the test."""
    return [i in BLIND for i in range(6)]


@check()
def blind_test(function: Callable[[], Any]) -> None:
    """Chapter 00: three texts of six, sorted by a reader who does not know."""
    found = function()
    expect(
        isinstance(found, list | tuple | set)
        and all(isinstance(one, int) for one in found),
        f"Return a list of whole numbers, and not a {type(found).__name__}.",
    )
    expect(
        len(set(found)) == len(list(found)) == 3 and set(found) <= set(range(1, 7)),
        f"Three different numbers from 1 to 6, please; these are {sorted(found)}.",
    )


def blind_score(function: Callable[[], Any]) -> None:
    """Say how many of the three texts were sorted right, once they are sorted."""
    try:
        right = sum(blind_order()[i - 1] for i in function())
    except NotImplementedError:
        print("Sort them first: the score is told afterward.")
    else:
        print(f"{right} of 3 right. Luck: 1.5 on average, all three in 1 of 20 tries.")


@check()
def own_and_others(function: Callable[[Tensor], Any]) -> None:
    """Chapter 00: the mean change of own words and of all other words."""
    change = torch.randn(3, 5, 5, generator=torch.Generator().manual_seed(1))
    result = function(change)
    expect(
        isinstance(result, tuple) and len(result) == 2,
        "Return two things: the own words' means, and the others'.",
    )
    own, others = (as_tensor(r, "Each result") for r in result)
    expect(
        own.shape == others.shape == (3,),
        f"One number for each of 3 openings, not {tuple(own.shape)} and "
        f"{tuple(others.shape)}: average over pushes and words alone.",
    )
    diagonal = change.diagonal(dim1=1, dim2=2)
    expect(
        same(own, diagonal.mean(1)),
        "The first should be the mean of each opening's diagonal.",
    )
    expect(
        not same(others, change.mean((1, 2))),
        "The own words are still among the others: take the diagonal out.",
    )
    rest = (change.sum((1, 2)) - diagonal.sum(1)) / 20
    expect(
        same(others, rest),
        "The second should be the mean over the 20 cells off the diagonal.",
    )


BUGS = {"A": 1, "B": 4, "C": 2, "D": 3}  # of the writers in chapter 08
LOOK = {
    "A": "where do its moves end?",
    "B": "it moves every token alike, and how far?",
    "C": "where do its moves begin?",
    "D": "which tokens of the opening does it move?",
}


@check()
def which_writer(function: Callable[[], Any]) -> None:
    """Chapter 08: which mistake each of four writers makes, told by what it moved."""
    matched(function(), BUGS, range(1, 6), LOOK)


N_NEW = 5  # tokens that the check of `fading` asks for


def faded(
    model: Any, prompt: str, push: Tensor, layer: int, shares: Sequence[float]
) -> Tensor:
    """Ids of a prompt and greedy new tokens, each from a run over the whole text.

    Position i of the text is pushed by its own share: that of the run that it is
    first in. Nothing is kept between runs, and nothing is generated.
    """
    ids = torch.tensor(token_rows(model, [prompt]), device=model.device)
    begun = ids.shape[1]
    for n in range(len(shares)):
        each = torch.tensor([shares[0]] * begun + list(shares[1 : n + 1]))
        with torch.no_grad(), model.trace(ids):
            residual = unwrap(model.layers[layer].output)
            residual[:] += each.to(residual)[:, None] * push.to(residual)
            logits = model.output.logits.save()
        ids = torch.cat([ids, logits[:, -1:].argmax(-1)], 1)
    return ids[0].cpu()


@check()
def fading(function: Callable[..., Any], model: Any) -> None:
    """Chapter 08: a push that is halved at each run of the model."""
    layer, prompt = 1, "Ana sat at the kitchen table with a spoon."
    generator = torch.Generator().manual_seed(0)
    push = torch.randn(d_model(model), generator=generator).to(model.device)
    push = 4 * push * residual_norm(model, [prompt], layer) / push.norm()
    given = model, prompt, push, layer
    got = function(*given, N_NEW)
    expect(
        isinstance(got, Tensor) and got.dtype == torch.long,
        "Return token ids: the result of `generate`, saved in an invoke of its own.",
    )
    plain = faded(*given, [0.0] * N_NEW)
    halves = [0.5**k for k in range(N_NEW)]
    expect(
        got.shape == plain.shape,
        f"The opening and {N_NEW} new tokens are {len(plain)} ids in one row, not "
        f"{tuple(got.shape)}.",
    )
    found = got.cpu()
    expect(not torch.equal(found, plain), "The text is that of no push at all.")
    once = faded(*given, [1.0] + [0.0] * (N_NEW - 1))
    late = faded(*given, [h / 2 for h in halves])
    for other, advice in (
        (once, "It fires at the first run alone: what must stand in the loop?"),
        (faded(*given, [1.0] * N_NEW), "Every run gets the whole push."),
        (late, "The first run gets half already: from which number do you count?"),
        (faded(*given, [0.0, *halves[1:]]), "The opening is not pushed."),
    ):
        expect(not torch.equal(found, other), advice)
    expect(
        torch.equal(found, faded(*given, halves)),
        "There is a push, and another one than asked for: is it the right block, "
        "and half of the one before at each run?",
    )
    after = faded(*given, [0.0] * N_NEW)
    expect(torch.equal(after, plain), "Something of your push is left in the model.")
