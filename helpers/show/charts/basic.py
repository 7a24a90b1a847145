"""Tables in, altair charts out.

Every chart has a title that says what to see, tooltips, and a description for screen
readers. Controls that a static page must keep (menus, sliders) are altair parameters
over precomputed rows; `pick` adds one.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import altair as alt
import pandas as pd

from helpers.show.charts.controls import GRAYS

BLUE, ORANGE, GRAY = "#2f6690", "#d1603d", "#8d99a6"
COLORS = (BLUE, ORANGE, "#3a7d44", "#8e5aa8", "#b08900", "#4aa3a2", "#6b4a3a")
WIDTH = 560  # fits a phone in landscape and the book's column; pages scale it down
DIVERGING = alt.Scale(scheme="blueorange", domainMid=0)
WORD: dict[str, Any] = {"align": "left", "font": "monospace", "fontSize": 13, "dx": 1}
INK = alt.value("#111")
CHARACTER = 8.4  # width of a character of the monospaced token view, in pixels


def titled(chart: Any, title: str, description: str) -> Any:
    """A chart with a title and a text for those who cannot see it."""
    return chart.properties(
        title=alt.TitleParams(title, anchor="start", fontSize=13),
        description=description,
    )


def pick(
    chart: Any, field: str, options: Sequence[Any], *, label: str, start: Any = None
) -> Any:
    """Keep only the rows whose `field` equals a choice; numbers get a slider.

    Unevenly spaced numbers and words get a menu. The choice works without a kernel.
    """
    values = list(options)
    first = values[0] if start is None else start
    pairs = pairwise(values) if _numbers(values) else ()
    steps = {round(b - a, 9) for a, b in pairs}
    if len(values) > 1 and len(steps) == 1:
        bind: Any = alt.binding_range(
            min=values[0], max=values[-1], step=steps.pop(), name=f"{label} "
        )
    else:
        bind = alt.binding_select(options=values, name=f"{label} ")
    param = alt.param(value=first, bind=bind)
    if _numbers(values):
        kept = f"abs(datum['{field}'] - {param.name}) < 1e-6"
    else:
        kept = f"datum['{field}'] == {param.name}"
    layers = getattr(chart, "layer", None)
    if layers and not isinstance(chart.data, pd.DataFrame):  # each with its own data
        chart = chart.copy(deep=True)
        chart.layer = [
            one.transform_filter(kept)
            if field in getattr(one.data, "columns", ())
            else one
            for one in chart.layer
        ]
        return chart.add_params(param)
    return chart.add_params(param).transform_filter(kept)


def line_at(**place: float | None) -> list[alt.Chart]:
    """A dashed line at x or y, such as chance or zero effect; none at None."""
    ((axis, at),) = place.items()
    if at is None:
        return []
    rule = alt.Chart(pd.DataFrame({axis: [at]})).mark_rule(
        strokeDash=[5, 4], color=GRAY
    )
    return [rule.encode(**{axis: f"{axis}:Q"})]


def _numbers(values: Sequence[Any]) -> bool:
    return all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)


def bars(
    frame: pd.DataFrame,
    value: str,
    name: str,
    *,
    title: str,
    low: str | None = None,
    high: str | None = None,
    color: str | None = None,
    reference: float | None = None,
    sort: Any = None,
    axis: str | None = None,
    rows: int | None = None,
) -> alt.LayerChart:
    """Horizontal bars, with intervals if `low` and `high` name columns.

    `reference` draws a dashed line (chance, or zero effect); `rows` sets how many
    bars are in view at once where `pick` hides the others.
    """
    y = alt.Y(f"{name}:N", title=None, sort=sort)
    x = alt.X(f"{value}:Q", title=axis or value)
    tip = [c for c in (name, color, value, low, high) if c]
    paint = alt.Color(f"{color}:N", title=None) if color else alt.value(BLUE)
    layers = [
        alt.Chart(frame)
        .mark_bar(height={"band": 0.7})
        .encode(x=x, y=y, color=paint, tooltip=tip)
    ]
    if low and high:
        rule = alt.Chart(frame).mark_rule(color="#222", strokeWidth=1.5)
        layers.append(rule.encode(x=f"{low}:Q", x2=f"{high}:Q", y=y, tooltip=tip))
    layers += line_at(x=reference)
    height = max(80, 24 * (rows or frame[name].nunique()))
    chart = alt.layer(*layers).properties(width=WIDTH - 160, height=height)
    return titled(chart, title, f"Bar chart of {value} by {name}.")


def lines(
    frame: pd.DataFrame,
    x: str,
    y: str,
    *,
    title: str,
    color: str | None = None,
    low: str | None = None,
    high: str | None = None,
    control: Sequence[str] = (),
    x_title: str | None = None,
    y_title: str | None = None,
    reference: float | None = None,
    zero: bool = True,
    log: bool = False,
) -> alt.LayerChart:
    """Lines with points, and bands if `low` and `high` name columns.

    Lines of `control` are gray, the second of two darker. `zero`: whether the axis
    must hold 0. `log`: a logarithmic axis, for what is above 0.
    """
    whole = all(float(v).is_integer() for v in frame[x])
    axis = alt.Axis(tickMinStep=1, format="d") if whole else alt.Axis()
    scale = alt.Scale(type="log") if log else alt.Scale(zero=zero)
    base = alt.Chart(frame).encode(
        x=alt.X(f"{x}:Q", title=x_title or x, axis=axis),
        color=_line_colors(frame, color, control) if color else alt.value(BLUE),
    )
    numbers = [alt.Tooltip(f"{c}:Q", format=".3f") for c in (y, low, high) if c]
    layers = []
    if low and high:
        edge = alt.Y(f"{low}:Q", title=y_title or y, scale=scale)
        layers.append(base.mark_area(opacity=0.16).encode(y=edge, y2=f"{high}:Q"))
    main = base.encode(
        y=alt.Y(f"{y}:Q", title=y_title or y, scale=scale),
        tooltip=[*([color] if color else []), x, *numbers],
    )
    points = main.mark_point(filled=True, size=45, opacity=1)
    layers += [main.mark_line(strokeWidth=2), points, *line_at(y=reference)]
    chart = alt.layer(*layers).properties(width=WIDTH - 60, height=270)
    return titled(chart, title, f"Line chart of {y} over {x}.")


def _line_colors(frame: pd.DataFrame, field: str, control: Sequence[str]) -> alt.Color:
    """Colors in the order of the rows, gray for controls, named below the chart."""
    names = [n for n in dict.fromkeys(frame[field]) if n not in control]
    paint = [COLORS[i % len(COLORS)] for i in range(len(names))]
    return alt.Color(
        f"{field}:N",
        title=None,
        scale=alt.Scale(
            domain=[*names, *control],
            range=[*paint, *(GRAYS[i % 2] for i in range(len(control)))],
        ),
        legend=alt.Legend(orient="bottom", columns=2, labelLimit=300, symbolOpacity=1),
    )


def paths(
    frame: pd.DataFrame,
    x: str,
    y: str,
    *,
    order: str,
    color: str,
    title: str,
    control: Sequence[str] = (),
    x_title: str | None = None,
    y_title: str | None = None,
) -> alt.LayerChart:
    """Points in a plane, joined in the `order` of a column, a path for each color.

    Paths of `control` are gray, the second of two darker.
    """
    numbers = [alt.Tooltip(f"{c}:Q", format=".2f") for c in (order, x, y)]
    base = alt.Chart(frame).encode(
        x=alt.X(f"{x}:Q", title=x_title or x),
        y=alt.Y(f"{y}:Q", title=y_title or y),
        color=_line_colors(frame, color, control),
        tooltip=[color, *numbers],
    )
    line = base.mark_line(strokeWidth=2).encode(order=f"{order}:Q")
    points = base.mark_point(filled=True, opacity=1).encode(
        size=alt.Size(f"{order}:Q", legend=None, scale=alt.Scale(range=[50, 120]))
    )
    chart = alt.layer(line, points).properties(width=WIDTH - 60, height=270)
    return titled(chart, title, f"Paths of {y} against {x} by {order}.")


def heatmap(
    frame: pd.DataFrame,
    x: str,
    y: str,
    value: str,
    *,
    title: str,
    sort_x: Any = None,
    sort_y: Any = None,
    cell: int = 26,
    labels: bool = True,
) -> alt.Chart:
    """A matrix as colored cells; colors diverge at zero."""
    chart = (
        alt.Chart(frame)
        .mark_rect()
        .encode(
            x=alt.X(f"{x}:N", title=None, sort=sort_x, axis=_axis(labels)),
            y=alt.Y(f"{y}:N", title=None, sort=sort_y, axis=_axis(labels)),
            color=alt.Color(f"{value}:Q", scale=DIVERGING),
            tooltip=[x, y, alt.Tooltip(f"{value}:Q", format=".2f")],
        )
    )
    chart = chart.properties(
        width=cell * frame[x].nunique(), height=cell * frame[y].nunique()
    )
    return titled(chart, title, f"Heatmap of {value} by {y} and {x}.")


def _axis(labels: bool) -> alt.Axis:
    return alt.Axis(labels=labels, ticks=labels, labelAngle=0 if not labels else -60)


def dots(
    frame: pd.DataFrame,
    x: str,
    y: str,
    *,
    title: str,
    color: str,
    label: str,
    control: Sequence[str] = (),
) -> alt.Chart:
    """A scatter plot whose dots tell their name; it can be zoomed and moved.

    Dots of `control` are gray, the second of two darker.
    """
    legend = alt.Legend(columns=2, orient="bottom")
    paint = alt.Color(f"{color}:N", title=None, legend=legend)
    chart = (
        alt.Chart(frame)
        .mark_circle(size=70, opacity=0.8)
        .encode(
            x=alt.X(f"{x}:Q"),
            y=alt.Y(f"{y}:Q"),
            color=_line_colors(frame, color, control) if control else paint,
            tooltip=[
                label,
                color,
                alt.Tooltip(f"{x}:Q", format=".2f"),
                alt.Tooltip(f"{y}:Q", format=".2f"),
            ],
        )
    )
    chart = chart.properties(width=WIDTH - 80, height=380).interactive()
    return titled(chart, title, f"Scatter plot of {y} against {x}.")


def place_tokens(tokens: Sequence[str], *, width: int = 64) -> pd.DataFrame:
    """Where each token stands when the text is set in lines of `width` characters.

    A line breaks before a word, not inside one. Spaces become ones that a browser
    keeps.
    """
    shown = [token.replace("\n", "⏎").replace(" ", "\u00a0") for token in tokens]
    rows, line, at = [], 0, 0
    for position, token in enumerate(shown):
        ends = (i for i in range(position + 1, len(shown)) if shown[i][:1] == "\u00a0")
        word = sum(map(wide, shown[position : next(ends, len(shown))]))
        starts_word = token.startswith("\u00a0")
        if at and (at + wide(token) > width or (starts_word and at + word > width)):
            line, at = line + 1, 0
        rows.append((position, token, line, at, at + wide(token)))
        at += wide(token)
    return pd.DataFrame(rows, columns=["position", "token", "line", "start", "end"])


def wide(token: str) -> int:
    """Columns of a token: one where its character stands with a later token."""
    return max(1, len(token))


def words_at(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of tokens with the word of each, and where it begins.

    Vega drops spaces at the ends of a text, so the word is moved instead.
    """
    word = rows["token"].str.strip("\u00a0")
    return rows.assign(word=word, at=rows["left"] + (rows["token"] != word))


