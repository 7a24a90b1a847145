"""Three pooled results are what they say, and wrong guesses get advice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from helpers import checks
from helpers.checks.pooling import DID

LENGTHS, WIDTH, START = (3, 7, 9), 9, 2


def left_padded() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(8)
    places = torch.arange(WIDTH)
    mask = torch.stack([places >= WIDTH - n for n in LENGTHS])
    return torch.randn(len(LENGTHS), WIDTH, 4, generator=generator), mask


def test_each_did_what_is_said_of_it() -> None:
    stream, mask = left_padded()
    found = checks.three_pools(stream, mask, START)
    for i, n in enumerate(LENGTHS):
        real = stream[i, WIDTH - n :]
        right = real[START:].mean(0)
        column = stream[i, max(START, WIDTH - n) :].mean(0)
        expected = {"right": right, "start counted from column 0": column}
        expected["divided by the padded length"] = real[START:].sum(0) / WIDTH
        for name, did in DID.items():
            assert torch.allclose(found[name][i], expected[did], atol=1e-6), name


@pytest.mark.parametrize(
    ("answer", "advice"),
    [
        (lambda: "B", "Return a dictionary"),
        (lambda: {"A": "right"}, "Return a dictionary"),
        (lambda: DID | {"A": "wrong"}, "A is 'wrong'"),
        (lambda: DID | {"A": "right"}, "you name 2"),
        (lambda: DID | {"C": "nothing skipped"}, "2 of 3 are so"),
        (lambda: dict(DID), "passed."),
    ],
)
def test_advice(answer: Callable[[], Any], advice: str, capsys: Any) -> None:
    passed = checks.who_pooled(answer)
    assert advice in capsys.readouterr().out
    assert passed == (advice == "passed.")
