"""Charts of acts: rates on one fixed scale, and what steering trades for what."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import pandas as pd

from helpers.show.charts.basic import BLUE, GRAY, WIDTH, line_at, titled

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
    height = max(60, 26 * frame[name].nunique())
    chart = alt.layer(bars, *line_at(x=reference)).properties(
        width=WIDTH - 200, height=height
    )
    return titled(chart, title, f"Bars of {value} by {name}.")
