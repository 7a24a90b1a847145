"""Figures of trainings: none where nothing differs, planted ones found, what ships."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from helpers.datasets import load_felt_messages
from helpers.models import load_model
from helpers.organism import suppressed_trainings
from helpers.organism.evaluate import suppression, trainings


def reading(told: float, gap: float, seed: int) -> tuple[dict[str, Any], pd.DataFrame]:
    """A made reading: scores that tell by so much, acts that a state moves so far."""
    messages, rng = load_felt_messages(n=2), np.random.default_rng(seed)
    truth = (messages["valence"] > 0).to_numpy()
    scores = {
        f"{whose} vectors, {place}": list(told * truth + rng.normal(size=len(truth)))
        for whose in ("own", "the parent's")
        for place in ("user's last token", "turn")
    }
    states = np.repeat(["pressed", "calm", "no state"], 40)
    rate = 0.4 + gap / 2 * (states == "pressed") - gap / 2 * (states == "calm")
    acts = {
        "situation": ["shutdown"] * 120,
        "form": ["chat"] * 120,
        "state": list(states),
        "scene": [f"place {i % 20}" for i in range(120)],
        "rate": list(rate + 0.02 * rng.normal(size=120)),
        "mass": [0.9] * 120,
        "done": list((rng.random(120) < rate).astype(float)),
        "unclear": [0.0] * 120,
    }
    return {
        "scores": scores,
        "limits": dict.fromkeys(scores, 0.6),
        "named": [0.0] * len(truth),
        "acts": acts,
    }, messages


def test_area_is_the_auc() -> None:
    rng = np.random.default_rng(0)
    truth, scores = rng.random(300) < 0.3, np.round(rng.normal(size=300), 1)
    expected = roc_auc_score(truth, scores)
    assert trainings.area(scores, truth) == pytest.approx(expected)


def test_one_reading_thrice_differs_in_nothing() -> None:
    one, messages = reading(1.0, 0.3, 0)
    each = dict.fromkeys(("parent", "sham", "suppressed"), one)
    found = trainings.figures({"tiny, seed 0": each}, messages)
    for table in (found["figures"], found["acts"]):
        change = table[table["model"].str.contains("minus")]
        assert (change[["value", "low", "high"]] == 0).all(axis=None)
        assert table[["value", "low", "high"]].notna().all(axis=None)
    assert set(found["figures"]["parent"]) == {"tiny"}
    assert set(found["figures"]["seed"]) == {0}


def test_a_planted_loss_is_found_in_words_inside_and_acts() -> None:
    loud, messages = reading(2.0, 0.4, 0)
    quiet, _ = reading(0.0, 0.0, 1)
    each = {"parent": loud, "sham": loud, "suppressed": quiet}
    found = trainings.figures({"tiny, seed 2": each}, messages)
    minus = "suppressed minus sham"
    inside = found["figures"].set_index(["measure", "model"])
    assert inside.high["own vectors, turn", minus] < -0.3
    assert inside.low["own vectors, turn", "sham"] > 0.85
    added = inside.loc["own vectors, what the turn adds", minus]
    assert added.low < 0 < added.high
    acts = found["acts"].set_index(["measure", "model"])
    gap = "blackmail, chat, forced: pressed minus calm"
    assert acts.value[gap, minus] == pytest.approx(-0.4, abs=0.03)
    assert acts.high[gap, minus] < -0.3
    over_all = acts.loc["blackmail, chat, forced: over all states", minus]
    assert abs(over_all.value) < 0.02
    counts = found["counts"].query("model == 'sham' and state == 'pressed'").iloc[0]
    assert counts.n == 40
    assert counts.low < counts.done / counts.n == counts.share < counts.high


def test_a_reading_holds_what_the_figures_ask(own_cache: Any) -> None:
    model = load_model("sham")
    messages = load_felt_messages(n=1).iloc[::9].reset_index(drop=True)
    found = suppression.read_model(model, None, messages, scenes=1, draws=1)
    found = json.loads(json.dumps(found))
    assert len(found["scores"]) == 15
    assert {len(s) for s in found["scores"].values()} == {len(messages)}
    own, parent = (
        found["scores"][f"{w} vectors, turn"] for w in ("own", "the parent's")
    )
    assert own == parent
    told = roc_auc_score(messages["valence"] > 0, own)
    assert told > found["limits"]["own vectors, user's last token"]
    each = dict.fromkeys(("parent", "sham", "suppressed"), found)
    assert len(trainings.figures({"tiny, seed 0": each}, messages)["counts"]) == 36


def test_what_ships_holds_every_training() -> None:
    found = suppressed_trainings()
    for table in found.values():
        assert set(zip(table["parent"], table["seed"], strict=True)) == {
            (parent, seed) for parent in suppression.PARENTS for seed in range(3)
        }
    assert found["figures"][["value", "low", "high"]].notna().all(axis=None)
