"""Checks of the exercises of chapters 09 and 10: preferences and acts."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from helpers.checks.advice import check, expect, holds


def push_log(moved: Sequence[float], seed: int) -> pd.DataFrame:
    """Questions asked both ways under a push that moved wanting, A and yes so far.

    The noise of each way sums to 0, so that means of ways are exact; the ways are
    asked unequally often, and rows stand in no order.
    """
    wanting, *stays = moved
    rng, rows = np.random.default_rng(seed), []
    for kind, held in zip(("letters", "words"), stays, strict=True):
        for turned, n in ((False, 6), (True, 14)):
            noise = rng.normal(size=n)
            change = held + (-wanting if turned else wanting) + noise - noise.mean()
            rows += [(kind, i, turned, x) for i, x in enumerate(change)]
    log = pd.DataFrame(rows, columns=["kind", "item", "turned", "change"])
    return log.sample(frac=1, random_state=seed, ignore_index=True)


@check()
def what_moved(function: Callable[[pd.DataFrame], Any]) -> None:
    """Chapter 09: wanting, a liking for A, and one for yes, from a log of answers."""
    planted = {
        "a liking for A": (0.0, 0.8, 0.0),
        "a yes to all": (0.0, 0.0, 0.9),
        "wanting": (0.7, 0.0, 0.0),
        "a mixture": (-0.4, 0.5, -0.3),
    }
    for seed, (what, moved) in enumerate(planted.items()):
        got = function(push_log(moved, seed))
        expect(
            holds(got, 3),
            "Return three numbers: wanting, the liking for A, the liking for yes.",
        )
        found, true = np.array([float(x) for x in got]), np.array(moved)
        told = ", ".join(f"{x:.2f}" for x in found)
        expect(
            not np.allclose(found, true[[0, 2, 1]]) or true[1] == true[2],
            "The last two are swapped: letters tell about A, words about yes.",
        )
        expect(
            not np.allclose(found, 2 * true),
            "Each is twice what it should be: halve the difference and the sum.",
        )
        expect(
            true[0] != 0 or abs(found[0]) < 1e-9,
            f"In the log of {what} nothing is wanted, and you find {found[0]:.2f}. "
            "Does a way that was asked more often count more?",
        )
        expect(np.allclose(found, true), f"The log of {what} gives {told}: look again.")


def wording_table(seed: int) -> pd.DataFrame:
    """Four wordings: one that works, one all position, one without mass, one mixed."""
    rng, rows = np.random.default_rng(seed), []
    for name, wants, stays, mass in (
        ("which", 1.0, 0.2, 0.98),
        ("letter", 0.2, 1.0, 0.99),
        ("rather", 1.0, 0.1, 0.04),
        ("turns", 0.6, 0.9, 0.9),
    ):
        sign = np.array([1, -1] * 4)
        wanting = wants * (abs(sign) if name == "letter" else sign)
        for w, p in zip(wanting, rng.permutation(stays * sign), strict=True):
            rows.append((name, w + p, p - w, mass + 0.01 * rng.normal()))
    return pd.DataFrame(rows, columns=["wording", "first", "swapped", "mass"])


@check()
def usable_wordings(function: Callable[[pd.DataFrame], Any]) -> None:
    """Chapter 09: which wordings of a question may go on one scale."""
    for seed in range(3):
        got = function(wording_table(seed))
        expect(
            not isinstance(got, str) and hasattr(got, "__iter__"),
            "Return the set of wordings that may be used.",
        )
        found = set(got)
        expect(
            "rather" not in found,
            "One wording gets 4 % of the probability on its letters: leave it out.",
        )
        expect(
            not {"letter", "turns"} & found,
            "One wording in your set is mostly position. Signs cancel in a mean: "
            "take sizes first.",
        )
        expect("which" in found, "A wording that works is missing from your set.")
        expect(found == {"which"}, f"Other wordings than these: {sorted(found)}.")


@check()
def beats_random(function: Callable[[float, Any], Any]) -> None:
    """Chapter 10: the p-value of an effect against those of random directions."""
    null = np.arange(-19, 20) / 64  # which floats hold exactly
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
    between = float(function(10.5 / 64, null))  # 9 on each side reach it
    expect(
        abs(between - 10 / 40) > 1e-9,
        "You counted one side only: controls far below count too.",
    )
    expect(
        abs(between - 19 / 40) < 1e-9,
        "18 of 39 controls go further than this effect: another p was expected.",
    )
    expect(
        abs(float(function(10 / 64, null)) - 21 / 40) < 1e-9,
        "A control that goes exactly as far as the effect counts, too: at least as "
        "far is >=.",
    )
    expect(
        abs(float(function(0.105, list(null))) - 27 / 40) < 1e-9,
        "Right for an array but not for a list of floats.",
    )


def colleague_table(gap: float, seed: int) -> pd.DataFrame:
    """A colleague's result: four tasks in five wordings each, pushed two ways."""
    rng = np.random.default_rng(seed)
    task = np.repeat(["proof", "tests", "sorting", "schedule"], 5)
    calm = 0.3 + 0.1 * rng.random(20)
    rows = {"task": task, "calm": calm, "desperate": calm + gap + 0.02 * rng.random(20)}
    mass = {"mass_calm": 0.6, "mass_desperate": 0.94}
    return pd.DataFrame({**rows, **mass})


@check()
def sentence_for_paper(function: Callable[[pd.DataFrame, Any], Any]) -> None:
    """Chapter 10: one sentence that says what a table shows, and no more."""
    null = np.arange(-30, 31) / 100  # gaps of pairs of other emotions
    for gap, beyond in ((0.22, False), (0.42, True)):
        table = colleague_table(gap, seed=int(100 * gap))
        text = function(table, null)
        expect(isinstance(text, str), "Return a sentence.")
        told = (table["desperate"] - table["calm"]).mean()
        p = (1 + (np.abs(null) >= told).sum()) / (1 + len(null))
        numbers = [float(x) for x in re.findall(r"\d*\.?\d+", text)]

        def said(value: float, numbers: list[float] = numbers) -> bool:
            return any(
                abs(x - k * value) <= 0.0051 * max(k, 1)
                for x in numbers
                for k in (1, 100)
            )

        expect(
            said(told),
            f"The sentence lacks the difference of desperate and calm ({told:.2f} "
            "as a share, the mean over all rows).",
        )
        expect(
            re.search(r"\b(4|four) tasks\b", text) is not None,
            'How many were drawn? Wordings of a task are no new tasks: say "4 tasks".',
        )
        expect(
            said(p) or said(float(np.quantile(np.abs(null), 0.95))),
            "Beside what? Give p against the gaps of other emotions, or what 95 % "
            "of them stay below.",
        )
        expect(
            said(0.6) and said(0.94),
            "The two rates are shares of different masses: give the mass of both.",
        )
        denied = re.search(r"\b(not|no)\b", text.lower()) is not None
        expect(
            beyond or denied,
            f"Here p is {p:.2f}, and the sentence does not say that nothing beyond "
            "other emotions was found.",
        )
        expect(
            not beyond or not denied,
            f"Here p is {p:.3f}, and the sentence says *not* or *no*.",
        )
