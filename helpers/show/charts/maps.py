"""The map of emotions: names on it, and axes that say what they are."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from helpers.show.charts.basic import DIVERGING, pick, titled

AXES = ["x axis", "y axis"]
SIZE = 326  # pixels: as `two_models` shows it
LETTER, LINE = 6.2, 15.0  # pixels of a name at font size 11


def emotion_map(places: pd.DataFrame, *, title: str, start: Any = None) -> Any:
    """All emotions on two axes, colored by valence; a menu picks the space.

    `places` has a row for each space and emotion: space, emotion, x, y, valence, and
    what each axis is, `x axis` and `y axis`. Each space fills the chart. Names are
    printed where they have room, those at the ends first. Taught in chapter 06.
    """
    each = [named(rows) for _, rows in places.groupby("space", sort=False)]
    rows = pd.concat(each, ignore_index=True)
    flat = alt.Axis(labels=False, ticks=False, grid=False, title=None)
    wide = alt.Scale(domain=[-1.15, 1.15], nice=False)
    ends = rows.drop_duplicates("space")[["space", *AXES]]
    light = rows.drop(columns=AXES).round({"x": 3, "y": 3, "valence": 3})
    base = alt.Chart(light).encode(
        x=alt.X("x:Q", axis=flat, scale=wide), y=alt.Y("y:Q", axis=flat, scale=wide)
    )
    legend = alt.Legend(orient="bottom", title="rated valence", gradientLength=120)
    dots = base.mark_circle(size=38, opacity=0.85, stroke="#555", strokeWidth=0.3)
    shade = alt.Color("valence:Q", scale=DIVERGING, legend=legend)
    tips = ["emotion", alt.Tooltip("valence:Q", format=".2f")]
    words = base.transform_filter("datum.shown").mark_text(dy=-9, fontSize=11)
    edge = alt.Chart(ends).mark_text(align="left", fontSize=11, fontStyle="italic")
    below = edge.encode(x=alt.value(4), y=alt.value(SIZE - 8), text="x axis:N")
    above = edge.encode(x=alt.value(4), y=alt.value(10), text="y axis:N")
    layers = [
        dots.encode(color=shade, tooltip=tips),
        words.encode(text="emotion:N"),
        below,
        above,
    ]
    chart = alt.layer(*layers).properties(width=SIZE, height=SIZE)
    names = list(dict.fromkeys(rows["space"]))
    if len(names) > 1:
        chart = pick(chart, "space", names, label="Read", start=start)
    return titled(chart, title, "Emotions on their first two axes.")


def named(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows at full width, and which names are `shown`: no two may overlap."""
    at = rows[["x", "y"]] / rows[["x", "y"]].abs().max()
    made = rows.assign(x=at["x"], y=at["y"])
    pixels = (at * SIZE / 2.3).to_numpy()
    widths = rows["emotion"].str.len().to_numpy() * LETTER
    kept: list[int] = []
    for i in np.argsort(-(at**2).sum(axis=1).to_numpy()):
        beside = np.abs(pixels[kept] - pixels[i])
        apart = beside[:, 0] > (widths[kept] + widths[i]) / 2
        inside = abs(pixels[i, 0]) + widths[i] / 2 < SIZE / 2
        if inside and (apart | (beside[:, 1] > LINE)).all():
            kept.append(int(i))
    return made.assign(shown=np.isin(np.arange(len(made)), kept))
