"""Margins against a loop, and on planted directions."""

from __future__ import annotations

import torch

from helpers.probes import margins


def test_margins_equal_a_loop() -> None:
    rows, directions = torch.randn(7, 5), torch.randn(3, 5)
    names, truth = ("a", "b", "c"), ["a", "c", "b", "b", "a", "c", "c"]
    found = margins(rows, directions, names, truth)
    for row, name, value in zip(rows, truth, found, strict=True):
        cosines = {
            other: torch.cosine_similarity(row, direction, dim=0)
            for other, direction in zip(names, directions, strict=True)
        }
        own = cosines.pop(name)
        assert torch.isclose(value, own - max(cosines.values()), atol=1e-5)


def test_a_planted_direction_has_a_positive_margin_and_a_wrong_label_none() -> None:
    directions = torch.eye(4)
    rows = directions * torch.tensor([[1.0], [5.0], [0.1], [2.0]])
    names = ("a", "b", "c", "d")
    assert torch.allclose(margins(rows, directions, names, names), torch.ones(4))
    assert (margins(rows, directions, names, names[::-1]) < 0).all()
