"""Checks of the exercises about what vectors mean: chapters 04, 05 and 07."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral
from typing import Any

import numpy as np
import torch
from torch import Tensor

from helpers.checks.advice import as_tensor, check, expect, holds, same


@check()
def center_on_others(function: Callable[[Tensor], Any]) -> None:
    """Chapter 05: each message minus the mean of the other messages."""
    generator = torch.Generator().manual_seed(6)
    rows = torch.randn(7, 5, generator=generator) + 3 * torch.arange(5)
    before = rows.clone()
    got = as_tensor(function(rows), "The result")
    expect(
        got.shape == rows.shape,
        f"The shape should stay {tuple(rows.shape)}, and is {tuple(got.shape)}.",
    )
    expect(
        torch.equal(rows, before),
        "You changed the rows that you were given: return new ones.",
    )
    expect(
        not same(got, rows - rows.mean(-1, keepdim=True)),
        "You averaged over the numbers of each message. What messages share is "
        "found by averaging over the messages.",
    )
    expect(
        not same(got, rows - rows.mean()),
        "You took away a single number. What messages share is a row of them.",
    )
    expect(
        not same(got, rows - rows.mean(0)),
        "A message is in the mean that you take from it: leave it out of its own.",
    )
    wrong = rows - (rows.sum(0) - rows) / len(rows)
    expect(
        not same(got, wrong),
        "The others are one fewer than all: what do you divide by?",
    )
    right = torch.stack(
        [
            row - torch.cat([rows[:i], rows[i + 1 :]]).mean(0)
            for i, row in enumerate(rows)
        ]
    )
    expect(same(got, right), "These are not the rows minus the mean of the others.")


@check()
def rank_order(function: Callable[[Any, Any], Any]) -> None:
    """Chapter 05: Spearman's correlation by hand."""

    def near(a: Any, b: Any) -> bool:
        return bool(abs(float(a) - b) < 1e-6)

    rng = np.random.default_rng(7)
    doses, scores = rng.exponential(size=12), rng.normal(size=12)
    places = [np.argsort(x) for x in (doses, scores)]
    ranks = [np.argsort(x) for x in places]
    right = float(np.corrcoef(ranks[0], ranks[1])[0, 1])
    got = function(doses, scores)
    expect(
        isinstance(got, int | float | np.floating) and not isinstance(got, bool),
        "Return one number.",
    )
    expect(
        not near(got, np.corrcoef(doses, scores)[0, 1]),
        "This is the ordinary correlation of the values: rank them first.",
    )
    expect(
        not near(got, np.corrcoef(places[0], places[1])[0, 1]),
        "argsort says where the smallest value stands, not which rank a value "
        "has. One more step.",
    )
    expect(not near(got, -right), "The sign is turned round.")
    expect(near(got, right), "The ranks or their correlation differ.")
    up = function([1, 10, 100, 1000], [0.1, 0.2, 0.3, 5.0])
    expect(near(up, 1), "Lists that rise together should get 1.")


@check()
def first_layer(function: Callable[[Any, Any], Any]) -> None:
    """Chapter 07: from which layer on an effect stays above the null's best layers."""
    rng = np.random.default_rng(12)
    null = rng.normal(size=(200, 6))
    bound = float(np.quantile(null.max(1), 0.95))
    own = np.quantile(null, 0.95, axis=0)
    high, low = bound + 0.1, bound - 0.05
    assert low > own.max()
    cases = [
        ([0, 0, high, high, high, high], 2, "Not the first that is above."),
        ([0, high, 0, high, high, high], 3, "It has to stay above, to the end."),
        ([high] * 6, 0, "Here it is above from the start."),
        ([high, high, high, high, high, 0], None, "It does not stay: None."),
        ([0, 0, low, low, high, high], 4, "A draw may choose its layer, too: "
         "what it reaches at its best one is the bound for all."),
        ([0, 0, 0, 0, 0, bound], None, "Exactly at the bound is not above it."),
    ]  # fmt: skip
    for effects, right, advice in cases:
        got = function(np.array(effects, float), null)
        whole = isinstance(got, Integral) and not isinstance(got, bool)
        expect(got is None or whole, "Return a layer (a whole number) or None.")
        expect(got == right, f"{advice} (effects {np.round(effects, 2).tolist()})")


