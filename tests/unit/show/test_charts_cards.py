"""Pictures of cards and claims, and the tables that they are drawn from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from helpers.card import CLAIMS, compare_cards, load_pitfalls, save_card, weigh
from helpers.card.measure import FIGURES
from helpers.models import load_family_table
from helpers.show import charts, ladder_table
from helpers.show.panels import claims
from tests.book.reading import CHAPTERS


def a_card(name: str = "some", **figures: Any) -> dict[str, Any]:
    control = {"name": "random", "value": 0.0, "low": -0.1, "high": 0.1}
    own: dict[str, Any] = {"value": 0.5, "low": 0.4, "high": 0.6}
    about = {"unit": "r", "p": 0.001, "draws": 999}
    good = own | {"control": control, "difference": own} | about
    good["left out"] = {f"g{i}": 0.5 for i in range(8)}
    parts = {"format": 2, "layer": 2, "sizes": {}, "versions": {}}
    made = {f: good for f in FIGURES} | figures
    return {**parts, "model": {"name": name}, "figures": made}


def data_of(chart: Any) -> list[dict[str, Any]]:
    spec = chart.to_dict()
    return [row for rows in spec["datasets"].values() for row in rows]


def test_a_grid_shows_every_figure_with_its_verdict() -> None:
    cards = [a_card("one"), a_card("two", lens={"skipped": "no such words"})]
    chart = charts.verdict_grid(compare_cards(cards), title="t")
    rows = {(r["model"], r["figure"]): r for r in data_of(chart)}
    assert len(rows) == 2 * len(FIGURES)
    assert rows["two", "lens"]["text"] == "–"
    assert rows["two", "lens"]["verdict"] == "not measured"
    assert "lens of one 0.50, beyond its control" in chart.to_dict()["description"]


def test_one_figure_leaves_out_what_was_not_measured() -> None:
    cards = {"one": a_card(), "two": a_card(lens={"skipped": "no"})}
    table = compare_cards(cards).query("figure == 'lens'")
    rows = data_of(charts.one_figure(table, title="t"))
    assert {r["model"] for r in rows} == {"one"}


def test_unlike_figures_stand_on_one_axis() -> None:
    rows = [("r", "one", 0.4, 0.2, 0.6, "beyond"), ("r", "two", -3.0, -9.0, 3.0, "not")]
    rows += [("nats", "one", 1.0, -np.inf, np.inf, "cannot be told")]
    names = ["figure", "which", "difference", "low", "high", "verdict"]
    chart = charts.half_widths(pd.DataFrame(rows, columns=names), title="t")
    shown = {(r["figure"], r["which"]): r for r in data_of(chart) if "apart" in r}
    assert shown.keys() == {("r", "one"), ("r", "two")}
    assert shown["r", "one"]["apart"] == pytest.approx(2)
    assert shown["r", "one"]["sure"]
    assert shown["r", "two"]["apart"] == pytest.approx(-0.5)
    assert not shown["r", "two"]["sure"]
    assert "one: r" in chart.to_dict()["description"]


def test_a_ladder_stands_on_its_lowest_rung() -> None:
    chart = charts.ladder(weigh(a_card(), CLAIMS[-1]), title="t").to_dict()
    sort = chart["layer"][0]["encoding"]["y"]["sort"]
    assert sort[-1] == "decodable"
    assert sort[0] == "felt"


def test_the_ladder_is_a_table_with_its_figures_behind_each_word() -> None:
    asked = BeautifulSoup(ladder_table().data, "html.parser")
    heads = [row.th.text for row in asked.select("tbody tr")]
    assert heads[0] == "decodable"
    assert heads[-1] == "felt"
    assert asked.select("td")[0]["data-model"] == "asks"
    low = {"value": -0.5, "low": -0.6, "high": -0.4}
    below = a_card()["figures"]["auc"] | {"difference": low}
    cards = {"toy: a <b>": a_card(), "real": a_card(auc=below)}
    both = BeautifulSoup(ladder_table(cards).data, "html.parser")
    toy, real = both.select("tbody tr")[0].select("td")
    assert toy["data-model"] == "toy: a <b>"
    assert toy.summary.text == "● holds"
    assert real.summary.text == "○ points the other way"
    assert "auc 0.50 [0.40, 0.60], random 0.00 [-0.10, 0.10]: below its" in real.text
    assert (
        both.select("tbody tr")[-1].select("td")[1].summary.text == "? no test decides"
    )


def test_norms_are_drawn_on_a_logarithmic_axis() -> None:
    rows = pd.DataFrame({"family": ["a", "a"], "layer": [0, 1], "norm": [0.1, 30.0]})
    chart = charts.norm_curves(rows, title="t").to_dict()
    scales = [layer["encoding"]["y"]["scale"]["type"] for layer in chart["layer"]]
    assert set(scales) == {"log"}


def test_the_family_table_is_read_or_empty(tmp_path: Path) -> None:
    cell = {"family": "Llama", "chapter": "03", "status": "runs", "detail": ""}
    made = {"families": {"Llama": {"about": "untied"}}, "cells": [cell]}
    path = tmp_path / "families.json"
    assert load_family_table(path).empty
    path.write_text(json.dumps(made))
    table = load_family_table(path)
    assert table.iloc[0].to_dict() == cell | {"about": "untied"}
    drawn = data_of(charts.family_grid(table, title="t"))
    assert drawn[0]["status"] == "runs"


def test_panels_have_two_faces(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    claims.compare_figures({"one": a_card()}, start="lens")
    claims.pick_claim(a_card())
    claims.checklist()
    assert save_card(a_card(), tmp_path / "a.card.json").exists()


def test_thirty_one_questions_each_with_a_reason() -> None:
    table = load_pitfalls()
    assert len(table) == 31
    assert table["name"].is_unique
    assert table["ask"].str.contains(r"\?").all()
    assert (table["why"].str.len() > 15).all()
    chapters = {c for row in table["chapters"] for c in row.split(", ") if c}
    assert chapters <= {path.stem.split("_")[0] for path in CHAPTERS}
    assert set(table["met"]) == {"the study", "a replication", "this book"}
