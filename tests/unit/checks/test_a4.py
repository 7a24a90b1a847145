"""A4: the key passes, each usual slip gets its advice and loses its points."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from helpers import checks, grading
from helpers.models import load_model
from helpers.steering import choice_logprobs
from scripts.masters import find_master, read_master
from tests.course.catalog import Wrong
from tests.course.wrong_A4 import MORE, WRONG

# Question 9 runs both models: tests/course grades its wrong answers, within walls.
ALL = [wrong for wrong in (*WRONG, *MORE) if wrong.question != "q9"]
CHECKS = {
    "q1": checks.a4_steered_logits,
    "q2": checks.a4_write_steered,
    "q3": checks.a4_random_controls,
    "q4": checks.a4_word_rise,
    "q5": checks.a4_effect,
    "q6": checks.a4_usable,
}
ADVICE = {
    "the hook one layer too early": "block before",
    "the strength in raw units": "`norm` is not used",
    "the vector's own length counts": "own length counts",
    "the first position left out": "the first and the last included",
    "the hook stays in the network": "take the hook away",
    "steering the prompt only": "stops after the prompt",
    "only the last position of each step": "the last position only",
    "the prompt is pushed in the response, too": "the prompt is pushed, too",
    "one seed for all random directions": "one draw",
    "the norm is not matched": "as long as the vector",
    "the sign turned round": "turned round",
    "a change of probability": "stay with logarithms",
    "axes in another order": "The shape should be",
    "the controls are not taken away": "not been taken away",
    "a prompt with many rows counts more": "counts four times",
    "no controls": "a random direction does as much",
    "the mean of the controls, not each of them": "a random direction does as much",
    "the surprise itself taken for the price": "what is *added*",
    "a push backward judged as one forward": "A push backward",
}


@pytest.fixture(scope="module")
def model() -> Any:
    return load_model("tiny", device="cpu")


def answer(question: str, model: Any, code: str | None = None) -> bool:
    """Whether the key's answer to a question, or other code, passes its check."""
    master = read_master(find_master("A4"))
    source = master.notebook.cells[master.questions[question].solution[0]].source
    names: dict[str, Any] = {"np": np, "pd": pd, "torch": torch}
    names["choice_logprobs"] = choice_logprobs
    exec(code or source, names)
    name = source.split("(")[0].removeprefix("def ")
    more = [model] if question in ("q1", "q2", "q4") else []
    return CHECKS[question](names[name], *more)  # type: ignore[operator]


def graded(question: str, model: Any, code: str | None = None) -> float:
    """The points that a question's hidden tests give, in this process."""
    master = read_master(find_master("A4"))
    source = master.notebook.cells[master.questions[question].solution[0]].source
    names: dict[str, Any] = {"model": model, "network": model._module}
    names |= {"np": np, "pd": pd, "torch": torch}
    names |= {"yours": checks.yours, "LEARNER": "ana"}
    names["choice_logprobs"] = choice_logprobs
    exec(code or source, names)
    won = 0.0
    for test in master.questions[question].tests:
        try:
            test.function(names)
            won += test.points
        except grading.Wrong as why:
            print(test.name, why)
    return won


@pytest.mark.parametrize("question", CHECKS)
def test_the_key_has_all_points(question: str, model: Any) -> None:
    points = read_master(find_master("A4")).questions[question].points
    assert graded(question, model) == points


@pytest.mark.parametrize("wrong", ALL, ids=lambda w: w.name)
def test_a_wrong_answer_loses_its_points(wrong: Wrong, model: Any) -> None:
    before = hooks(model)
    question = wrong.question
    points = read_master(find_master("A4")).questions[question].points
    left = graded(question, model, wrong.code)
    assert left < points
    assert left == wrong.points.get(question, left)
    assert hooks(model) == before, "a hook outlives its test"


def hooks(model: Any) -> list[int]:
    return [len(block._forward_hooks) for block in model._module.model.layers]


@pytest.mark.parametrize("question", CHECKS)
def test_the_key_passes(
    question: str, model: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert answer(question, model), capsys.readouterr().out
    assert "passed" in capsys.readouterr().out


@pytest.mark.parametrize(
    "wrong", [w for w in ALL if w.name in ADVICE], ids=lambda w: w.name
)
def test_a_slip_gets_its_advice(
    wrong: Any, model: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    before = hooks(model)
    assert not answer(wrong.question, model, wrong.code)
    assert ADVICE[wrong.name] in capsys.readouterr().out
    assert hooks(model) == before, "a hook outlives its check"


def test_every_advice_belongs_to_an_answer() -> None:
    assert set(ADVICE) <= {wrong.name for wrong in ALL}


@pytest.mark.parametrize("question", CHECKS)
def test_an_empty_answer_is_no_error(
    question: str, model: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    def empty(*_: Any) -> Any:
        raise NotImplementedError

    more = [model] if question in ("q1", "q2", "q4") else []
    assert not CHECKS[question](empty, *more)  # type: ignore[operator]
    assert "not written yet" in capsys.readouterr().out
