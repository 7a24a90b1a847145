"""Checks of chapters 11 and 11b: what is hidden in a text, and by a training."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from helpers.checks.advice import as_tensor, check, expect, returned, same
from helpers.stats import Estimate


@check()
def outside(function: Callable[[Tensor, Tensor], Any]) -> None:
    """Chapter 11: the share of each vector's norm that lies outside a space."""
    generator = torch.Generator().manual_seed(11)
    rows = torch.randn(5, 12, generator=generator) * torch.arange(1.0, 6)[:, None]
    space = torch.linalg.qr(torch.randn(12, 4, generator=generator))[0].T
    got = as_tensor(function(rows, space), "The result")
    left = rows - rows @ space.T @ space
    right = left.norm(dim=-1) / rows.norm(dim=-1)
    expect(
        got.shape != left.shape,
        "These are the vectors that are left: say how long each is, as a share.",
    )
    expect(got.shape == right.shape, "One number for each of 5 vectors, please.")
    expect(
        not same(got, left.norm(dim=-1)),
        "A long vector leaves a long rest: divide by how long it was.",
    )
    inside = (rows @ space.T).norm(dim=-1) / rows.norm(dim=-1)
    expect(
        not same(got, inside),
        "That is the share inside the space: take the space out first.",
    )
    expect(
        not same(got, 1 - inside),
        "Lengths at a right angle do not add up to 1, their squares do.",
    )
    expect(
        not same(got, right**2),
        "That is a share of the variance: the norm is its square root.",
    )
    expect(same(got, right), "The values differ from the share of the norm.")
    inner = as_tensor(function(space[:2] * 3, space), "The result")
    expect(
        bool((inner < 1e-3).all()), "A vector inside the space should leave nothing."
    )


@check()
def at_level(function: Callable[[Any, Any], Any]) -> None:
    """Chapter 11: what a straight line through texts gives where a rival is 0."""
    extra = np.array([-2.0, 0.0, 1.0, 3.0, 8.0])
    gain = 0.4 - 0.1 * extra
    got = returned(function(gain, extra))
    expect(
        abs(got - gain.mean()) > 1e-6,
        "That is the mean over all texts: the longer ones weigh on it.",
    )
    expect(
        abs(got + 0.1) > 1e-6,
        "That is the slope: what each token more costs. The height at 0 is asked.",
    )
    expect(abs(got - 0.4) < 1e-6, "A line of height 0.4 at 0 was planted.")
    bent = gain + np.array([0.0, 0.3, 0.0, 0.0, 0.0])
    right = float(np.polyfit(extra, bent, 1)[1])
    got = returned(function(bent, extra))
    expect(
        abs(got - bent[1]) > 1e-6,
        "Only the text with extra 0 was used: the line uses all of them.",
    )
    expect(abs(got - right) < 1e-6, "The line of least squares gives another.")


@check()
def what_happened(function: Callable[[Any, Any, Any], Any]) -> None:
    """Chapter 11b: which of three a training was, from intervals of three readers."""
    chance, told = Estimate(0.52, 0.45, 0.59), Estimate(0.9, 0.85, 0.94)
    cards = {
        (chance, told, told): "only unsaid",
        (chance, told, chance): "turned",
        (chance, chance, chance): "not found",
        (told, told, told): "still said",
        (told, chance, chance): "still said",
        (chance, chance, told): "only unsaid",
        (Estimate(0.7, -np.inf, np.inf), told, told): "cannot be told",
        (chance, Estimate(0.52, 0.4, 0.64), Estimate(0.45, 0.42, 0.49)): "not found",
    }
    advice = {
        "still said": "Words first: where they tell, nothing was hidden.",
        "only unsaid": "The parent's vectors read it: it stands where it stood.",
        "turned": "Only vectors made anew read it: what would the old ones say?",
        "not found": "No reader finds it. Mind which end of an interval decides, and "
        "that below chance is no reading.",
        "cannot be told": "An interval without ends covers everything.",
    }
    for readers, right in cards.items():
        got = function(*readers)
        expect(got is not None, "It returned nothing: is there a `return`?")
        known = f"{' '.join(repr(got).split())} is none of {', '.join(advice)}."
        expect(isinstance(got, str) and got in advice, known)
        expect(got == right, advice[right])


@check()
def same_acts(function: Callable[[Any, Any, Sequence[str]], Any]) -> None:
    """Chapter 11b: how far paired rates moved, averaged over whole scenes."""
    before = torch.tensor([0.2, 0.4, 0.6, 0.1])
    after = torch.tensor([0.3, 0.5, 0.7, 0.7])
    scenes = ["bank", "bank", "bank", "farm"]
    got = returned(function(before, after, scenes))
    expect(abs(got + 0.35) > 1e-4, "The sign is turned: it is after minus before.")
    expect(
        abs(got - 0.225) > 1e-4,
        "A place with many scenes counts more than one with few: take the mean "
        "of each place first.",
    )
    expect(abs(got - 0.35) < 1e-4, "Two places moved by 0.1 and 0.6 on average.")
    more = function(after, before, scenes)
    expect(abs(float(more) + 0.35) < 1e-4, "Acts that fall should count below 0.")
