"""Checks of the exercises on pooling: three results, and what each did."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jaxtyping import Bool, Float
from torch import Tensor

from helpers.activations import mean_pool
from helpers.checks.advice import check, expect, lettered

MISTAKES = (
    "padding counted",
    "divided by the padded length",
    "start counted from column 0",
    "nothing skipped",
)
DID = {"A": MISTAKES[1], "B": "right", "C": MISTAKES[2]}


def three_pools(
    stream: Float[Tensor, "n s d"], mask: Bool[Tensor, "n s"], start: int
) -> dict[str, Float[Tensor, "n d"]]:
    """Three results of pooling one batch from `start` on; one of them is right."""
    right = mean_pool(stream, mask, start)
    kept = mask.sum(-1, keepdim=True) - start
    late = mask.clone()
    late[:, :start] = False
    return {
        "A": right * kept / mask.shape[1],
        "B": right,
        "C": mean_pool(stream, late, 0),
    }


@check()
def who_pooled(function: Callable[[], Any]) -> None:
    """Chapter 02: which of three pooled results is right, and what the others did."""
    found = function()
    lettered(found, DID, ("right", *MISTAKES))
    right = [name for name, said in found.items() if said == "right"]
    expect(len(right) == 1, f"One is right; you name {len(right)}.")
    n = sum(found[name] == did for name, did in DID.items())
    expect(
        n == len(DID),
        f"{n} of 3 are so. Make each mistake yourself and compare, on the padded "
        "text and on the other: a mistake may show on one of them only.",
    )
