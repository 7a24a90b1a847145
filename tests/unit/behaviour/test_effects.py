"""Planted effects are found, planted noise is not, and each refusal says why."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from helpers.behaviour import (
    act_rates,
    agreement,
    best_dose,
    control_gaps,
    effects_by_emotion,
    gap,
    random_control,
)
from helpers.behaviour.effects import at_dose
from helpers.vectors import EmotionVectors


def planted(effect: float, n: int = 40, noise: float = 0.1) -> pd.DataFrame:
    """Rates of `cheat` under up and down, which differ by twice `effect` at 1.0."""
    rng, rows = np.random.default_rng(2), []
    own = rng.normal(0.5, 0.1, n)  # scenes differ, the same for every dose
    for vector, sign in (("up", 1), ("down", -1)):
        for strength in (0.0, 0.5, 1.0):
            noisy = noise * rng.standard_normal(n) * (strength > 0)
            for scene, level in enumerate(own + sign * strength * effect + noisy):
                rows.append((vector, strength, scene, level, 1.0 - 0.1 * strength))
    names = ["vector", "strength", "scene", "cheat", "mass"]
    return pd.DataFrame(rows, columns=names)


def test_a_planted_gap_is_found_and_paired_by_scene() -> None:
    found = gap(planted(0.15), "cheat", ("up", 1.0), ("down", 1.0))
    assert found.low < 0.3 < found.high
    assert found.low > 0.2
    # Scenes differ by 0.1 each; pairing takes that out of the interval.
    quiet = gap(planted(0.15, noise=0.001), "cheat", ("up", 1.0), ("down", 1.0))
    assert quiet.high - quiet.low < 0.005


def test_noise_is_no_gap() -> None:
    found = gap(planted(0.0), "cheat", ("up", 1.0), ("down", 1.0))
    assert found.low < 0 < found.high


def test_rows_may_be_in_any_order() -> None:
    rates = planted(0.15)
    mixed = rates.sample(frac=1, random_state=1)
    one, other = ("up", 1.0), ("down", 0.5)
    assert gap(mixed, "cheat", one, other).value == pytest.approx(
        gap(rates, "cheat", one, other).value
    )


def test_a_dose_that_was_not_measured_is_refused() -> None:
    with pytest.raises(ValueError, match="no rows for 'up'"):
        at_dose(planted(0.1), ("up", 0.7))


def test_best_dose_wants_the_widest_gap_among_sound_ones() -> None:
    swept = pd.concat(
        [
            planted(0.1, noise=0.0).assign(layer=1),
            planted(0.2, noise=0.0).assign(layer=2),
        ]
    )
    best = best_dose(swept, "cheat", "up", "down", least=0.85)
    assert (best["layer"], best["strength"]) == (2, 1.0)
    assert best["gap"] == pytest.approx(0.4)
    sound = best_dose(swept, "cheat", "up", "down", least=0.95)
    assert (sound["layer"], sound["strength"]) == (2, 0.5)
    reverse = best_dose(swept, "cheat", "down", "up", least=0.95)
    assert reverse["strength"] == 0.0


def test_where_little_is_left_the_soundest_are_tried() -> None:
    swept = planted(0.2, noise=0.0).assign(layer=1)
    swept["mass"] *= 0.5 ** swept["strength"]
    best = best_dose(swept, "cheat", "up", "down", least=2.0)
    assert best["strength"] == 0.0
    swept["mass"] = 0.6 - 0.05 * swept["strength"]
    best = best_dose(swept, "cheat", "up", "down", least=0.9)
    assert best["strength"] == 1.0


def test_agreement_finds_a_planted_r_and_covers_none() -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal(200)
    found = agreement(x, 0.8 * x + 0.6 * rng.standard_normal(200))
    assert found["low"] < 0.8 < found["high"]
    assert found["shuffled"] < 0.2 < found["low"]
    none = agreement(x, rng.standard_normal(200))
    assert none["low"] < 0 < none["high"]
    with pytest.raises(ValueError, match="same rows"):
        agreement([1, 2], [1, 2])


def some_vectors(n: int = 3) -> EmotionVectors:
    generator = torch.Generator().manual_seed(4)
    rows = torch.randn(n, 32, generator=generator)
    names = tuple(f"e{i}" for i in range(n))
    return EmotionVectors(rows, names, 1, "llama", 4.0, torch.zeros(32), 0)


def test_random_control_has_the_norm_of_the_vectors() -> None:
    vectors = some_vectors()
    control = random_control(vectors, 20)
    assert len(control) == 20
    sizes = torch.stack(list(control.values())).norm(dim=-1)
    torch.testing.assert_close(sizes, vectors.vectors.norm(dim=-1).mean().expand(20))


def test_effects_are_changes_from_no_steering(random_model: Any) -> None:
    scenes = pd.DataFrame(
        {
            "prompt": ["The cat sat", "Nobody came to the"],
            "choices": [{"one": "x", "two": "y"}] * 2,
        }
    )
    vectors = some_vectors()
    found = effects_by_emotion(random_model, scenes, vectors, 0.7)
    assert list(found.index) == list(vectors.emotions)
    plain = act_rates(random_model, scenes)["one"].mean()
    steered = act_rates(
        random_model, scenes, vector=vectors["e1"], layer=1, strength=0.7, norm=4.0
    )
    right = steered["one"].mean() - plain
    assert found.loc["e1", "one"] == pytest.approx(right, abs=1e-4)
    np.testing.assert_allclose(found["one"] + found["two"], 0, atol=1e-5)


def test_gaps_of_a_control_are_those_of_its_pairs() -> None:
    means = {"a": 0.1, "b": 0.2, "c": 0.5}
    rows = [(v, m + d) for v, m in means.items() for d in (-0.05, 0.05)]
    rates = pd.DataFrame(rows, columns=["vector", "cheat"])
    assert control_gaps(rates, "cheat", share=1.0) == pytest.approx(0.4)
    assert control_gaps(rates, "cheat", share=0.0) == pytest.approx(0.1)
    assert control_gaps(rates, "cheat", share=0.5) == pytest.approx(0.3)
    with pytest.raises(ValueError, match="no pair"):
        control_gaps(rates.query("vector == 'a'"), "cheat")
