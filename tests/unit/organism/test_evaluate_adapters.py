"""Measuring adapters: no difference where there is none, and planted ones found."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from helpers.datasets import load_replies
from helpers.models import sketch
from helpers.organism.evaluate import adapters as measured


def test_measures_of_one_model_thrice_do_not_differ(
    smollm2: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, few in {"DRAWS": 2, "EACH": 40, "TOKENS": 4}.items():
        monkeypatch.setattr(measured, name, few)
    model = sketch("llama", smollm2.tokenizer)
    rows = load_replies().query("split == 'test'").reset_index(drop=True)
    one = measured.measure_model(model, measured.own_vectors(model), rows)
    found = dict.fromkeys(measured.MODELS, one)
    for part in (measured.of_scores(one, rows), measured.of_nats(rows)):
        for _, measure, name, value, low, high, _ in measured.table(found, "", part):
            assert np.isfinite([value, low, high]).all(), measure
            if "minus" in name:
                assert (value, low, high) == (0, 0, 0)


def test_a_planted_loss_of_reading_is_found() -> None:
    rows = load_replies().query("split == 'test'").reset_index(drop=True)
    task = measured.tasks(rows)["pleasant"]
    assert len(task.truth) == (rows["kind"] != "need").sum()
    clear, noise = task.truth + 0.0, np.random.default_rng(0).random(len(task.truth))
    each = (clear, clear, noise)
    found = {
        name: {"scores": {"words: pleasant": list(s)}, "limits": {"words: pleasant": 0}}
        for name, s in zip(measured.MODELS, each, strict=True)
    }
    measures = measured.of_scores(found["smollm2"], rows)
    told = {row[2]: row[3:6] for row in measured.table(found, "auc", measures)}
    assert told["smollm2-sham"][0] == 1
    assert told["smollm2-calm minus smollm2-sham"][2] < 0
    assert told["smollm2-sham minus smollm2"] == (0, 0, 0)
