"""Charts that set figures side by side with their intervals and their controls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd

from helpers.show.charts.basic import COLORS, GRAY, WIDTH, titled
from helpers.show.charts.controls import over_control


def intervals(
    frame: pd.DataFrame,
    name: str,
    *,
    color: str,
    title: str,
    control: str | None = None,
    reference: float | None = None,
    axis: str = "value",
    sort: Sequence[str] | None = None,
) -> Any:
    """Dots with intervals (columns value, low, high), a dot for each `color`.

    `control` names a column whose value is drawn as a gray cross; `reference` draws a
    dashed line.
    """
    groups = list(dict.fromkeys(frame[color]))
    scale = alt.Scale(domain=groups, range=list(COLORS[: len(groups)]))
    legend = alt.Legend(orient="bottom", columns=3, labelLimit=260)
    order = list(sort or dict.fromkeys(frame[name]))
    base = alt.Chart(frame).encode(
        y=alt.Y(f"{name}:N", title=None, sort=order, axis=alt.Axis(labelLimit=260)),
        yOffset=alt.YOffset(f"{color}:N", sort=groups),
        color=alt.Color(f"{color}:N", title=None, scale=scale, legend=legend),
    )
    shown = [c for c in ("value", "low", "high", control) if c]
    tip = [name, color, *[alt.Tooltip(f"{c}:Q", format=".3f") for c in shown]]
    near = alt.Scale(zero=False)
    x = alt.X("value:Q", title=axis, scale=near)
    layers = [
        base.mark_rule(strokeWidth=2).encode(x=alt.X("low:Q", title=axis), x2="high:Q"),
        base.mark_point(filled=True, size=60, opacity=1).encode(x=x, tooltip=tip),
    ]
    if control:
        cross = base.mark_point(shape="cross", size=45, opacity=0.9)
        mark = alt.X(f"{control}:Q", title=axis)
        layers.append(cross.encode(x=mark, color=alt.value(GRAY), tooltip=tip))
    if reference is not None:
        rule = alt.Chart(frame).mark_rule(strokeDash=[5, 4], color=GRAY)
        layers.append(rule.encode(x=alt.datum(reference)))
    height = max(60, (14 * len(groups) + 12) * frame[name].nunique())
    chart: Any = alt.layer(*layers).properties(width=WIDTH - 220, height=height)
    return titled(chart, title, f"Intervals of {name} by {color}.")


def with_draws(
    frame: pd.DataFrame, name: str, *, color: str | None = None, **style: Any
) -> alt.LayerChart:
    """The dots of `intervals` over the spread of their controls' draws.

    `frame` is of `draw_rows`: a row whose `control` is empty is measured, every other
    one is a draw. Options as in `intervals`; without `color` all dots are alike.
    """
    real = frame["control"] == ""
    own = frame[real] if color else frame[real].assign(dot="measured")
    made = intervals(own, name, color=color or "dot", **style)
    return over_control(made, frame[~real][[name, "control", "value"]])


def draw_rows(
    found: Mapping[Any, Sequence[float]], nulls: Mapping[Any, Mapping[str, Any]]
) -> pd.DataFrame:
    """Figures (value, low, high) and the draws of their controls, in one frame.

    Columns what, control, value, low, high; `nulls` has, by figure, the draws of each
    control. A figure's name of several parts is joined by commas.
    """
    rows = [(named(key), "", *estimate) for key, estimate in found.items()]
    for key, controls in nulls.items():
        for control, draws in controls.items():
            rows += [(named(key), control, x, x, x) for x in draws]
    columns = ["what", "control", "value", "low", "high"]
    return pd.DataFrame(rows, columns=columns).round(4)


def named(key: Any) -> str:
    """A figure's name: of several parts, joined by commas."""
    return ", ".join(map(str, key)) if isinstance(key, tuple) else str(key)
