"""Checks of the exercises on steering."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from helpers.checks.advice import as_tensor, expect, same, staged

BLIND = (4, 1, 2)  # which of six texts were pushed, counted from 0


def blind_order() -> list[bool]:
    """Of six texts, which are pushed along the emotion, in the order of the test."""
    return [i in BLIND for i in range(6)]


def blind_test(function: Callable[[], Any]) -> bool:
    """Chapter 00: three texts of six, sorted by a reader who does not know."""

    def steps() -> None:
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

    return staged("blind_test", steps)


def blind_score(function: Callable[[], Any]) -> None:
    """Say how many of the three texts were sorted right, once they are sorted."""
    try:
        right = sum(blind_order()[i - 1] for i in function())
    except NotImplementedError:
        print("Sort them first: the score is told afterward.")
    else:
        print(f"{right} of 3 right. Luck: 1.5 on average, all three in 1 of 20 tries.")


def own_and_others(function: Callable[[Tensor], Any]) -> bool:
    """Chapter 00: the mean change of own words and of all other words."""

    def steps() -> None:
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

    return staged("own_and_others", steps)


def add_vector(function: Callable[[Tensor, Tensor, float, float], Any]) -> bool:
    """Chapter 08: a residual stream after a push of a strength."""

    def steps() -> None:
        generator = torch.Generator().manual_seed(4)
        stream = torch.randn(2, 5, 8, generator=generator)
        vector = 3 * torch.randn(8, generator=generator)
        kept = stream.clone()
        got = as_tensor(function(stream, vector, 0.5, 6.0), "The result")
        expect(
            torch.equal(stream, kept),
            "The stream that was passed in has changed: return a new one.",
        )
        unit = vector / vector.norm()
        right = stream + 0.5 * 6.0 * unit
        expect(
            got.shape == right.shape,
            f"The shape should stay {tuple(right.shape)}, not {tuple(got.shape)}.",
        )
        expect(
            not same(got, stream + 0.5 * vector),
            "The vector's own length decides how far you go: bring it to length 1, "
            "and use the norm.",
        )
        expect(
            not same(got, stream + 0.5 * 6.0 * vector),
            "The vector still has its own length: bring it to length 1 first.",
        )
        expect(
            not same(got, stream + 0.5 * unit),
            "The strength is a share of the norm: `norm` is not used.",
        )
        last = stream.clone()
        last[:, -1] += 0.5 * 6.0 * unit
        expect(not same(got, last), "Only the last position moved: move them all.")
        expect(
            not same(got, stream - 0.5 * 6.0 * unit), "You go the wrong way: check +."
        )
        expect(same(got, right), "The shape is right, the values are not.")
        still = as_tensor(function(stream, vector, 0.0, 6.0), "The result")
        expect(same(still, stream), "Strength 0 should change nothing.")

    return staged("add_vector", steps)


def usable_band(function: Callable[[Any, Any, Any, float], Any]) -> bool:
    """Chapter 08: the strengths whose effect is there and whose text still reads."""

    def steps() -> None:
        strengths = [0.1, 0.2, 0.3, 0.5, 0.8]
        low = [-0.2, 0.1, 0.6, 1.0, 1.5]  # lower ends of the effect's interval
        price = [0.0, 0.1, 0.2, 0.9, 3.0]  # nats of surprise more than unsteered
        got = function(strengths, low, price, 1.0)
        expect(got is not None, "It returned nothing: is there a `return`?")
        expect(isinstance(got, list | tuple), "Return a list of strengths.")
        found = [float(x) for x in got]
        expect(
            set(found) <= set(strengths),
            "Return strengths, not effects, prices or places.",
        )
        expect(
            0.1 not in found,
            "At 0.1 the interval of the effect reaches below zero: nothing was shown.",
        )
        expect(0.8 not in found, "At 0.8 the price is above the limit: that is broken.")
        expect(
            found == [0.2, 0.3, 0.5],
            "Three of these strengths pass both tests; you have another number.",
        )
        expect(
            list(function(strengths, low, price, 0.15)) == [0.2],
            "With a lower limit fewer strengths are left: use `limit`.",
        )
        none = function([0.1], [-1.0], [0.0], 1.0)
        expect(list(none) == [], "Where no strength will do, return an empty list.")

    return staged("usable_band", steps)
