"""Public checks of A2 and A3: the reference passes, each wrong answer gets advice."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from helpers import checks
from helpers.datasets import own, planted_axes
from helpers.vectors import geometry
from scripts.masters import find_master, read_master
from tests.course import wrong_A2, wrong_A3

GIVEN = {
    "np": np, "pd": pd, "re": re, "torch": torch, "own": own, "geometry": geometry,
    "planted_axes": planted_axes,
}  # fmt: skip


def names_of(code: str) -> dict[str, Any]:
    """What a solution cell defines; the part that needs the model may fail."""
    names = dict(GIVEN)
    exec(code.split("\n\n\nreport = ")[0].split("\n\n\ntrain, test = ")[0], names)
    return names


def reference(assignment: str, question: str) -> dict[str, Any]:
    """What the reference's solution cells of a question define."""
    master = read_master(find_master(assignment))
    cells = master.notebook.cells
    code = "\n".join(cells[i].source for i in master.questions[question].solution)
    return names_of(code)


RUNS = {
    "a2_leaks": lambda n: checks.a2_leaks(n["leaks"]),
    "a2_bank": lambda n: checks.a2_bank(
        n["NAME"], n["STEMS"], n["BORROWED"], n["BANK"]
    ),
    "a2_split": lambda n: checks.a2_split(n["split_parts"]),
    "a2_vector": lambda n: checks.a2_vector(n["own_vector"]),
    "a2_interval": lambda n: checks.a2_interval(n["auc_interval"]),
    "a2_null": lambda n: checks.a2_null(n["shuffled_aucs"]),
    "a2_p": lambda n: checks.a2_p(n["one_sided_p"]),
    "a3_axis_p": lambda n: checks.a3_axis_p(n["axis_p"]),
    "a3_left": lambda n: checks.a3_left(n["left_with"]),
    "a3_best": lambda n: checks.a3_best(n["best_axis_p"]),
    "a3_interval": lambda n: checks.a3_interval(n["r_interval"]),
    "a3_decide": lambda n: checks.a3_decide(n["decide"]),
}
QUESTIONS = {
    "a2_leaks": "q1", "a2_bank": "q2", "a2_split": "q3", "a2_vector": "q4",
    "a2_interval": "q5", "a2_null": "q5", "a2_p": "q5", "a3_axis_p": "q1",
    "a3_left": "q2", "a3_best": "q3", "a3_interval": "q4", "a3_decide": "q5",
}  # fmt: skip
SAID = [
    ("a2_leaks", "capitals hide the name", "Capitals"),
    ("a2_leaks", "found inside other words", "middle of a word"),
    ("a2_leaks", "whole words only", "longer form"),
    ("a2_bank", "a story names its emotion", "gives the name away"),
    ("a2_bank", "borrowed and not said so", "BORROWED lacks"),
    ("a2_bank", "another emotion's phrases under a new name, padded by repeats", "tw"),
    ("a2_split", "topics leaked over the split", "topic is on both sides"),
    ("a2_split", "each side draws its sentences by itself", "is on both sides"),
    ("a2_split", "the same halves for every seed", "Every seed"),
    ("a2_vector", "no centering", "The center is another one"),
    ("a2_vector", "the center is the mean of all stories", "mean of all texts"),
    ("a2_interval", "stories are drawn, not topics", "Draw topics"),
    ("a2_null", "p without the real one, and one shuffle for all draws", "same one"),
    ("a2_p", "p without the real one, and one shuffle for all draws", "counts as a"),
    ("a2_p", "the test's labels are shuffled, and p is two-sided", "no success"),
    ("a3_axis_p", "p without the real order", "count the real"),
    ("a3_axis_p", "one-sided", "not chance"),
    ("a3_left", "out of one side only", "one side only"),
    ("a3_left", "topics as numbers in an order", "no order"),
    ("a3_left", "no intercept", "intercept"),
    ("a3_best", "the null has one axis, the search had many", "same choice"),
    ("a3_best", "wrong sign: the largest r, not the largest size", "no sign"),
    ("a3_interval", "stories are drawn, not topics", "Draw topics"),
    ("a3_interval", "reused seed", "not used"),
    ("a3_decide", "each axis has its own p below 0.05", "chance is taken"),
    ("a3_decide", "hard-coded truth of a public table", "axes"),
]


@pytest.mark.parametrize("check", RUNS)
def test_the_reference_passes(check: str, capsys: pytest.CaptureFixture[str]) -> None:
    names = reference(check[:2].upper(), QUESTIONS[check])
    assert RUNS[check](names), capsys.readouterr().out


@pytest.mark.parametrize(("check", "wrong", "says"), SAID)
def test_a_wrong_answer_gets_its_advice(
    check: str, wrong: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    catalog = wrong_A2.WRONG if check.startswith("a2") else wrong_A3.WRONG
    code = next(w.code for w in catalog if w.name == wrong)
    assert not RUNS[check](names_of(code))
    assert says in capsys.readouterr().out


def test_a_blank_bank_is_not_written_yet(capsys: pytest.CaptureFixture[str]) -> None:
    assert not checks.a2_bank(..., ..., ..., {"causes": ..., "signs": ...})
    assert "not written yet" in capsys.readouterr().out


GAP = {
    "scores": np.arange(4.0), "words": np.zeros(4), "auc": 0.75, "auc_words": 0.5,
    "gap": [0.25, -0.1, 0.4], "verdict": "no difference",
}  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({}, "passed"),
        ({"verdict": "vector"}, "covers zero"),
        ({"auc": 0.9}, "minus the AUC of the words"),
        ({"gap": [0.25, 0.3, 0.4]}, "outside its interval"),
        ({"auc": 1.2}, "Not an AUC"),
    ],
)
def test_a2_report(
    changed: dict[str, Any], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert checks.a2_report(GAP | changed) == (says == "passed")
    assert says in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({}, "passed"),
        ({"p": 0.0}, "lies above 0"),
        ({"verdict": "axis"}, "does not fit"),
        ({"axis": 3}, "from 0 to 2"),
    ],
)
def test_a3_report(
    changed: dict[str, Any], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    one = {"axis": 1, "r": 0.5, "p": 0.01, "left": 0.1, "left_p": 0.6}
    one |= {"verdict": "length"}
    report = {"as told": one, "sentences added": one | changed}
    assert checks.a3_report(report) == (says == "passed")
    assert says in capsys.readouterr().out
