"""Checks of chapters 11 and 12: hidden feelings, and watching the inside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from helpers.checks.advice import as_tensor, expect, same, staged


def alert_spans(function: Callable[[Any, float], Any]) -> bool:
    """Chapter 12: the first and the last position of each stretch above a threshold."""

    def steps() -> None:
        means = np.array([0.0, 0.3, 0.9, 0.8, 0.1, 0.7, 0.2])
        got = function(means, 0.5)
        expect(isinstance(got, list), "Return a list of pairs.")
        spans = [tuple(int(x) for x in pair) for pair in got]
        expect(
            spans != [(2, 2), (3, 3), (5, 5)],
            "Each position is a stretch of its own: two neighbors are one alert.",
        )
        expect(
            spans != [(2, 4), (5, 6)],
            "The ends are one too far: give the last position that is above.",
        )
        expect(
            spans != [(2, 5)], "From the first to the last: there is a gap in between."
        )
        expect(spans == [(2, 3), (5, 5)], "The stretches are others.")
        ends = [
            tuple(int(x) for x in p)
            for p in function(np.array([0.9, 0.1, 0.8, 0.9]), 0.5)
        ]
        expect(
            ends == [(0, 0), (2, 3)],
            "Right inside a text, and not at its ends: a stretch may begin at position "
            "0, or still last at the last one.",
        )
        gap = np.array([np.nan, np.nan, 0.9, 0.4])
        expect(
            [tuple(int(x) for x in p) for p in function(gap, 0.5)] == [(2, 2)],
            "Before the window is full a mean is not a number; that is no alert.",
        )
        expect(function(np.zeros(4), 0.5) == [], "A quiet text has no alert.")
        flat = np.array([0.5, 0.5, 0.6])
        expect(
            [tuple(int(x) for x in p) for p in function(flat, 0.5)] == [(2, 2)],
            "A score equal to the threshold is not above it.",
        )

    return staged("alert_spans", steps)


def pick_threshold(function: Callable[[Any, float], Any]) -> bool:
    """Chapter 12: the score that quiet episodes exceed with at most a stated rate."""

    def steps() -> None:
        rng = np.random.default_rng(6)
        quiet = rng.permutation(np.arange(1.0, 100.0))  # 1 to 99
        got = float(function(quiet, 0.05))
        expect(
            got not in (5.0, 6.0),
            "This is the low end: an alert is a score that is too high.",
        )
        share = float((quiet > got).mean())
        expect(share <= 0.05, f"{share:.0%} of the quiet episodes are above it.")
        expect(got != 99.0, "The highest of all allows no false alarm: 5 % may be.")
        expect(
            got in (95.0, 96.0) or 94.0 < got < 96.0,
            f"Only {share:.0%} of the quiet episodes are above it: 5 % may be.",
        )
        odd = rng.permutation(np.r_[np.zeros(57), 7.0, 8.0, 9.0])
        strict = float(function(odd, 0.05))
        expect(
            (odd > strict).mean() <= 0.05 and strict >= 7.0,
            "With other scores it is off: sort them, and count from the top.",
        )
        wide = float(function(quiet, 0.2))
        expect(wide < got, "With 20 % allowed it should be lower: use `rate`.")

    return staged("pick_threshold", steps)


def outside(function: Callable[[Tensor, Tensor], Any]) -> bool:
    """Chapter 11: the share of each vector's norm that lies outside a space."""

    def steps() -> None:
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
            bool((inner < 1e-3).all()),
            "A vector inside the space should leave nothing.",
        )

    return staged("outside", steps)


def same_acts(function: Callable[[Any, Any, Sequence[str]], Any]) -> bool:
    """Chapter 11: how far paired rates moved, averaged over whole scenes."""

    def steps() -> None:
        before = torch.tensor([0.2, 0.4, 0.6, 0.1])
        after = torch.tensor([0.3, 0.5, 0.7, 0.7])
        scenes = ["bank", "bank", "bank", "farm"]
        returned = function(before, after, scenes)
        expect(returned is not None, "It returned nothing: is there a `return`?")
        got = float(returned)
        expect(abs(got + 0.35) > 1e-4, "The sign is turned: it is after minus before.")
        expect(
            abs(got - 0.225) > 1e-4,
            "A place with many scenes counts more than one with few: take the mean "
            "of each place first.",
        )
        expect(abs(got - 0.35) < 1e-4, "Two places moved by 0.1 and 0.6 on average.")
        more = function(after, before, scenes)
        expect(abs(float(more) + 0.35) < 1e-4, "Acts that fall should count below 0.")

    return staged("same_acts", steps)
