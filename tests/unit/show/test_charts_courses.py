"""Charts and controls of chapters 05 and 07, drawn and read back."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import altair as alt
import pandas as pd
import pytest
import torch
import vl_convert

from helpers.activations import last_position, residual_stream
from helpers.models import chat_prompt
from helpers.show import charts, widgets
from helpers.show.charts import basic
from helpers.show.panels import messages, texts
from helpers.vectors import EmotionVectors


def svg(chart: Any) -> str:
    return str(vl_convert.vegalite_to_svg(chart.to_dict()))


def table() -> pd.DataFrame:
    rows = [(p, m, 0.5, 0.4, 0.6) for p in ("here", "there") for m in "abc"]
    return pd.DataFrame(rows, columns=["place", "name", "value", "low", "high"])


@pytest.mark.parametrize("reference", [None, 0.3])
def test_a_picked_row_is_alone_in_every_layer(reference: float | None) -> None:
    bars = charts.bars(
        table(),
        "value",
        "name",
        low="low",
        high="high",
        title="t",
        reference=reference,
    )
    picked = charts.pick(bars, "place", ["here", "there"], label="Place")
    drawn = re.findall(r'aria-roledescription="bar"', svg(picked))
    assert len(drawn) == 3
    assert len(re.findall(r'aria-roledescription="bar"', svg(bars))) == 6


def test_controls_are_gray_and_lines_are_not() -> None:
    rows = [(x, 0.1 * x, 0.0, 0.3, n) for n in ("real", "random") for x in range(3)]
    frame = pd.DataFrame(rows, columns=["x", "y", "low", "high", "line"])
    bands = {"low": "low", "high": "high", "control": ["random"]}
    options = {"color": "line", "title": "t", "reference": 0.0}
    chart = charts.lines(frame, "x", "y", **bands, **options)
    scale = chart.to_dict()["layer"][0]["encoding"]["color"]["scale"]
    paint = dict(zip(scale["domain"], scale["range"], strict=True))
    assert paint["random"] == basic.GRAY
    assert paint["real"] != basic.GRAY
    assert svg(chart).count("real") > 0


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, Any]]:
    """What a control would show: its still and its live face."""
    faces: list[tuple[Any, Any]] = []
    monkeypatch.setattr(widgets, "two_faces", lambda *both: faces.append(both))
    return faces


def random_vectors(model: Any, layer: int) -> EmotionVectors:
    rows = torch.randn(12, 32, generator=torch.Generator().manual_seed(layer))
    names = tuple(f"emotion{i}" for i in range(12))
    return EmotionVectors(rows, names, layer, "m", 2.0, torch.zeros(32), 0, {})


def test_a_message_shows_its_highest_emotions(
    random_model: Any, shown: list, own_cache: Any
) -> None:
    vectors, said = random_vectors(random_model, 2), ["The cat sat.", "Rain."]
    center = torch.ones(32)
    messages.read_message(random_model, vectors, said, center)
    still, _ = shown[0]
    prompts = [chat_prompt(random_model, m) for m in said]
    read = last_position(random_model, prompts, 2) - center
    best = (read @ vectors.unit.T / 2.0).max(-1).values
    rows = still.data if isinstance(still.data, pd.DataFrame) else still.layer[0].data
    top = rows.groupby("message", sort=False)["score"].max()
    torch.testing.assert_close(torch.tensor(list(top)).float(), best)
    assert isinstance(still, alt.LayerChart)


def test_a_long_text_offers_fewer_emotions(
    random_model: Any, shown: list, monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors, text = random_vectors(random_model, 2), "The cat sat on the mat. " * 6
    assert alt.data_transformers.options.get("max_rows", 5000) > texts.ROWS
    monkeypatch.setattr(texts, "ROWS", 200)
    texts.read_text(random_model, vectors, text, start="emotion3")
    texts.read_text(random_model, vectors, text[:24], start="emotion3")
    tables = [
        pd.concat(pd.DataFrame(t) for t in still.to_dict()["datasets"].values())
        for still, _ in shown
    ]
    long, short = (set(table["emotion"]) for table in tables)
    assert {"emotion3"} < long < short
    assert len(tables[0]) <= 200


def test_each_layer_is_read_with_its_own_vectors(
    random_model: Any, shown: list
) -> None:
    by_layer = {one: random_vectors(random_model, one) for one in (0, 3)}
    by_layer[3] = replace(by_layer[3], norm=4.0)
    text = "The cat sat on the mat."
    messages.read_layers(random_model, by_layer, text, "emotion5")
    still, _ = shown[0]
    layer = still.layer[0]
    rows = still.data if isinstance(still.data, pd.DataFrame) else layer.data
    for one, own in by_layer.items():
        right = own.scores(residual_stream(random_model, text, one))[:, 5]
        found = rows[rows["layer"] == one].sort_values("position")["score"]
        torch.testing.assert_close(torch.tensor(list(found)).float(), right)
