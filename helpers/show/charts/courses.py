"""Charts of when and where: a course over a text, and small grids of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from helpers.show.charts.basic import (
    DIVERGING,
    GRAY,
    WIDTH,
    lines,
    titled,
)


def curves(
    frame: pd.DataFrame,
    x: str,
    y: str,
    *,
    color: str,
    title: str,
    control: Sequence[str] = (),
    x_title: str | None = None,
    y_title: str | None = None,
    reference: float | None = None,
    description: str | None = None,
) -> alt.LayerChart:
    """Lines with bands from columns `low` and `high`; those of `control` are gray."""
    return lines(
        frame,
        x,
        y,
        title=title,
        color=color,
        low="low",
        high="high",
        control=control,
        x_title=x_title,
        y_title=y_title,
        reference=reference,
        zero=False,
        description=description,
    )


def course(
    frame: pd.DataFrame,
    *,
    title: str,
    color: str = "emotion",
    value: str = "score",
    turns: pd.DataFrame | None = None,
    description: str | None = None,
) -> alt.LayerChart:
    """Lines over the positions of a text; pointing at one shows the token.

    `frame` has a row for each `color` and position, with its token and `value`.
    `turns` (position, label) draws a dashed line where each turn begins.
    """
    tip = ["token", "position", color, alt.Tooltip(f"{value}:Q", format=".3f")]
    line = (
        alt.Chart(frame)
        .mark_line(point=alt.OverlayMarkDef(size=14), strokeWidth=1.5)
        .encode(
            x=alt.X("position:Q", title="position (token)"),
            y=alt.Y(f"{value}:Q", title=value),
            color=alt.Color(f"{color}:N", title=None),
            tooltip=tip,
        )
    )
    layers: list[Any] = [line]
    if turns is not None:
        base = alt.Chart(turns).encode(x="position:Q")
        layers.insert(0, base.mark_rule(strokeDash=[4, 4], color=GRAY))
        words = base.mark_text(align="left", dx=3, fontSize=10, color="#555")
        layers.append(words.encode(y=alt.value(8), text="label:N"))
    chart = alt.layer(*layers).properties(width=WIDTH - 60, height=260)
    return titled(chart, title, description or f"Lines of {value} over the tokens.")


def grid(
    frame: pd.DataFrame,
    x: str,
    y: str,
    value: str,
    *,
    title: str,
    sort_x: Sequence[str] | None = None,
    sort_y: Sequence[str] | None = None,
    text: str | None = None,
    cell: int = 92,
    description: str | None = None,
) -> alt.LayerChart:
    """A small matrix whose cells say their number (or the words of column `text`)."""
    base = alt.Chart(frame).encode(
        x=alt.X(f"{x}:N", title=None, sort=sort_x, axis=alt.Axis(labelAngle=0)),
        y=alt.Y(f"{y}:N", title=None, sort=sort_y),
    )
    tip = [x, y, alt.Tooltip(f"{value}:Q", format=".2f")]
    boxes = base.mark_rect().encode(
        color=alt.Color(f"{value}:Q", scale=DIVERGING), tooltip=tip
    )
    shown = alt.Text(f"{text}:N") if text else alt.Text(f"{value}:Q", format=".2f")
    words = base.mark_text(fontSize=12, color="#111").encode(text=shown)
    chart = alt.layer(boxes, words).properties(
        width=cell * frame[x].nunique(), height=max(40, cell // 2) * frame[y].nunique()
    )
    return titled(chart, title, description or f"Grid of {value} by {y} and {x}.")
