"""Each check of chapters 00 and 08 passes what is right and names each mistake."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from helpers import checks
from helpers.checks import writers
from helpers.checks.steering import BUGS
from helpers.datasets import load_stories
from helpers.models import load_model
from helpers.vectors import extract


@pytest.fixture(scope="module")
def tiny() -> Any:
    return load_model("tiny", device="cpu")


def fade(model: Any, prompt: str, push: Any, layer: int, n: int, **how: Any) -> Any:
    first, factor, least = (
        how.get("first", 1.0),
        how.get("factor", 0.5),
        how.get("k", 0),
    )
    with torch.no_grad(), model.generate(max_new_tokens=n, do_sample=False) as tracer:
        with tracer.invoke(prompt):
            for step in tracer.iter[:]:
                share = first * factor**step if step >= least else 0.0
                model.layers[layer].output[:] += push * share
        with tracer.invoke():
            ids = tracer.result.save()
    return ids[0]


def fade_once(model: Any, prompt: str, push: Any, layer: int, n: int) -> Any:
    with torch.no_grad(), model.generate(max_new_tokens=n, do_sample=False) as tracer:
        with tracer.invoke(prompt):
            model.layers[layer].output[:] += push
        with tracer.invoke():
            ids = tracer.result.save()
    return ids[0]


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (fade, "passed"),
        (fade_once, "fires at the first run alone"),
        (lambda *a: fade(*a, factor=1.0), "Every run gets the whole push"),
        (lambda *a: fade(*a, first=0.5), "gets half already"),
        (lambda *a: fade(*a, k=1), "The opening is not pushed"),
        (lambda *a: fade(*a, first=0.0), "no push at all"),
        (lambda *a: fade(*a, first=-1.0), "another one than asked for"),
        (lambda *a: fade(*a)[None], "ids in one row"),
        (lambda *a: fade(*a).tolist(), "Return token ids"),
    ],
)
def test_fading(
    function: Callable[..., Any],
    says: str,
    tiny: Any,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert checks.fading(function, tiny) == (says == "passed")
    assert says in capsys.readouterr().out


def test_each_writer_has_the_mistake_that_is_told(tiny: Any) -> None:
    prompt, layer, length = "Ana sat at the kitchen table.", 2, 3.0
    vector = torch.randn(tiny.config.hidden_size)
    vector, norm = length * vector / vector.norm(), 20.0
    given = tiny, prompt, layer, vector, norm
    found = {k: writers.moves(*given, w) for k, w in writers.WRITERS.items()}
    full, n = writers.STRENGTH, writers.STEPS - 1
    right = {
        "A": ([full] * len(found["A"][0]), [0.0] * n),
        "B": ([length * full] * len(found["B"][0]), [length * full] * n),
        "C": ([0.0] * len(found["C"][0]), [full] * n),
        "D": ([0.0] * (len(found["D"][0]) - 1) + [full], [full] * n),
    }
    for name, rows in right.items():
        for got, want in zip(found[name], rows, strict=True):
            assert got == pytest.approx(want, abs=1e-3), name


def test_writers_are_printed(tiny: Any, capsys: pytest.CaptureFixture[str]) -> None:
    stories = load_stories(tiny, emotions=["calm", "angry"])
    vectors = extract(tiny, stories, denoise=None)
    checks.run_writers(tiny, vectors, "At noon she", "calm")
    told = capsys.readouterr().out.splitlines()
    assert [line.strip()[0] for line in told] == ["r", "A", "B", "C", "D"]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (BUGS, "passed"),
        (BUGS | {"E": 1}, "just the keys A, B, C, D."),
        (BUGS | {"A": 7}, "A is 7: say one of 1, 2, 3, 4, 5."),
        (BUGS | {"B": 5}, "3 of 4 right. Look at B again"),
    ],
)
def test_which_writer(
    answer: Any, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert checks.which_writer(lambda: answer) == (says == "passed")
    assert says in capsys.readouterr().out


@pytest.mark.parametrize(
    ("answer", "word"),
    [([1, 1, 2], "different"), ([0, 1, 2], "from 1 to 6"), ((1.0, 2, 3), "tuple")],
)
def test_a_blind_test_asks_for_three_numbers(
    answer: Any, word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not checks.blind_test(lambda: answer)
    assert word in capsys.readouterr().out


def test_a_blind_test_is_scored(capsys: pytest.CaptureFixture[str]) -> None:
    right = [i for i, pushed in enumerate(checks.blind_order(), 1) if pushed]
    assert checks.blind_test(lambda: right)
    checks.blind_score(lambda: right)
    checks.blind_score(lambda: [i for i in range(1, 7) if i not in right])
    told = capsys.readouterr().out
    assert "3 of 3" in told
    assert "0 of 3" in told


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        (lambda c: (c.diagonal(dim1=1, dim2=2).mean(1), c.mean((1, 2))), "still among"),
        (lambda c: (c.mean((1, 2)), c.mean((1, 2))), "diagonal"),
        (lambda c: c.mean((1, 2)), "two things"),
        (lambda c: (c.diagonal(dim1=1, dim2=2).mean(), c.mean()), "One number for"),
    ],
)
def test_own_and_others(
    wrong: Any, word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not checks.own_and_others(wrong)
    assert word in capsys.readouterr().out
