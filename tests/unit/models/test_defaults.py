"""Where a model is read by default: chosen on held-out topics, with the evidence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from helpers.activations import mean_activations
from helpers.datasets import load_written_stories
from helpers.models import default_layer, default_start, load_model, properties
from scripts import defaults


def some_stories() -> pd.DataFrame:
    """Stories of three emotions about all topics."""
    table = load_written_stories()
    return table[table["emotion"].isin(["angry", "calm", "happy"])]


def test_one_pass_reads_what_many_would(own_cache: Path) -> None:
    model = load_model("tiny", device="cpu")
    read = defaults.read_topics(model, some_stories())
    topics = list(dict.fromkeys(some_stories()["topic"]))
    layers = defaults.depths(model)
    for i, start in enumerate(defaults.STARTS[::3]):
        for t in (0, 7):
            some = some_stories()
            texts = some[some["topic"] == topics[t]].sort_values("emotion")["text"]
            plain = mean_activations(model, list(texts), layers, start=start)
            assert torch.allclose(read[3 * i, :, t], plain, atol=1e-4)
    assert (
        len(list(own_cache.glob("*.safetensors"))) > 8
    )  # a topic each, and the checks


def planted(best: tuple[int, int]) -> torch.Tensor:
    """Readings by 7 starts and 3 layers of which one tells emotions apart."""
    draw = torch.Generator().manual_seed(0)
    truth = torch.randn(9, 12, generator=draw)
    read = torch.randn(len(defaults.STARTS), 3, 8, 9, 12, generator=draw)
    read[best] += 1.5 * truth
    return read


@pytest.mark.parametrize("best", [(2, 1), (6, 0)])
def test_the_place_that_reads_best_is_chosen(best: tuple[int, int]) -> None:
    found = defaults.choose_reading(planted(best))
    assert (found["start"], found["layer"]) == (defaults.STARTS[best[0]], best[1])
    table = found["right by start and layer"]
    assert table[best[0]][best[1]] == max(max(row) for row in table)
    assert found["held out"]["low"] > 1 / 9


def test_what_is_told_is_not_the_best_of_many() -> None:
    """Where nothing tells emotions apart, the best cell looks good and is not."""
    draw = torch.Generator().manual_seed(1)
    found = defaults.choose_reading(torch.randn(7, 3, 8, 9, 12, generator=draw))
    best = max(max(row) for row in found["right by start and layer"])
    assert best > found["held out"]["value"]
    assert found["held out"]["low"] < 1 / 9 < found["held out"]["high"]


def test_a_tier_is_read_where_the_evidence_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, own_cache: Path
) -> None:
    monkeypatch.setattr(defaults, "load_written_stories", some_stories)
    out = tmp_path / "tiny.json"
    defaults.main(["tiny", "--out", str(out)])
    told = json.loads(out.read_text("utf-8"))
    assert told["push"]["layer"] in told["layers"]
    assert len(told["push"]["rise by layer (nats)"]) == len(told["layers"])
    monkeypatch.setattr(properties, "evidence_file", lambda name: out)
    tier = properties.measured("tiny")
    assert (tier.layer, tier.start) == (told["layer"], told["start"])
    assert told["start"] in defaults.STARTS


def test_smollm2_is_read_by_its_evidence(smollm2: Any) -> None:
    tier = properties.TIERS["smollm2"]
    if tier.layer is not None:
        assert default_layer(smollm2) == tier.layer
    assert default_start(smollm2) == tier.start
