"""The spread of a control, the two models side by side, the table toy and real."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from helpers.show import (
    charts,
    draw_rows,
    emotion_map,
    over_control,
    toy_and_real,
    two_models,
    with_draws,
)
from helpers.show.charts.maps import LETTER, LINE, SIZE
from helpers.show.charts.two_models import _share
from helpers.stats import Estimate


def figure(frame: pd.DataFrame) -> alt.LayerChart:
    return charts.intervals(frame, "method", color="who", title="t", reference=0.5)


def frame(*values: float) -> pd.DataFrame:
    rows = [(f"m{i}", "own", v, v - 0.1, v + 0.1) for i, v in enumerate(values)]
    return pd.DataFrame(rows, columns=["method", "who", "value", "low", "high"])


def null(names: list[str], n: int = 200) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    rows = [(c, m, rng.normal()) for c in names for m in ("m0", "m1") for _ in range(n)]
    return pd.DataFrame(rows, columns=["control", "method", "value"])


def grays(chart: Any) -> list[Any]:
    return [v for v in chart.to_dict()["layer"] if "fill" in v["encoding"]]


def test_gray_is_the_spread_of_draws_and_not_of_their_mean() -> None:
    draws = null(["random"])
    chart = over_control(figure(frame(0.2, 0.8)), draws)
    (layer,) = grays(chart)
    rows = pd.DataFrame(chart.to_dict()["datasets"][layer["data"]["name"]])
    one = draws[draws["method"] == "m0"]["value"]
    got = rows.set_index("method").loc["m0"]
    assert ((one > got["low"]) & (one < got["high"])).mean() == pytest.approx(0.95)
    assert got["high"] - got["low"] > 10 * 2 * 1.96 * one.std() / len(one)
    assert layer["encoding"]["y"] == chart.to_dict()["layer"][-2]["encoding"]["y"]


def test_rows_of_figures_and_draws_are_one_chart() -> None:
    b = ("b", 2)
    found = {"a": Estimate(0.2, 0.1, 0.3), b: Estimate(0.8, 0.7, 0.9)}
    nulls = {"a": {"lot": [0.0, 0.1]}, b: {"lot": [0.2], "random": [0.3]}}
    rows = draw_rows(found, nulls)
    assert set(rows["what"]) == {"a", "b, 2"}
    assert (rows["control"] == "").sum() == 2
    assert len(rows) == 6
    real = rows["control"] == ""
    own, style = rows[real].assign(dot="measured"), {"color": "dot", "title": "t"}
    right = over_control(
        charts.intervals(own, "what", **style),
        rows[~real][["what", "control", "value"]],
    )
    assert with_draws(rows, "what", title="t").to_dict() == right.to_dict()
    shown = with_draws(rows.assign(who=rows["what"]), "what", color="who", title="t")
    points = [v for v in shown.to_dict()["layer"] if v["mark"]["type"] == "point"]
    assert points[0]["encoding"]["color"]["field"] == "who"


def test_two_controls_are_told_apart_and_three_refused() -> None:
    first, second = grays(over_control(figure(frame(0.2, 0.8)), null(["a", "b"])))
    scale = first["encoding"]["fill"]["scale"]
    assert scale == second["encoding"]["fill"]["scale"]
    assert scale["domain"] == ["a", "b"]
    assert len(set(scale["range"])) == 2
    with pytest.raises(ValueError, match="3 controls are too many"):
        over_control(figure(frame(0.2, 0.8)), null(["a", "b", "c"]))
    draws = null(["a", "b"])
    draws.loc[0, "value"] = np.nan
    with pytest.raises(ValueError, match="1 of 800 draws are not finite"):
        over_control(figure(frame(0.2)), draws)


def test_a_control_goes_along_lines_as_a_band_and_over_bars_in_front() -> None:
    curve = pd.DataFrame({"layer": [0, 1, 2], "r": [0.1, 0.5, 0.4]})
    draws = curve.loc[curve.index.repeat(50)].assign(control="shuffled")
    draws["r"] = np.random.default_rng(0).normal(size=len(draws))
    chart = over_control(charts.lines(curve, "layer", "r", title="t"), draws, value="r")
    (band,) = grays(chart)
    assert band["mark"]["type"] == "area"
    assert band["encoding"]["y2"] == {"field": "high"}
    bars = charts.bars(frame(0.2, 0.8), "value", "method", title="t")
    assert "fill" in over_control(bars, null(["a"])).to_dict()["layer"][-1]["encoding"]


def test_few_draws_are_each_shown() -> None:
    layers = over_control(figure(frame(0.2, 0.8)), null(["a"], n=8)).to_dict()["layer"]
    assert "tick" in [layer["mark"]["type"] for layer in layers]


def test_two_models_share_a_scale() -> None:
    specs = [figure(frame(*v)).to_dict() for v in ((0.2, 0.9), (-0.4, 0.1))]
    _share(specs, "x")
    domains = {
        tuple(layer["encoding"]["x"]["scale"]["domain"])
        for spec in specs
        for layer in spec["layer"]
        if "type" in layer["encoding"]["x"]
    }
    ((low, high),) = domains
    assert (low, high) == pytest.approx((-0.5, 1.0))


def test_two_models_are_two_named_charts_in_one_output() -> None:
    made = two_models(frame(0.2), frame(0.4), figure, real_name="a <model>", share="x")
    soup = BeautifulSoup(made.data, "html.parser")
    assert soup.figcaption is not None
    assert soup.figcaption.text == "t"
    assert len(soup.select("div[id^=altair-viz]")) == 2
    assert "toy: tiny" in made.data
    assert "real: a <model>" in made.data
    alone = two_models(frame(0.2), None, figure)
    assert "real was not run here" in alone.data
    with pytest.raises(ValueError, match="columns \\['odd'\\]"):
        two_models(frame(0.2), frame(0.4).assign(odd=1), figure)
    with pytest.raises(ValueError, match="several views \\(hconcat\\)"):
        two_models(frame(0.2), None, lambda f: alt.hconcat(figure(f), figure(f)))


VALUE, RISE = Estimate(0.71, 0.64, 0.78), Estimate(0.21, 0.1, 0.3)


@dataclass(frozen=True)
class Verdict:
    word: str
    value: Estimate = VALUE
    control: float = 0.5
    difference: Estimate = RISE
    p: float = 0.012
    family: int = 3
    reason: str = "a floor"
    groups: str = "8 topics"


def test_toy_and_real_says_a_word_and_keeps_the_numbers_behind_it() -> None:
    rows = [
        ("a < b", Verdict("beyond"), Verdict("not told apart")),
        ("c", Verdict("below its control"), Verdict("cannot be told")),
        ("d", Verdict("beyond"), None),
    ]
    soup = BeautifulSoup(toy_and_real(rows, real="smollm2").data, "html.parser")
    lines = [[c.text for c in row.select("td")] for row in soup.select("tbody tr")]
    assert "holds" in lines[0][0]
    assert "does not hold" in lines[0][1]
    assert "does not hold" in lines[1][0]
    assert "cannot be told" in lines[1][1]
    assert lines[2][1] == "not run"
    told = "0.71 [0.64, 0.78], control 0.50; difference 0.21 [0.10, 0.30]; p = 0.012 "
    assert f"{told}(Holm, 3 tests); n = 8 topics; a floor" in lines[0][0]
    assert soup.select("th[scope=row]")[0].text == "a < b"
    with pytest.raises(ValueError, match="no verdict says 'perhaps'"):
        toy_and_real([("a", Verdict("perhaps"), None)])
    with pytest.raises(ValueError, match="no claim"):
        toy_and_real([])


def on_a_map(n: int = 171) -> pd.DataFrame:
    rng = np.random.default_rng(4)
    rows = {
        "x": rng.normal(size=n),
        "y": 3 * rng.normal(size=n),
        "valence": rng.uniform(-1, 1, n),
        "emotion": [f"word {i}" for i in range(n)],
        "x axis": "first",
        "y axis": "second",
    }
    both = [pd.DataFrame(rows).assign(space=s) for s in ("block 1", "block 2")]
    return pd.concat(both, ignore_index=True)


def test_names_on_the_map_do_not_overlap_and_are_inside() -> None:
    spec = emotion_map(on_a_map(), title="t").to_dict()
    rows = pd.DataFrame(next(v for v in spec["datasets"].values() if "shown" in v[0]))
    one = rows[(rows["space"] == "block 1") & rows["shown"]]
    assert 12 <= len(one) < 100
    x, y = (one[c].to_numpy() * SIZE / 2.3 for c in "xy")
    n = one["emotion"].str.len().to_numpy() * LETTER
    near = np.abs(x[:, None] - x) <= (n[:, None] + n) / 2
    near &= np.abs(y[:, None] - y) <= LINE
    assert (near == np.eye(len(one), dtype=bool)).all()
    assert (np.abs(x) + n / 2 < SIZE / 2).all()
    assert rows[["x", "y"]].abs().max().tolist() == [1, 1]


def test_each_space_of_the_map_has_its_own_axes() -> None:
    spec = emotion_map(on_a_map(), title="t", start="block 2").to_dict()
    (menu,) = spec["params"]
    assert menu["bind"]["options"] == ["block 1", "block 2"]
    assert menu["value"] == "block 2"
    kept = [v["transform"][-1]["filter"] for v in spec["layer"] if "transform" in v]
    assert len(kept) == len(spec["layer"])
    assert all("datum['space']" in f for f in kept)
