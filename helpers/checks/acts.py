"""Checks of the exercises of chapters 09 and 10: preferences and acts."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from helpers.checks.advice import as_tensor, expect, same, staged


def expected_score(function: Callable[[float, float], Any]) -> bool:
    """Chapter 09: how often one rating beats another."""

    def steps() -> None:
        even = float(function(1500.0, 1500.0))
        expect(even == even, "Two equal ratings give no number.")
        expect(abs(even - 0.5) < 1e-9, "Equal ratings should win half of the time.")
        got = float(function(1900.0, 1500.0))
        expect(0 < got < 1, "A chance of winning lies between 0 and 1.")
        expect(got > 0.5, "The higher rating should win more often: check the sign.")
        expect(
            abs(got - 1 / (1 + math.exp(-400))) > 1e-9,
            "You used points as if they were nats: 400 points are odds of ten to one.",
        )
        expect(
            abs(got - 1 / (1 + math.exp(-1))) > 1e-6,
            "400 points are a factor of ten in the odds, not of e.",
        )
        expect(abs(got - 10 / 11) < 1e-6, "Odds of ten to one are a chance of 10/11.")
        low = float(function(1200.0, 1500.0))
        expect(
            abs(low - 1 / (1 + 10**0.75)) < 1e-6,
            "Right for 1900 against 1500 but not for others: use the difference.",
        )

    return staged("expected_score", steps)


def wanting_and_position(function: Callable[[float, float], Any]) -> bool:
    """Chapter 09: two changes of a logit into wanting and position."""

    def steps() -> None:
        got = function(0.9, -0.1)
        expect(
            isinstance(got, tuple | list) and len(got) == 2,
            "Return two numbers: wanting, then position.",
        )
        wanting, position = (float(x) for x in got)
        expect(
            not (abs(wanting - 0.4) < 1e-9 and abs(position - 0.5) < 1e-9),
            "The two are swapped: what changes sign with the order is wanting.",
        )
        expect(
            abs(wanting - 1.0) > 1e-9,
            "That counts the wanting twice: both orders hold it, once each.",
        )
        pushed = [float(x) for x in function(0.7, 0.7)]
        expect(
            abs(pushed[0]) < 1e-9,
            "A push that is the same in both orders is no wanting at all.",
        )
        expect(abs(pushed[1] - 0.7) < 1e-9, "Such a push is all position.")
        wanted = [float(x) for x in function(0.6, -0.6)]
        expect(
            abs(wanted[0] - 0.6) < 1e-9 and abs(wanted[1]) < 1e-9,
            "A change that turns with the order is all wanting.",
        )
        expect(abs(wanting - 0.5) < 1e-9, "Another wanting fits 0.9 and -0.1.")
        expect(abs(position - 0.4) < 1e-9, "Another position fits 0.9 and -0.1.")

    return staged("wanting_and_position", steps)


def shares_and_mass(function: Callable[[Tensor], Any]) -> bool:
    """Chapter 10: log-probabilities of acts into rates and what is left for them."""

    def steps() -> None:
        chances = torch.tensor([[0.3, 0.1, 0.4], [0.01, 0.02, 0.01]])
        given = chances.log()
        got = function(given)
        expect(
            isinstance(got, tuple | list) and len(got) == 2,
            "Return two tensors: the rates, and the mass of each row.",
        )
        rates, mass = as_tensor(got[0], "The rates"), as_tensor(got[1], "The mass")
        expect(
            tuple(rates.shape) == (2, 3),
            f"The rates should have shape (2, 3), and have {tuple(rates.shape)}.",
        )
        expect(
            tuple(mass.shape) in ((2,), (2, 1)),
            "One mass for each scene: sum over the acts, not over the scenes.",
        )
        expect(not same(rates, given), "These are still log-probabilities.")
        expect(
            not same(rates, chances),
            "These are probabilities of all next words. A rate is a share of what the "
            "acts get together.",
        )
        expect(
            not same(rates, chances / chances.sum(0)),
            "You divided by the sum over scenes: each row should sum to 1.",
        )
        right = chances.sum(1)
        expect(
            same(mass.flatten(), right),
            "The mass is what the acts get of all probability, before you divide.",
        )
        expect(same(rates, chances / right[:, None]), "Other rates fit these numbers.")

    return staged("shares_and_mass", steps)


def beats_random(function: Callable[[float, Any], Any]) -> bool:
    """Chapter 10: the p-value of an effect against those of random directions."""

    def steps() -> None:
        null = np.arange(-19, 20) / 64  # exact in floats: ties are ties
        got = float(function(0.5, null))
        expect(got != 0.0, "Never 0: the effect itself is one of the draws.")
        expect(0 < got <= 1, "A p-value lies above 0 and is at most 1.")
        expect(
            abs(got - 1 / 40) < 1e-9,
            "39 controls and none reaches the effect: count the effect among the "
            "draws, above and below the line.",
        )
        expect(
            abs(float(function(-0.5, null)) - 1 / 40) < 1e-9,
            "A large effect downward is large too: compare sizes.",
        )
        effect = 10 / 64
        middle = float(function(effect, null))
        right = (1 + int(np.sum(np.abs(null) >= effect))) / 40
        expect(
            abs(middle - (1 + int(np.sum(null >= effect))) / 40) > 1e-9,
            "You counted one side only: controls far below count too.",
        )
        expect(
            abs(middle - right) < 1e-6, f"Another share of controls reaches {effect}."
        )

    return staged("beats_random", steps)
