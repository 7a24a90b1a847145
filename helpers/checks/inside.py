"""Checks of the exercises on traces: reading a layer, writing a row, finding a bug."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from helpers.activations import residual_stream
from helpers.checks.advice import (
    Advice,
    as_tensor,
    check,
    expect,
    matched,
    same,
    shaped,
)
from helpers.models import n_layers, unwrap

PAIR = ("One day the dog saw the man.", "One day the man saw the dog.")
BUGS = {"A": 4, "B": 1, "C": 3, "D": 2}  # of the readers in chapter 01
LOOK = {
    "A": "one text of the two is right, and both have their length.",
    "B": "every shape is right, and no number of either text.",
    "C": "an error, and about a name that never came out.",
    "D": "how many texts went in, and how many came back?",
}


def ran(function: Callable[..., Any], *given: Any) -> Tensor:
    """The tensor that a function with a trace returns, as float32 on the CPU."""
    try:
        returned = function(*given)
    except UnboundLocalError as error:
        raise Advice(
            f"Nothing came out of your trace ({error}). What you want to keep needs "
            "`.save()`, inside the trace."
        ) from None
    result = as_tensor(returned, "The result")
    expect(
        not returned.requires_grad,
        "The numbers still remember how they were computed, for gradients that nobody "
        "wants here: say `torch.no_grad()` where the trace begins.",
    )
    return result


@check()
def read_layer(function: Callable[[Any, Sequence[str], int], Any], model: Any) -> None:
    """Chapter 01: the residual stream of two texts, equally long, after a block."""
    layer = 1
    got = ran(function, model, list(PAIR), layer)
    right = both(model, layer)
    expect(
        got.shape != right[0].shape,
        "Two texts went in and one came back: `[0]` takes the first text out of "
        "the batch, and drops the others without an error.",
    )
    expect(
        got.ndim > 1,
        "You have one position only. `output[0]` may have taken the first text of "
        "the batch and then the first position.",
    )
    shaped(got, right.shape, "[texts, positions, d_model]")
    for off in (layer - 1, layer + 1):
        expect(
            not same(got, both(model, off)),
            f"These are the values of layer {off}, not {layer}. Layer l is the "
            "stream after block l, so block l's own output.",
        )
    expect(same(got, right), "The shape is right, the values are not.")
    expect(
        "trace" in opened(function),
        "The numbers are right, but a helper read them. Open a trace yourself.",
    )


def both(model: Any, layer: int) -> Float[Tensor, "2 s d"]:
    """The stream of each text of PAIR, read by itself."""
    return torch.stack([residual_stream(model, text, layer) for text in PAIR])


def opened(function: Callable[..., Any]) -> tuple[str, ...]:
    """The names that a learner's own code uses; none for a helper."""
    own = not getattr(function, "__module__", "").startswith("helpers.")
    code = getattr(function, "__code__", None)
    return code.co_names if code is not None and own else ()


@check()
def patch_row(function: Callable[[Any, str, str, int, int], Any], model: Any) -> None:
    """Chapter 01: a run in which one row comes from another text."""
    text, donor = "The boat lay still in the harbor.", "A dog ran over the hill."
    layer, place, last = 1, 3, n_layers(model) - 1
    got = ran(function, model, text, donor, layer, place)
    plain = residual_stream(model, text, last)
    shaped(got, plain.shape, "[positions, d_model]")
    expect(
        not same(got, plain),
        "Nothing changed. A new name for a row changes nothing, nor does an edit "
        "after the trace: assign to a part of the block's output, in the trace.",
    )
    expect(
        same(got[:place], plain[:place]),
        f"Rows before position {place} changed, too: replace that one row only.",
    )
    near = {"position": [(layer, place - 1), (layer, place + 1)]}
    near["layer"] = [(layer - 1, place), (layer + 1, place)]
    for what, others in near.items():
        for other in others:
            wrong = patched(model, text, donor, *other)
            expect(not same(got, wrong), f"That is another {what}, one off.")
    expect(
        same(got, patched(model, text, donor, layer, place)),
        "One row was replaced, but not by the donor's row of this layer and position.",
    )


def patched(
    model: Any, text: str, donor: str, layer: int, position: int
) -> Float[Tensor, "s d"]:
    """The stream of `text` after the last block, with one row of `donor` in it."""
    row = residual_stream(model, donor, layer)[position].to(model.device)
    with torch.no_grad(), model.trace(text):
        unwrap(model.layers[layer].output)[:, position] = row
        end = model.layers[n_layers(model) - 1].output.save()
    return unwrap(end)[0].float().cpu()


@check()
def which_bug(function: Callable[[], Any]) -> None:
    """Chapter 01: which mistake each of four readers makes, told by its output."""
    matched(function(), BUGS, range(1, 6), LOOK)
