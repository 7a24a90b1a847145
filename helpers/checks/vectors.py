"""Checks for the exercises: a learner's function in, advice out.

Each check goes through stages (it runs, the shape, an edge case, the reference) and
stops at the first that fails, with the mistake that usually causes it and without the
answer. It returns whether all passed and never raises, so that a chapter with
unsolved exercises still runs. Works in Jupyter, Colab and plain Python.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from helpers.activations import pooling
from helpers.checks.advice import (
    as_tensor,
    check,
    expect,
    holds,
    returned,
    same,
    shaped,
)
from helpers.vectors import extraction


@check()
def step_size(function: Callable[[float, float], Any]) -> None:
    """Chapter 00: how far a strength moves the residual stream."""
    got = returned(function(0.5, 8.0))
    expect(got != 0.5, "A strength is a share of something: `norm` is not used.")
    expect(
        got not in (16.0, 0.0625),
        "You divided: a share of the norm is smaller than the norm.",
    )
    expect(abs(got - 4.0) < 1e-6, "Half of a norm of 8 should move by its half.")
    expect(
        abs(float(function(0.25, 12.0)) - 3.0) < 1e-6,
        "Right for a norm of 8 and not for 12: use the norm.",
    )
    expect(float(function(-0.5, 8.0)) == -4.0, "A negative strength moves backward.")
    expect(float(function(0.0, 3.0)) == 0.0, "Strength 0 should not move anything.")


@check()
def mean_pool(function: Callable[[Tensor, Tensor, int], Any]) -> None:
    """Chapter 02: mean over real positions from `start` on."""
    generator = torch.Generator().manual_seed(1)
    stream = torch.randn(3, 6, 4, generator=generator)
    right_padded = torch.tensor(
        [[1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 0, 0], [1] * 3 + [0] * 3]
    )
    for side, mask in (
        ("right", right_padded.bool()),
        ("left", right_padded.flip(1).bool()),
    ):
        got = as_tensor(function(stream, mask, 1), "The result")
        right = pooling.mean_pool(stream, mask, 1)
        shaped(got, right.shape, "[texts, width]")
        expect(
            not same(got, stream.mean(1)),
            "You average all positions: padding counts as if it were text.",
        )
        expect(
            not same(got, pooling.mean_pool(stream, mask, 0)),
            "`start` is not used: the first positions still count. "
            "(Or you count from 1: the first real token is position 0.)",
        )
        for kept in (mask, mask & (mask.cumsum(1) > 1)):
            total = (stream * kept[..., None]).sum(1) / stream.shape[1]
            expect(
                not same(got, total),
                "You divide by the padded length: divide by the number you kept.",
            )
        expect(
            same(got, right),
            f"Not right with padding on the {side}: `start` counts from the first "
            "real token, which is not always place 0.",
        )
    half = as_tensor(function(stream.half(), right_padded.bool(), 0), "The result")
    full = pooling.mean_pool(stream.half(), right_padded.bool(), 0)
    expect(same(half, full), "With 16-bit input the mean loses digits: use float32.")


@check()
def difference_of_means(function: Callable[[Tensor, Sequence[str]], Any]) -> None:
    """Chapter 03: emotion means minus the mean of the emotion means."""
    generator = torch.Generator().manual_seed(2)
    labels = ["calm"] * 6 + ["sad"] * 2 + ["proud"] * 3
    means = torch.randn(11, 5, generator=generator)
    result = function(means, labels)
    expect(
        isinstance(result, tuple) and len(result) == 2,
        "Return two things: the vectors, and the emotions in their order.",
    )
    got, names = as_tensor(result[0], "The first result"), list(result[1])
    right, order = extraction.difference_of_means(means, labels)
    expect(set(names) == set(order), f"The emotions should be {sorted(order)}.")
    expect(
        got.shape == right.shape,
        f"One row for each of 3 emotions, please: {tuple(right.shape)}. (`labels` "
        "is a list: `labels == e` compares the whole list; make an array of it.)",
    )
    right = right[[order.index(e) for e in names]]
    plain = right + torch.stack(
        [means[[i for i, x in enumerate(labels) if x == e]].mean(0) for e in order]
    ).mean(0)
    expect(
        not same(got, plain), "These are the emotion means: nothing was taken away yet."
    )
    expect(
        not same(got, plain - means.mean(0)),
        "You took away the mean of all texts. An emotion with many texts pulls it: "
        "take the mean of the emotion means.",
    )
    expect(
        same(got, right), "The values differ. Is each row the mean of its own texts?"
    )


@check()
def planted_place(function: Callable[[Any, Sequence[str], int], Any]) -> None:
    """Chapter 03: the place that high texts have more often than all texts do."""
    places = ["home"] * 12 + ["beach"] * 4 + ["road"] * 8
    high = [0, 1, 2, 12, 13, 14, 16]  # of the beach's four texts three are high
    scores = np.array([9.0 - i / 9 if i in high else -i / 9 for i in range(24)])
    result = function(scores, list(places), 7)
    expect(
        holds(result, 2), "Return two things: the place, and how many times as often."
    )
    place, times = result
    expect(place in places, f"The first should be one of the places, not {place}.")
    expect(
        place != "road",
        "You looked at the lowest texts, or at those that score 0: take the top.",
    )
    expect(
        place != "home",
        "That place has as many of the top texts as the other and three times as "
        "many texts: compare with how many there are.",
    )
    expect(
        isinstance(times, int | float | np.floating), "The second should be a number."
    )
    share, overall = 3 / 7, 4 / 24
    expect(
        abs(times - 3 / 4) > 1e-6,
        "That is the share of its texts that are on top: compare the share among "
        "the top with the share among all.",
    )
    expect(
        abs(times - share) > 1e-6,
        "That is its share of the top: how many times its share of all texts?",
    )
    expect(
        abs(times - (share - overall)) > 1e-6,
        "You took the difference of two shares: how many times as often is asked.",
    )
    expect(abs(times - share / overall) < 1e-6, "The place is right, not how often.")
    other = function(scores, list(places), 2)
    expect(other[0] == "home", "Right with k=7, not with k=2: use k.")
