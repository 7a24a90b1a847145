"""Several starts in one pass are what each start gives alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from helpers.activations import mean_activations, means_by_start, pooling

TEXTS = ["the man went home late", "she sat down by the old wall again and slept"]


def test_each_start_is_that_of_mean_activations(random_model: Any) -> None:
    found = means_by_start(random_model, TEXTS, [2, 0], [3, 0, 1])
    assert found.shape[:3] == (2, 3, 2)
    for i, layer in enumerate((2, 0)):
        for j, start in enumerate((3, 0, 1)):
            alone = mean_activations(random_model, TEXTS, layer, start=start)
            assert torch.allclose(found[i, j], alone, atol=1e-5)


def test_texts_are_read_once_for_all_starts_and_then_kept(
    random_model: Any, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs: list[int] = []
    whole = pooling.pool_once

    def note(model: Any, rows: Any, *others: Any) -> Any:
        runs.append(len(rows))
        return whole(model, rows, *others)

    monkeypatch.setattr(pooling, "pool_once", note)
    first = means_by_start(random_model, TEXTS, [1], [0, 1, 2])
    assert sum(runs) == len(TEXTS)
    assert torch.equal(means_by_start(random_model, TEXTS, [1], [0, 1, 2]), first)
    assert sum(runs) == len(TEXTS)


def test_a_start_beyond_a_text_is_refused(random_model: Any) -> None:
    with pytest.raises(ValueError, match="none is left from start=90"):
        means_by_start(random_model, TEXTS, [1], [0, 90])
    with pytest.raises(ValueError, match="no starts"):
        means_by_start(random_model, TEXTS, [1], [])