@check()
def carried(function: Callable[[], Any]) -> None:
    """Chapter 07: which readings no words at their place can explain."""
    got = function()
    expect(
        isinstance(got, list | tuple | set) and set(got) <= set("ABCD"),
        "Return a list with some of the letters A to D.",
    )
    expect("A" not in got, "One of yours reads the words of the beginning, too.")
    expect("D" not in got, "In one of yours each text of a pair has other words.")
    expect(
        "C" in got,
        "One is missing. A single token can be the same in both texts as well.",
    )
    expect("B" in got, "The plainest one is missing.")


@check()
def speaker_tokens(function: Callable[..., Any]) -> None:
    """Chapter 07: which tokens a speaker says."""
    # "Ann: Hello there\nBob: Go": names, colons and line breaks are nobody's words
    offsets = [(0, 3), (3, 4), (4, 10), (10, 16), (16, 17), (17, 20), (20, 21)]
    offsets += [(21, 24), (0, 0)]
    turns = [(0, 5, 16), (1, 22, 24)]
    first = function(offsets, turns, 0)
    expect(
        holds(first, len(offsets)), "Return a list with True or False for each token."
    )
    first = [bool(x) for x in first]
    named = [True, True, True, True, False, False, False, False, False]
    expect(first != named, "The name and the colon are not what is said.")
    expect(not first[7], "A token of the other speaker is counted: look at who speaks.")
    expect(
        first[2],
        "The first word is missing: its token begins with the space before it. "
        "Ask where a token ends.",
    )
    expect(not first[8], "A token without characters belongs to nobody.")
    right = [False, False, True, True, False, False, False, False, False]
    expect(first == right, "Other tokens lie inside the turns of speaker 0.")
    second = [bool(x) for x in function(offsets, turns, 1)]
    expect(second == [i == 7 for i in range(9)], "Speaker 1 is not right yet.")


@check()
def area_under_curve(function: Callable[[Any, Any], Any]) -> None:
    """Chapter 04: how often an own text scores above another one."""
    rng = np.random.default_rng(8)
    own, other = rng.normal(1, 1, 9), rng.normal(0, 1, 14)
    wins = float((own[:, None] > other[None]).mean())
    middle = float((own > other.mean()).mean())
    got = float(function(own, other))
    expect(
        abs(got - (1 - wins)) > 1e-9,
        "You counted the pairs in which the other text scores higher.",
    )
    expect(
        abs(got - middle) > 1e-9,
        "You compared with the mean of the others. Compare each pair.",
    )
    expect(abs(got - wins) < 1e-9, "Not the share of pairs that the own text wins.")
    tied = float(function(np.array([1.0, 2.0]), np.array([1.0, 0.0])))
    expect(
        abs(tied - 0.875) < 1e-9,
        "A pair of equal scores counts one half: nobody wins it.",
    )


@check()
def effective_n(function: Callable[[Tensor], Any]) -> None:
    """Chapter 07: how many independent differences alike ones are worth."""
    generator = torch.Generator().manual_seed(13)
    shared = torch.randn(8, generator=generator)
    for weight, n in ((2.0, 12), (0.0, 30)):
        rows = torch.randn(n, 8, generator=generator) + weight * shared
        rows = rows * torch.rand(n, 1, generator=generator).add(0.5)
        unit = torch.nn.functional.normalize(rows, dim=-1)
        cosines = unit @ unit.T
        mean = float((cosines.sum() - n) / (n * n - n))
        got = float(function(rows))
        expect(
            abs(got - n / (1 + (n - 1) * float(cosines.mean()))) > 1e-3,
            "Each difference has a cosine of 1 with itself: leave these out of the "
            "mean.",
        )
        raw = rows @ rows.T
        dots = float((raw.sum() - raw.diagonal().sum()) / (n * n - n))
        expect(
            abs(got - n / (1 + (n - 1) * dots)) > 1e-3,
            "These are products, not cosines: long differences count more.",
        )
        expect(
            abs(got - n / (1 + (n - 1) * mean)) < 1e-3,
            "Not n over 1 plus n minus 1 times the mean cosine of two of them.",
        )
