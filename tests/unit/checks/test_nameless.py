"""Three vectors without names: made as it is said, and advice for each mistake."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from helpers import checks
from helpers.checks.nameless import IS


def test_each_is_what_is_said_of_it() -> None:
    draw = torch.Generator().manual_seed(0)
    base = torch.randn(12, 30, generator=draw)
    block = base + torch.randn(6, 12, 30, generator=draw) / 4  # topics, emotions, d
    made = checks.three_vectors(block, place=3)
    real, shuffled, random = (
        next(made[letter] for letter, kind in IS.items() if kind == wanted)
        for wanted in ("real", "shuffled", "random")
    )
    means = base - base.mean(0)
    unit = means / means.norm(dim=-1, keepdim=True)
    assert int((unit @ real).argmax()) == 3
    assert float((unit @ real).max()) > 0.9
    assert float((unit @ shuffled).max()) < 0.9
    stories = (block - block.mean((0, 1))).flatten(0, 1)
    near = torch.nn.functional.cosine_similarity(stories, shuffled[None]).topk(6)
    assert len({int(i) // 12 for i in near.indices}) > 3  # one story of each topic
    far = torch.nn.functional.cosine_similarity(stories, random[None]).max()
    assert far < near.values[0]
    assert all(abs(float(v.norm()) - 1) < 1e-5 for v in made.values())


@pytest.mark.parametrize(
    ("answer", "advice"),
    [
        (lambda: "B", "Return a dictionary"),
        (lambda: {"A": "real"}, "Return a dictionary"),
        (lambda: IS | {"A": "fake"}, "A is 'fake'"),
        (lambda: IS | {"A": "real"}, "name one twice"),
        (lambda: {"A": "random", "B": "real", "C": "shuffled"}, "lies near those"),
        (lambda: {"A": "real", "B": "shuffled", "C": "random"}, "1 of 3 are so"),
        (lambda: dict(IS), "passed."),
    ],
)
def test_advice(answer: Callable[[], Any], advice: str, capsys: Any) -> None:
    passed = checks.which_vector(answer)
    assert advice in capsys.readouterr().out
    assert passed == (advice == "passed.")


def test_what_is_printed_tells_the_three_apart(random_model: Any, capsys: Any) -> None:
    draw = torch.Generator().manual_seed(0)
    width = random_model.config.hidden_size
    base = torch.randn(12, width, generator=draw)
    block = base + torch.randn(6, 12, width, generator=draw) / 4
    names = [f"e{i}" for i in range(12)]
    checks.describe_vectors(random_model, block, names, place=3)
    lines = capsys.readouterr().out.splitlines()
    made = checks.three_vectors(block[1:], place=3)
    for i, letter in enumerate(IS):
        says, near, held = lines[3 * i : 3 * i + 3]
        assert says.startswith(f"{letter} says:")
        rows = (block - block[1:].mean((0, 1))).flatten(0, 1)
        cosines = torch.nn.functional.cosine_similarity(rows, made[letter][None])
        for line, own in ((near, cosines[12:]), (held, cosines[:12])):
            assert f"({own.max():.2f})" in line
            assert line.split(": ")[1].split(", ")[0] == f"e{int(own.argmax()) % 12}"
    real = lines[3 * list(IS.values()).index("real") + 2]
    assert real.split(": ")[1].startswith("e3")
