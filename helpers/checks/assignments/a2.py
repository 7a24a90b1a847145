"""Public checks of assignment A2: an emotion of your own.

They use fixed small inputs, name the usual mistake, and are not what is graded.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from helpers.checks.advice import Advice, as_tensor, check, expect, holds, same
from helpers.datasets import own, own_words


@check()
def a2_leaks(function: Callable[[str, str, Sequence[str]], Any]) -> None:
    """A2, question 1: whether a text holds a name or one of some stems."""
    cases = [
        ("The snow fell.", "glum", [], False, "A clean text was flagged."),
        ("He was glum.", "glum", [], True, "The name was missed."),
        ("Glum faces everywhere.", "glum", [], True, "Capitals hide it from you."),
        ("A look of glumness.", "glum", [], True, "A longer form was missed."),
        ("She moped.", "glum", ["mop"], True, "A stem was missed: use `stems`."),
        ("A plum cake.", "lum", [], False, "Found in the middle of a word."),
        (
            "The dot was there.",
            "d.t",
            [],
            False,
            "A dot in a stem is a dot, not any letter.",
        ),
        (
            "It was sour. Grapes fell.",
            "sour grapes",
            ["vine"],
            False,
            "A name of two words stands in a text only as a whole.",
        ),
    ]
    for text, name, stems, right, advice in cases:
        got = function(text, name, stems)
        expect(isinstance(got, bool | np.bool_), "Return True or False.")
        expect(bool(got) == right, f"{advice} ({name!r}, {stems} in {text!r})")


@check()
def a2_bank(name: Any, stems: Any, borrowed: Any, bank: Any) -> None:
    """A2, question 2: whether stories can be told from your bank."""
    parts = bank.values() if isinstance(bank, Mapping) else [bank]
    if any(part is ... for part in [name, *parts]):
        raise NotImplementedError
    expect(isinstance(name, str) and name != "", "NAME should be a word or two.")
    expect(isinstance(bank, Mapping), "BANK should be a dict.")
    try:
        own.check_bank(bank)
    except ValueError as error:
        raise Advice(str(error)) from error
    told = [*bank["causes"], *bank["signs"]]
    for kind, least in (("causes", 8), ("signs", 16)):
        n = len(bank[kind])
        expect(n >= least, f"{n} {kind}: {least} are needed.")
    expect(len(set(told)) == len(told), "A sentence comes twice.")
    for sentence in told:
        if found := re.search(
            rf"\b(?:{'|'.join(map(re.escape, [name, *stems]))})", sentence, re.I
        ):
            raise Advice(f"{found.group()!r} gives the name away in {sentence!r}.")
    strange = own_words.unknown_words(told)
    if strange:
        print(f"The embedded model has never read {strange}: it may miss them.")
    written = [s for s in told if not own_words.sources(s)]
    expect(len(written) >= 6, f"{len(written)} sentences are your own: write 6.")
    for sentence in told:
        from_where = own_words.sources(sentence)
        expect(
            not from_where or bool(from_where & set(borrowed)),
            f"{sentence!r} belongs to {sorted(from_where)}, which BORROWED lacks.",
        )


@check()
def a2_split(function: Callable[[Any, Any, int], Any]) -> None:
    """A2, question 3: sentences and topics cut in two before stories are told."""
    bank = {
        "causes": [f"Cause {i}." for i in range(6)],
        "signs": [f"Sign {i}." for i in range(9)],
    }
    topics = [f"place {i}" for i in range(8)]
    kept = copy.deepcopy((bank, topics))
    made = function(bank, topics, 3)
    expect(
        isinstance(made, list | tuple)
        and len(made) == 2
        and all(isinstance(side, list | tuple) and len(side) == 2 for side in made),
        "Return two pairs: (bank, topics) to learn from, (bank, topics) to test.",
    )
    (one, here), (two, there) = made
    expect((bank, topics) == kept, "The bank or the topics that came in changed.")
    expect(
        not set(here) & set(there),
        "A topic is on both sides: a test story could be known by its place.",
    )
    expect(set(here) | set(there) == set(topics), "A topic got lost.")
    for kind in bank:
        expect(kind in one and kind in two, f"A side has no {kind}.")
        expect(
            not set(one[kind]) & set(two[kind]),
            f"A sentence of {kind} is on both sides: word counts will find it.",
        )
        both = [*one[kind], *two[kind]]
        expect(sorted(both) == sorted(bank[kind]), f"Some {kind} got lost.")
        gap = abs(len(one[kind]) - len(two[kind]))
        expect(gap <= 1, f"The halves of {kind} differ by {gap}.")
    expect(abs(len(here) - len(there)) <= 1, "The halves of topics differ in size.")
    expect(_same_parts(function(bank, topics, 3), made), "Seed 3 gave two answers.")
    others = [function(bank, topics, seed) for seed in range(4, 8)]
    expect(
        not all(_same_parts(other, made) for other in others),
        "Every seed gives the same halves: draw them.",
    )


def _same_parts(a: Any, b: Any) -> bool:
    return all(
        set(x[1]) == set(y[1])
        and all(set(x[0][k]) == set(y[0][k]) for k in ("causes", "signs"))
        for x, y in zip(a, b, strict=True)
    )


@check()
def a2_vector(function: Callable[..., Any]) -> None:
    """A2, question 4: one emotion vector and the center it was measured from."""
    generator = torch.Generator().manual_seed(12)
    labels = ["mine"] * 3 + ["calm"] * 9 + ["proud"] * 5
    means = torch.randn(17, 6, generator=generator) + 2
    result = function(means, labels, "mine", None)
    expect(holds(result, 2), "Return two things: the vector and the center.")
    got, center = (as_tensor(x, "Each result") for x in result)
    each = torch.stack([means[:3].mean(0), means[3:12].mean(0), means[12:].mean(0)])
    expect(
        got.shape == center.shape == (6,),
        f"Both should have shape (6,), not {tuple(got.shape)} and "
        f"{tuple(center.shape)}.",
    )
    expect(
        not same(center, means.mean(0)),
        "The center is the mean of all texts: an emotion with many pulls it.",
    )
    expect(
        not same(center, each[1:].mean(0)),
        "The center leaves your own emotion out: take the mean of all of them.",
    )
    expect(same(center, each.mean(0)), "The center is another one.")
    right = each[0] - each.mean(0)
    expect(
        not same(got, -right / right.norm()),
        "The vector points away from your emotion: check the order.",
    )
    expect(
        not same(got, each[0] / each[0].norm()),
        "This is the plain mean: nothing was taken away.",
    )
    expect(not same(got, right), "Bring the vector to length 1.")
    expect(same(got, right / right.norm()), "The direction is another one.")
    _denoised(function, means, labels)


def _denoised(function: Callable[..., Any], means: Tensor, labels: list[str]) -> None:
    """The stage with neutral texts: one wide direction, away from the origin."""
    generator = torch.Generator().manual_seed(13)
    wide = torch.eye(6)[2]
    neutral = 0.1 * torch.randn(40, 6, generator=generator)
    neutral = neutral + 5 * torch.randn(40, 1, generator=generator) * wide
    neutral = neutral + 9 * torch.eye(6)[4]
    got = as_tensor(function(means, labels, "mine", neutral, 0.5)[0], "The vector")
    plain = as_tensor(function(means, labels, "mine", None)[0], "The vector")
    expect(not same(got, plain), "`neutral` changes nothing: take its components out.")
    expect(
        abs(float(got @ wide)) < 0.05,
        "What neutral texts vary in most is still in the vector. (Did you center them "
        "first? And: keep what is left, not what is taken away.)",
    )
    expect(abs(float(got.norm()) - 1) < 1e-4, "After that it is shorter: length 1.")


@check()
def a2_interval(function: Callable[..., Any]) -> None:
    """A2, question 5: an AUC with an interval that draws whole topics."""
    rng = np.random.default_rng(14)
    topics = np.repeat([f"place {i}" for i in range(8)], 30)
    owned = np.tile(np.arange(30) < 10, 8)
    shift = np.repeat(rng.normal(0.5, 1.5, 8), 30)
    scores = owned * shift + rng.normal(size=240)
    got = function(scores, owned, topics, 500, 0)
    expect(holds(got, 3), "Return three numbers: the AUC, the low end, the high end.")
    area, low, high = (float(x) for x in got)
    pairs = scores[owned][:, None] > scores[~owned][None]
    expect(abs(area - (1 - pairs.mean())) > 1e-6, "This is 1 minus the AUC.")
    expect(abs(area - pairs.mean()) < 1e-6, "The first number is not the AUC.")
    expect(low < area < high, "The AUC should lie inside its interval.")
    wide = high - low
    expect(wide > 0.2, "Too narrow: stories of one topic are alike. Draw topics.")
    expect(wide < 0.6, "Too wide for a 95 % interval of these topics.")
    again = function(scores, owned, topics, 500, 0)
    expect(list(again) == list(got), "The same seed gave another interval.")
    expect(
        list(function(scores, owned, topics, 500, 1)) != list(got),
        "Another seed gave the very same interval: `seed` is not used.",
    )


@check()
def a2_null(function: Callable[..., Any]) -> None:
    """A2, question 5: AUCs of vectors made with shuffled labels."""
    generator = torch.Generator().manual_seed(15)
    labels = [e for e in ("mine", "calm", "proud", "sad") for _ in range(10)]
    middles = 2 * torch.randn(4, 5, generator=generator)
    means = middles.repeat_interleave(10, 0)
    means = means + torch.randn(40, 5, generator=generator)
    held = middles.repeat_interleave(6, 0)
    held = held + torch.randn(24, 5, generator=generator)
    owned = np.arange(24) < 6
    got = np.asarray(function(means, labels, held, owned, "mine", 30, 0), float)
    expect(got.shape == (30,), f"30 numbers, please, not shape {got.shape}.")
    expect(bool(((got >= 0) & (got <= 1)).all()), "An AUC lies from 0 to 1.")
    expect(len(set(got.round(9))) > 3, "Every shuffle is the same one.")
    expect(
        abs(float(got.mean()) - 0.5) < 0.25,
        "Without meaning in the labels the mean AUC should be near a half.",
    )
    expect(
        float(got.std()) > 0.2,
        "They hardly vary. Shuffle the labels that the vector is made from, and "
        "make a new vector each time.",
    )


@check()
def a2_p(function: Callable[[float, Any], Any]) -> None:
    """A2, question 5: how often a null reaches the real value, one-sided."""
    null = np.array([0.1, 0.5, 0.6, 0.7, 0.4, 0.5, 0.3, 0.5, 0.6])
    expect(
        float(function(0.99, null)) != 0,
        "No draw reached it, and yet p is not 0: the real one counts as a draw.",
    )
    expect(abs(float(function(0.99, null)) - 0.1) < 1e-9, "9 draws and the real.")
    expect(
        float(function(0.05, null)) == 1.0,
        "We ask whether an AUC is higher: a low one is no success.",
    )
    expect(abs(float(function(0.7, null)) - 0.2) < 1e-9, "A tie has reached it.")


@check()
def a2_report(report: Any) -> None:
    """A2, question 6: whether the parts of a report agree with each other."""
    if report is ...:
        raise NotImplementedError
    keys = {"scores", "words", "auc", "auc_words", "gap", "verdict"}
    expect(isinstance(report, Mapping), "The report should be a dict.")
    expect(set(report) >= keys, f"It lacks {sorted(keys - set(report))}.")
    scores, words = (np.asarray(report[k], float) for k in ("scores", "words"))
    expect(
        scores.ndim == 1 and scores.shape == words.shape,
        "`scores` and `words` have one number for each test story.",
    )
    value, low, high = (float(x) for x in report["gap"])
    real, counted = float(report["auc"]), float(report["auc_words"])
    expect(min(real, counted) >= 0 and max(real, counted) <= 1, "Not an AUC.")
    expect(
        abs(value - (real - counted)) < 1e-6,
        "The gap is the AUC of the vector minus the AUC of the words.",
    )
    expect(low <= value <= high, "The gap lies outside its interval.")
    right = "vector" if low > 0 else "words" if high < 0 else "no difference"
    expect(
        report["verdict"] == right,
        "The verdict does not fit the interval of the gap. An interval that covers "
        "zero shows no difference, whatever the value.",
    )
