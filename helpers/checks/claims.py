"""Checks of chapters 13 and 14: other models, and what may be claimed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from helpers.card import RUNGS
from helpers.checks.advice import as_tensor, check, expect, matched, same

UP, DOWN, NEITHER = "beyond", "below", "not told apart"
RUNG = {"A": "causal on words", "B": "specific", "C": "a state"}  # in chapter 14
WHY = {
    "A": "which part of the sentence did nobody try out?",
    "B": "what would a push along an axis for cats do? Which rung asks that?",
    "C": "what is at a comma may be a note on the text. Which rung asks for more?",
}


@check()
def beside_control(function: Callable[..., Any]) -> None:
    """Chapter 13: the verdict on a difference from a control, of one of n figures."""

    def ask(low: float, high: float, p: float, n: int = 1) -> Any:
        difference = {"value": (low + high) / 2, "low": low, "high": high}
        return function(difference, p, n)

    got = ask(0.1, 0.3, 0.001)
    expect(isinstance(got, str), f'Return "{UP}", "{DOWN}" or "{NEITHER}".')
    expect(got == UP, "0.2 [0.1, 0.3] with p 0.001 lies beyond the control.")
    expect(
        ask(-0.1, 0.3, 0.001) == NEITHER,
        "The interval of the difference holds 0: the figure is too unsure.",
    )
    expect(
        ask(0.1, 0.3, 0.2) == NEITHER,
        "Alone, p has to be at most .05, however the interval lies.",
    )
    expect(
        ask(0.1, 0.3, 0.02, 20) == NEITHER,
        "Of twenty figures one has p 0.02 by luck in a third of all cards: count "
        "them, p times n.",
    )
    expect(
        ask(-0.3, -0.1, 0.001) == DOWN,
        "A figure may lie below its control: that is a finding, too.",
    )
    expect(ask(0.0, 0.3, 0.001) == NEITHER, "An interval that ends at 0 holds 0.")


@check()
def bridge(function: Callable[[Tensor, Tensor, Tensor], Any]) -> None:
    """Chapter 13: rows of one model carried into another one by least squares."""
    generator = torch.Generator().manual_seed(13)
    a = torch.randn(60, 5, generator=generator) + 3
    weights = torch.randn(5, 7, generator=generator)
    b = (a - 3) @ weights + 2 + torch.arange(7.0)
    new = torch.randn(8, 5, generator=generator) * 2 + 3
    right = (new - 3) @ weights + 2 + torch.arange(7.0)
    got = as_tensor(function(a, b, new), "The result")
    expect(
        got.shape != (8, 5),
        "The rows are still as wide as the first model: carry them over.",
    )
    expect(got.shape != (60, 7), "You carried the train rows: carry the new ones.")
    expect(got.shape == (8, 7), f"The shape should be (8, 7), not {tuple(got.shape)}.")
    bare = new @ torch.linalg.lstsq(a, b).solution
    expect(
        not same(got, bare, 1e-3),
        "A straight fit through 0 cannot move the middle: take both means away "
        "before the fit, and add the second one afterwards.",
    )
    expect(
        not same(got, right - b.mean(0), 1e-3),
        "The middle of the second model is missing at the end.",
    )
    own = (new - new.mean(0)) @ weights + b.mean(0)
    expect(
        not same(got, own, 1e-3),
        "You took away the mean of the new rows: what was fitted on the train rows "
        "must be used as it is, means included.",
    )
    expect(same(got, right, 1e-3), "The values differ from the least-squares fit.")


@check()
def missing(function: Callable[[Sequence[str], dict[str, str]], Any]) -> None:
    """Chapter 14: the rungs that a claim needs and that do not hold."""
    needs = ["decodable", "transferable", "specific", "causal"]
    found = {"decodable": "holds", "transferable": "not found"}
    found |= {"specific": "holds", "causal": "points the other way"}
    found |= {"geometric": "not found"}
    got = function(needs, found)
    expect(isinstance(got, list), "Return a list of names.")
    expect(
        got != ["decodable", "specific"], "These are the rungs that hold: the others."
    )
    expect("geometric" not in got, "A rung that the claim does not need is no gap.")
    expect(
        "causal" in got,
        'Only "holds" holds: a result that points the other way is a gap, too.',
    )
    expect(sorted(got) == ["causal", "transferable"], "Other rungs are missing.")
    expect(got == ["transferable", "causal"], "Keep the order of the needs.")
    expect(
        function(["decodable", "a state"], found) == ["a state"],
        "A rung that nobody measured is not in the table: it does not hold.",
    )
    expect(function(["decodable"], found) == [], "Nothing is missing there.")


@check()
def which_rung(function: Callable[[], Any]) -> None:
    """Chapter 14: the lowest rung that each of three sentences lacks."""
    matched(function(), RUNG, [rung.name for rung in RUNGS], WHY)


@check()
def holm(function: Callable[[Sequence[float], float], Any]) -> None:
    """Chapter 14: which of many p stay below a level when all are counted (Holm)."""
    values = [0.04, 0.001, 0.03, 0.015]
    got = function(values, 0.05)
    expect(
        isinstance(got, list | tuple) and len(got) == 4,
        "Return a list with True or False for each p, in the order given.",
    )
    kept = [bool(x) for x in got]
    expect(
        kept != [True] * 4,
        "Each p is compared with the level itself: four tests, four chances to be "
        "lucky.",
    )
    expect(
        kept != [False, True, False, False],
        "That is Bonferroni: safe, but too strict. Once the smallest has passed, "
        "one test fewer is left to pay for.",
    )
    expect(
        kept != [True, True, False, False],
        "The answers are in order of size: put them back in the order given.",
    )
    stop = (
        "One that does not pass ends it: nothing after it may pass, so stop at the "
        "first that fails."
    )
    expect(kept != [True, True, False, True], stop)
    expect(kept == [False, True, False, True], "Go from the smallest p up.")
    late = [bool(x) for x in function([0.9, 0.02, 0.022], 0.05)]
    expect(late == [False, False, False], stop)
    expect(
        [bool(x) for x in function([0.03], 0.05)] == [True],
        "A single test pays for itself alone.",
    )
