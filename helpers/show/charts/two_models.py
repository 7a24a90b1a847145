"""The central figure of a chapter: the same chart of the toy and of the real model."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator
from typing import Any, Literal

import altair as alt
import numpy as np
import pandas as pd
from IPython.display import HTML

HALF = 326  # two fit the book's column side by side, one a phone of 360 pixels
MANY = {"facet", "hconcat", "vconcat", "concat", "repeat"}
Axis = Literal["x", "y"]


def two_models(
    toy: pd.DataFrame,
    real: pd.DataFrame | None,
    make: Callable[[pd.DataFrame], Any],
    *,
    real_name: str | None = None,
    toy_name: str = "tiny",
    share: Axis | None = None,
) -> HTML:
    """The chart that `make` draws of each frame, side by side, or stacked on a phone.

    Both frames have the same columns. The title that `make` gives stands above both.
    `share` gives both one scale along that axis. Where `real` is None the place of its
    chart says that it was not run.

    Raises ValueError where the columns differ, or where `make` returns several views
    (layers are one).
    """
    if real is not None and set(toy.columns) != set(real.columns):
        odd = sorted(set(toy.columns) ^ set(real.columns))
        raise ValueError(f"columns {odd} are in one frame only: give both the same")
    specs = [make(frame).to_dict() for frame in (toy, real) if frame is not None]
    if many := MANY & set(specs[0]):
        raise ValueError(f"make returns several views ({many.pop()}): return one")
    if share:
        _share(specs, share)
    names = [f"toy: {toy_name}", f"real: {real_name}" if real_name else "real"]
    titles = dict.fromkeys(_title(spec) for spec in specs)
    halves = [_half(spec, name) for spec, name in zip(specs, names, strict=False)]
    if real is None:
        halves.append(f"<p>{html.escape(names[1])} was not run here.</p>")
    caption = html.escape("; ".join(t for t in titles if t))
    style = f"flex: 0 1 {HALF}px; min-width: 0; max-width: 100%"
    boxes = "".join(f'<div style="{style}">{half}</div>' for half in halves)
    return HTML(
        '<figure class="two-models" style="margin: 0; padding: 0">'
        f'<figcaption style="font-weight: 600">{caption}</figcaption>'
        f'<div style="display: flex; flex-wrap: wrap; gap: 12px 24px">{boxes}</div>'
        "</figure>"
    )


def _title(spec: dict[str, Any]) -> str:
    title = spec.get("title", "")
    return title["text"] if isinstance(title, dict) else title


def _half(spec: dict[str, Any], name: str) -> str:
    """One chart as HTML, as wide as half of the column with all that it carries."""
    title = {"text": name, "anchor": "start", "fontSize": 13}
    about = f"{name}. {_title(spec)}. {spec.get('description', '')}"
    fit = {"type": "fit-x", "contains": "padding"}
    made = {**spec, "title": title, "description": about, "width": HALF}
    return as_html(alt.Chart.from_dict({**made, "autosize": fit}))


def as_html(chart: Any) -> str:
    """A chart as the HTML that altair shows; raises what altair only prints."""
    made = chart._repr_mimebundle_()
    face = (made[0] if isinstance(made, tuple) else made).get("text/html")
    if face is None:
        chart.to_dict()
        raise ValueError("altair shows no HTML here: alt.renderers.enable('default')")
    return face


def _share(specs: list[dict[str, Any]], axis: Axis) -> None:
    """Give every quantitative scale along `axis` the range of all numbers on it."""
    values: list[float] = []
    zero = False
    for spec in specs:
        for view, rows in _views(spec, spec["datasets"], None):
            encoding = view["encoding"]
            for channel in (axis, f"{axis}2"):
                values += _values(encoding.get(channel, {}), rows)
            if _numbers(encoding, axis):
                zero |= encoding[axis].get("scale", {}).get("zero", True)
    if zero:
        values.append(0.0)
    domain = [min(values), max(values)]
    for spec in specs:
        for view, _ in _views(spec, spec["datasets"], None):
            if _numbers(view["encoding"], axis):
                scale = view["encoding"][axis].get("scale") or {}
                view["encoding"][axis]["scale"] = {
                    "nice": True,
                    **scale,
                    "domain": domain,
                }


def _views(
    spec: dict[str, Any], data: dict[str, Any], above: Any
) -> Iterator[tuple[dict[str, Any], Any]]:
    """Each view with an encoding, and the rows that it draws."""
    name = spec.get("data", {}).get("name")
    rows = data[name] if name else above
    if "encoding" in spec:
        yield spec, rows
    for layer in spec.get("layer", ()):
        yield from _views(layer, data, rows)


def _numbers(encoding: dict[str, Any], axis: str) -> bool:
    return encoding.get(axis, {}).get("type") == "quantitative"


def _values(channel: dict[str, Any], rows: Any) -> list[float]:
    """The finite numbers that a channel draws."""
    found = [row.get(channel.get("field")) for row in rows or ()]
    found.append(channel.get("datum"))
    numbers = [v for v in found if isinstance(v, int | float)]
    return [float(v) for v in numbers if np.isfinite(v)]