def full_at(bound: float) -> alt.Scale:
    """Colors that diverge at zero and are full at `bound`."""
    return alt.Scale(scheme="blueorange", domain=[-bound, bound], clamp=True)


def tokens(
    frame: pd.DataFrame,
    *,
    title: str,
    field: str = "emotion",
    value: str = "score",
    label: str = "Emotion",
    start: Any = None,
    limit: float | None = None,
    legend: bool = True,
) -> alt.LayerChart:
    """A text token by token, colored by a score; a menu picks the emotion.

    `frame` has a row for each emotion and position: `field`, position, token, `value`.
    `limit` is the score at which the color is full (default: the largest there is).
    """
    first = frame[frame[field] == frame[field].iloc[0]].sort_values("position")
    spots = place_tokens(list(first["token"]))
    spots = spots.rename(columns={"start": "left", "end": "right"})
    rows = frame.drop(columns="token").merge(spots, on="position")
    base = alt.Chart(words_at(rows)).encode(
        y=alt.Y("line:O", axis=None),
        tooltip=["token", "position", alt.Tooltip(f"{value}:Q", format=".3f")],
    )
    color = alt.Color(
        f"{value}:Q",
        scale=full_at(float(limit or rows[value].abs().max() or 1.0)),
        title=value,
        legend=alt.Legend() if legend else None,
    )
    x = alt.X("left:Q", axis=None, scale=alt.Scale(domain=[0, 66], nice=False))
    boxes = base.mark_rect(cornerRadius=2).encode(x=x, x2="right:Q", color=color)
    words = base.mark_text(**WORD).encode(x="at:Q", text="word:N", color=INK)
    chart = alt.layer(boxes, words).properties(
        width=int(66 * CHARACTER), height=26 * (int(rows["line"].max()) + 1)
    )
    names = sorted(frame[field].unique().tolist())
    if len(names) > 1:
        chart = pick(chart, field, names, label=label, start=start)
    return titled(chart, title, f"A text colored token by token by {value}.")


