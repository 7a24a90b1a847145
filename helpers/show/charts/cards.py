"""Pictures of cards: who is beyond which control, and one figure of many models."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from helpers.card import ABSENT, AGAINST, HOLDS, OPEN, UNMEASURED, UNTOLD
from helpers.show.charts.basic import BLUE, COLORS, GRAY, ORANGE, WIDTH, lines, titled

PAINT = {
    "beyond its control": "#2b6c8f",
    "not told apart": "#d9d9d9",
    "below its control": "#d97b29",
    UNTOLD: "#efe3b8",
    "not measured": "#ffffff",
}
STATUS = {HOLDS: "#2b6c8f", ABSENT: "#d9d9d9", AGAINST: "#d97b29"}
STATUS |= {
    UNTOLD: "#efe3b8",
    OPEN: "#e4dff0",
    UNMEASURED: "#ffffff",
    "not needed": "#ffffff",
}
TIPS = ["value", "low", "high", "control", "control_low", "control_high"]


def verdict_grid(table: pd.DataFrame, *, title: str) -> Any:
    """A cell for each model and figure: its value, colored by its verdict.

    `table` is that of `compare_cards`. Taught in chapter 13.
    """
    shown = table.assign(
        text=[f"{v:.2f}" if v == v else "–" for v in table["value"]],
        dark=table["verdict"].isin(["beyond its control", "below its control"]),
    )
    models = list(dict.fromkeys(shown["model"]))
    figures = list(dict.fromkeys(shown["figure"]))
    scale = alt.Scale(domain=list(PAINT), range=list(PAINT.values()))
    legend = alt.Legend(orient="bottom", title=None, columns=2, labelLimit=200)
    tips = [alt.Tooltip(f"{c}:Q", format=".3f") for c in TIPS]
    axis = alt.Axis(orient="top", labelAngle=0, labelLimit=110)
    base = alt.Chart(shown).encode(
        x=alt.X("model:N", sort=models, title=None, axis=axis),
        y=alt.Y("figure:N", sort=figures, title=None),
        tooltip=["model", "figure", *tips, "against", "verdict", "unit"],
    )
    cells = base.mark_rect(stroke="#fff", strokeWidth=2).encode(
        color=alt.Color("verdict:N", scale=scale, legend=legend)
    )
    ink = alt.condition("datum.dark", alt.value("#fff"), alt.value("#222"))
    words = base.mark_text(fontSize=12).encode(text="text:N", color=ink)
    width = min(WIDTH - 120, 110 * len(models))
    chart = alt.layer(cells, words).properties(width=width, height=24 * len(figures))
    told = "; ".join(
        f"{r.figure} of {r.model} {r.text}, {r.verdict}" for r in shown.itertuples()
    )
    return titled(chart, title, f"Figures of models and their verdicts: {told}")


def one_figure(table: pd.DataFrame, *, title: str) -> Any:
    """A figure of several models: dots with intervals, and the control's range in gray.

    Filter `table` to one figure, or let `charts.pick` do it. Taught in chapter 13.
    """
    models = list(dict.fromkeys(table["model"]))
    shown = table.dropna(subset=["value"])
    y = alt.Y("model:N", sort=models, title=None)
    near = alt.Scale(zero=False)
    tips = [alt.Tooltip(f"{c}:Q", format=".3f") for c in TIPS]
    base = alt.Chart(shown).encode(
        y=y, tooltip=["model", "figure", *tips, "against", "verdict", "unit"]
    )
    wide = base.mark_bar(height=16, color=GRAY, opacity=0.45).encode(
        x=alt.X("control_low:Q", title="value (gray: its control)", scale=near),
        x2="control_high:Q",
    )
    tick = base.mark_tick(color="#666", thickness=2, size=16).encode(x="control:Q")
    rule = base.mark_rule(color=BLUE, strokeWidth=3).encode(x="low:Q", x2="high:Q")
    dot = base.mark_point(filled=True, size=90, color=ORANGE, opacity=1)
    chart = alt.layer(wide, tick, rule, dot.encode(x="value:Q"))
    chart = chart.properties(width=WIDTH - 180, height=max(90, 34 * len(models)))
    return titled(chart, title, "A figure of each model, with its interval and control")


def half_widths(
    table: pd.DataFrame, *, title: str, axis: str = "half-widths of the interval"
) -> Any:
    """Unlike figures on one axis: each difference in half-widths of its own interval.

    Columns figure, which, difference, low, high, verdict. From -1 to 1, in gray, the
    interval covers 0. Filled where the verdict is beyond or below. A difference without
    an interval is left out. Taught in chapter 13.
    """
    half = (table["high"] - table["low"]) / 2
    shown = table.assign(apart=table["difference"] / half)
    shown["sure"] = shown["verdict"].isin(["beyond", "below"])
    shown = shown[np.isfinite(half) & (half > 0)]
    names, order = (list(dict.fromkeys(table[c])) for c in ("which", "figure"))
    ticks = alt.Axis(values=[-100, -10, -1, 1, 10, 100], labelAngle=0)
    scale = alt.Scale(type="symlog", constant=1, padding=8)
    edges = pd.DataFrame({"from": [-1.0], "to": [1.0]})
    band = alt.Chart(edges).mark_rect(color=GRAY, opacity=0.35)
    band = band.encode(x=alt.X("from:Q", title=axis, scale=scale), x2="to:Q")
    legend = alt.Legend(orient="bottom", title=None, columns=2, labelLimit=220)
    paint = alt.Scale(domain=names, range=list(COLORS[: len(names)]))
    color = alt.Color("which:N", scale=paint, legend=legend)
    inside = alt.Fill("which:N", scale=paint, legend=None)
    tips = [alt.Tooltip(f"{c}:Q", format=".3f") for c in ("difference", "low", "high")]
    dots = alt.Chart(shown).mark_point(size=55, strokeWidth=2, opacity=1)
    dots = dots.encode(
        x=alt.X("apart:Q", title=axis, scale=scale, axis=ticks),
        y=alt.Y("figure:N", sort=order, title=None),
        color=color,
        shape=alt.Shape("which:N", scale=alt.Scale(domain=names), legend=legend),
        fill=alt.condition("datum.sure", inside, alt.value("#ffffff00")),
        tooltip=["figure", "which", *tips, "verdict"],
    )
    chart = alt.layer(band, dots).properties(width=WIDTH - 180, height=alt.Step(17))
    told = shown[shown["sure"]].groupby("which", sort=False)["figure"].agg(", ".join)
    words = "; ".join(f"{which}: {names}" for which, names in told.items())
    return titled(chart, title, f"Outside the band, all figures counted. {words}")


def ladder(table: pd.DataFrame, *, title: str) -> Any:
    """The rungs of a claim from the bottom up, colored by whether they hold.

    `table` is that of `weigh`, of one claim or of many (then pick one). Taught in
    chapter 14.
    """
    rungs = list(dict.fromkeys(table["rung"]))[::-1]
    scale = alt.Scale(domain=list(STATUS), range=list(STATUS.values()))
    shown = table.assign(left=0, right=1)
    base = alt.Chart(shown).encode(
        y=alt.Y("rung:N", sort=rungs, title=None, axis=alt.Axis(labelFontSize=12)),
        tooltip=["rung", "status", "evidence"],
    )
    bars = base.mark_bar(stroke=GRAY, height=22).encode(
        x=alt.X("left:Q", axis=None, scale=alt.Scale(domain=[0, 1])),
        x2="right:Q",
        color=alt.Color("status:N", scale=scale, legend=None),  # the word is there
        opacity=alt.condition("datum.needed", alt.value(1), alt.value(0.25)),
    )
    ink = alt.condition(
        f"datum.status == '{HOLDS}' || datum.status == '{AGAINST}'",
        alt.value("#fff"),
        alt.value("#222"),
    )
    words = base.mark_text(align="left", dx=6, fontSize=12).encode(
        x="left:Q", text="status:N", color=ink
    )
    chart = alt.layer(bars, words).properties(width=WIDTH - 180, height=28 * len(rungs))
    needed = table[table["needed"]]
    told = "; ".join(f"{r.rung}: {r.status}" for r in needed.head(9).itertuples())
    return titled(chart, title, f"The rungs of a claim, from the bottom up. {told}")


def norm_curves(table: pd.DataFrame, *, title: str) -> Any:
    """Mean length of a row by layer, a line a family, on a logarithmic axis.

    Columns family, layer, norm. Taught in chapter 13.
    """
    options: dict[str, Any] = {"color": "family", "y_title": "mean length of a row"}
    return lines(table, "layer", "norm", title=title, log=True, **options)


def family_grid(table: pd.DataFrame, *, title: str) -> Any:
    """Which chapter ran on which family."""
    names = ["runs", "refused", "fails"]
    scale = alt.Scale(domain=names, range=["#2b6c8f", "#efe3b8", "#d97b29"])
    families = list(dict.fromkeys(table["family"]))
    chart = (
        alt.Chart(table)
        .mark_rect(stroke="#fff", strokeWidth=2)
        .encode(
            x=alt.X("family:N", sort=families, title=None),
            y=alt.Y("chapter:N", title=None),
            color=alt.Color("status:N", scale=scale, title=None),
            tooltip=["family", "about", "chapter", "status", "detail"],
        )
    )
    size = {"width": 30 * len(families), "height": 22 * table["chapter"].nunique()}
    counts = table["status"].value_counts().to_dict()
    return titled(chart.properties(**size), title, f"Chapters by family: {counts}")
