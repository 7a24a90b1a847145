"""One way to draw a control: gray, the spread of its draws."""

from __future__ import annotations

from typing import Any, NamedTuple

import altair as alt
import numpy as np
import pandas as pd

GRAYS = ("#8d99a6", "#5f6b78")  # a first control and a second
FILLS = ("#8d99a6", "#ffffff00")  # the second is an outline
SIZES = (20, 12)  # of their bars, in pixels
FEW = 40  # draws at a place: with fewer each one is shown too


class _Axes(NamedTuple):
    """The axis along which draws spread, the one that says where, their encodings."""

    along: str
    at: str | None
    encoding: dict[str, Any]

    @property
    def place(self) -> list[str]:
        """The column that says where, if there is one."""
        return [self.encoding[self.at]["field"]] if self.at else []

    def channels(self, field: str) -> dict[str, Any]:
        """`field` on the chart's own axes."""
        kinds = {"x": alt.X, "y": alt.Y}
        number = {"field": field, "type": "quantitative"}
        kept = {
            key: value
            for key, value in self.encoding[self.along].items()
            if key in ("title", "scale", "axis")
        }
        made = {self.along: kinds[self.along].from_dict({**kept, **number})}
        if self.at:
            made[self.at] = kinds[self.at].from_dict(self.encoding[self.at])
        return made


def over_control(
    chart: alt.LayerChart,
    draws: pd.DataFrame,
    *,
    value: str = "value",
    control: str = "control",
    level: float = 0.95,
) -> alt.LayerChart:
    """A chart with the spread of a control's draws in gray, on the chart's own axes.

    `draws` has a row for each draw: `value`, the name of its `control` (two at most: a
    filled gray and an outline), and, where the draws differ along the chart's other
    axis, that axis's column. Gray holds `level` of the draws: it is no interval of
    their mean.

    Raises ValueError for more than two controls, or for a value that is not finite.
    """
    names = list(dict.fromkeys(draws[control]))
    if len(names) > len(GRAYS):
        raise ValueError(f"{len(names)} controls are too many to tell apart: draw two")
    if bad := int((~np.isfinite(draws[value])).sum()):
        raise ValueError(f"{bad} of {len(draws)} draws are not finite: mend them first")
    made = chart.copy(deep=True)
    first = chart.to_dict()["layer"][0]
    axes = _axes(first["encoding"], draws, value)
    table = _spread(draws, value, [control, *axes.place], level)
    layers = [_gray(table, axes, control, names, name, level) for name in names]
    if axes.at and len(draws) < FEW * len(table):
        layers.append(_ticks(draws, axes, value))
    kind = first["mark"]["type"] if isinstance(first["mark"], dict) else first["mark"]
    # A bar would hide what lies behind it.
    made.layer = [*made.layer, *layers] if kind == "bar" else [*layers, *made.layer]
    return made


def _axes(encoding: dict[str, Any], draws: pd.DataFrame, value: str) -> _Axes:
    """Which axis is which: a column of the draws that the chart shows says where."""
    fields = {c: encoding[c].get("field") for c in "xy"}
    for at, along in (("y", "x"), ("x", "y")):
        if fields[at] != value and fields[at] in draws.columns:
            return _Axes(along, at, encoding)
    numbers = [c for c in "xy" if encoding[c].get("type") == "quantitative"]
    return _Axes(numbers[-1], None, encoding)


def _spread(
    draws: pd.DataFrame, value: str, by: list[str], level: float
) -> pd.DataFrame:
    """What holds `level` of the draws of each control and place: low, high, draws."""
    grouped = draws.groupby(by, sort=False)[value]
    low, high = (grouped.quantile((1 + side * level) / 2) for side in (-1, 1))
    table = pd.DataFrame({"low": low, "high": high, "draws": grouped.size()})
    return table.reset_index()


def _gray(
    table: pd.DataFrame,
    axes: _Axes,
    control: str,
    names: list[str],
    name: str,
    level: float,
) -> Any:
    """The gray of one control."""
    title = f"{level:.0%} of the draws of"
    legend = alt.Legend(
        orient="bottom", columns=2, labelLimit=300, symbolType="square", title=title
    )
    scales = {"fill": FILLS, "stroke": GRAYS}
    paint = {
        channel: alt.Scale(domain=names, range=list(grays[: len(names)]))
        for channel, grays in scales.items()
    }
    tips = [alt.Tooltip(f"{c}:Q", format=".3f") for c in ("low", "high")]
    return _mark(
        alt.Chart(table[table[control] == name]), axes, names.index(name)
    ).encode(
        **axes.channels("low"),
        **{f"{axes.along}2": "high:Q"},
        fill=alt.Fill(f"{control}:N", scale=paint["fill"], legend=legend),
        stroke=alt.Stroke(f"{control}:N", scale=paint["stroke"], legend=legend),
        tooltip=[control, *axes.place, *tips, "draws:Q"],
    )


def _mark(chart: alt.Chart, axes: _Axes, number: int) -> alt.Chart:
    """A band over numbers, a bar at a name, else a strip over all."""
    if axes.at is None:
        return chart.mark_rect(opacity=0.55, strokeWidth=1.5)
    if axes.encoding[axes.at]["type"] == "quantitative":
        return chart.mark_area(opacity=0.55, strokeWidth=1.5)
    return chart.mark_bar(size=SIZES[number], opacity=0.9, strokeWidth=1.5)


def _ticks(draws: pd.DataFrame, axes: _Axes, value: str) -> Any:
    """A tick for each draw."""
    mark = alt.Chart(draws).mark_tick(thickness=1, size=SIZES[1] - 4, color=GRAYS[1])
    return mark.encode(**axes.channels(value))
