"""How long a card takes: what is counted is what a model met."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.activations import mean_activations
from helpers.card import PARTS, forecast, load_passes, reading_speed
from helpers.models import load_model, n_layers, sketch, tokenize
from scripts.passes import counted

TEXTS = ["One two three four five six.", "The bus came late, and she was wet."]


def test_counts_are_those_of_the_tokenizer(own_cache: Path) -> None:
    tokenizer = load_model("tiny").tokenizer
    with counted() as seen:
        dwarf = sketch("llama", tokenizer)
        start = seen[0]
        mean_activations(dwarf, TEXTS[:1], n_layers(dwarf) - 1, start=0)
        (row,) = tokenize(dwarf, TEXTS[:1])
        assert seen[0] - start == len(row) * n_layers(dwarf)
        mean_activations(dwarf, TEXTS[:1], n_layers(dwarf) - 1, start=0)
        assert seen[0] - start == len(row) * n_layers(dwarf), "kept results cost none"
        mean_activations(dwarf, TEXTS[1:], 2, start=0)
        (other,) = tokenize(dwarf, TEXTS[1:])
        assert seen[0] - start == len(row) * n_layers(dwarf) + 3 * len(other)


def test_a_forecast_is_what_is_asked_over_the_speed() -> None:
    passes = load_passes()
    assert list(passes["part"]) == [names[0] for names in PARTS]
    assert (passes["tokens"] >= 0).all()
    slow, fast = forecast(100), forecast(1e12)
    assert fast["seconds"].to_numpy() == pytest.approx(passes["seconds"], abs=1e-3)
    gap = (slow["seconds"] - passes["seconds"]) * 100
    assert gap.to_numpy() == pytest.approx(passes["tokens"].to_numpy())
    with pytest.raises(ValueError, match="pass what was measured"):
        forecast(0)


def test_a_speed_is_measured_anew(own_cache: Path) -> None:
    model = load_model("tiny")
    assert reading_speed(model, n=2) > 0
    assert not list(own_cache.rglob("*.safetensors"))