def passages(
    frame: pd.DataFrame,
    fields: Sequence[str],
    *,
    title: str,
    text: str = "text",
    column: str | None = None,
    labels: Sequence[str] | None = None,
    start: Sequence[Any] | None = None,
) -> alt.Chart:
    """One text out of many, chosen by a menu or slider for each of `fields`.

    `column` sets texts side by side, a column for each of its values. A text that
    comes more than once is kept once.
    """
    names = [] if column is None else list(dict.fromkeys(frame[column]))
    width = 62 // max(1, len(names)) - 2 * bool(names)
    rows = frame[[*fields, *([column] if column else [])]].copy()
    rows["of"], every = pd.factorize(frame[text])
    lines = [textwrap.wrap(t, width) or [""] for t in every]
    told = pd.DataFrame({"of": range(len(lines)), "told": map("\n".join, lines)})
    x: Any = alt.value(4)
    if column:
        head = alt.Axis(orient="top", labelAngle=0, labelFontSize=13, ticks=False)
        scale = alt.Scale(paddingInner=0, paddingOuter=0)
        x = alt.X(f"{column}:N", title=None, sort=names, axis=head, scale=scale)
    dx = -(WIDTH - 20) / 4 if column else 0
    look: dict[str, Any] = {"align": "left", "baseline": "top", "lineBreak": "\n"}
    chart = (
        alt.Chart(rows)
        .transform_lookup("of", alt.LookupData(told, "of", ["told"]))
        .mark_text(**look, fontSize=14, lineHeight=24, dx=dx, dy=5)
        .encode(y=alt.value(0), text="told:N", x=x)
    )
    height = 24 * max(map(len, lines))
    chart = chart.properties(width=WIDTH - 20, height=height)
    for i, name in enumerate(fields):
        options = sorted(frame[name].unique().tolist())
        chart = pick(
            chart,
            name,
            options,
            label=labels[i] if labels else name,
            start=start[i] if start else None,
        )
    chart = chart.configure_view(stroke=None)
    return titled(chart, title, "Texts to choose from.")
