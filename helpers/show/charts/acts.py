"""Charts of acts: rates on one fixed scale, and what steering trades for what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from helpers.show.charts.basic import BLUE, GRAY, ORANGE, WIDTH, titled

WIDE_LABELS = 280


def shares(
    frame: pd.DataFrame,
    value: str,
    name: str,
    *,
    title: str,
    sort: Sequence[str],
    apart: Sequence[str] = (),
    reference: float | None = None,
    axis: str | None = None,
    description: str | None = None,
) -> alt.LayerChart:
    """Bars of shares from 0 to 1; those named in `apart` are gray.

    The scale stays the same whatever `pick` keeps, so that bars can be compared.
    """
    gray = alt.FieldOneOfPredicate(field=name, oneOf=list(apart))
    bars = (
        alt.Chart(frame)
        .mark_bar(height={"band": 0.7})
        .encode(
            x=alt.X(f"{value}:Q", title=axis or value, scale=alt.Scale(domain=[0, 1])),
            y=alt.Y(
                f"{name}:N",
                title=None,
                sort=list(sort),
                axis=alt.Axis(labelLimit=WIDE_LABELS),
            ),
            color=alt.condition(gray, alt.value(GRAY), alt.value(BLUE)),
            tooltip=[name, alt.Tooltip(f"{value}:Q", format=".2f")],
        )
    )
    layers: list[Any] = [bars]
    if reference is not None:
        rule = alt.Chart(pd.DataFrame({"x": [reference]})).mark_rule(
            strokeDash=[5, 4], color=GRAY
        )
        layers.append(rule.encode(x="x:Q"))
    height = max(60, 26 * frame[name].nunique())
    chart = alt.layer(*layers).properties(width=WIDTH - 200, height=height)
    return titled(chart, title, description or f"Bars of {value} by {name}.")


def against_control(
    frame: pd.DataFrame,
    x: str,
    y: str,
    *,
    title: str,
    kind: str = "kind",
    label: str = "vector",
    x_title: str | None = None,
    y_title: str | None = None,
    zero: bool = False,
    description: str | None = None,
) -> alt.LayerChart:
    """Named dots of emotions among unnamed ones of a control.

    `kind` is "emotion", "control" or "unsteered"; `zero` draws both axes.
    """
    scale = alt.Scale(
        domain=["emotion", "control", "unsteered"], range=[ORANGE, GRAY, "#222222"]
    )
    base = alt.Chart(frame).encode(
        x=alt.X(f"{x}:Q", title=x_title or x),
        y=alt.Y(f"{y}:Q", title=y_title or y),
        color=alt.Color(
            f"{kind}:N", title=None, scale=scale, legend=alt.Legend(orient="bottom")
        ),
        tooltip=[
            label,
            alt.Tooltip(f"{x}:Q", format=".2f"),
            alt.Tooltip(f"{y}:Q", format=".2f"),
        ],
    )
    named = base.transform_filter(f"datum['{kind}'] != 'control'")
    layers: list[Any] = [
        base.mark_circle(size=60, opacity=0.8),
        named.mark_text(align="left", dx=6, fontSize=11).encode(text=f"{label}:N"),
    ]
    if zero:
        at = alt.Chart(pd.DataFrame({"at": [0]}))
        layers += [
            at.mark_rule(color=GRAY).encode(x="at:Q"),
            at.mark_rule(color=GRAY).encode(y="at:Q"),
        ]
    chart = alt.layer(*layers).properties(width=WIDTH - 60, height=360)
    return titled(chart, title, description or f"Dots of {y} against {x}.")
