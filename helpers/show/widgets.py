"""Controls with two faces in one output.

On a static page the reader gets an altair chart whose menus and sliders run over
precomputed rows. With a kernel the same cell shows ipywidgets that run the model.
"""

from __future__ import annotations

import html
import sys
from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as ipw
from IPython.display import HTML, Markdown, clear_output, display

from helpers.show.charts.two_models import as_html


def in_colab() -> bool:
    """Whether this runs in Google Colab."""
    return "google.colab" in sys.modules


def two_faces(static: Any, live: ipw.Widget) -> None:
    """Show `live` where a kernel runs and `static`, a chart, on a page.

    One display carries both; Colab, which may show the wrong one, gets only `live`.
    """
    if in_colab():
        display(live)
        return
    view = dict(live._repr_mimebundle_())
    view.pop("text/plain", None)
    display({"text/html": as_html(static), **view, "text/plain": "a control"}, raw=True)


def panel(
    make: Callable[..., Any], *, run: str | None = None, **controls: ipw.Widget
) -> ipw.Widget:
    """Controls above an output that `make(**values)` fills.

    It is filled anew at every change, or, with `run`, when the button of that label
    is pressed (for what takes more than a moment). An error is shown as a sentence.
    """
    output = ipw.Output()

    def refresh(_: Any = None) -> None:
        with output:
            clear_output(wait=True)
            try:
                display(make(**{name: c.value for name, c in controls.items()}))
            except (ValueError, KeyError, OSError) as error:
                display(HTML(f"<p>{html.escape(str(error))}</p>"))

    rows: list[ipw.Widget] = list(controls.values())
    if run:
        button = ipw.Button(description=run, button_style="primary")
        button.on_click(refresh)
        rows.append(button)
    else:
        for control in controls.values():
            control.observe(refresh, names="value")
        refresh()
    return ipw.VBox([*rows, output])


def menu(label: str, options: Sequence[Any], value: Any = None) -> ipw.Dropdown:
    """A menu; starts at `value`, or at the first option."""
    first = options[0] if value is None else value
    return ipw.Dropdown(options=list(options), value=first, description=label)


def slider(
    label: str, low: float, high: float, step: float, value: float
) -> ipw.Widget:
    """A slider over numbers (whole ones if all bounds are whole)."""
    whole = all(isinstance(v, int) for v in (low, high, step, value))
    kind = ipw.IntSlider if whole else ipw.FloatSlider
    return kind(
        value=value,
        min=low,
        max=high,
        step=step,
        description=label,
        continuous_update=False,
    )


def text(label: str, value: str) -> ipw.Textarea:
    """A box to write in."""
    layout = ipw.Layout(width="95%", height="70px")
    return ipw.Textarea(value=value, description=label, layout=layout)


def say(sentence: str) -> None:
    """Show a sentence of Markdown: how chapters read their numbers aloud."""
    display(Markdown(sentence))


def outcome(prediction: str, found: str) -> None:
    """Say which option of a prediction came true, in the words of that option.

    On a page the reader's own choice stands beside it. `prediction` is the name in
    `<!-- predict: name -->`.
    """
    words = html.escape(found)
    about = f'class="predicted" data-name="{html.escape(prediction)}"'
    display(HTML(f'<p {about} data-found="{words}">Found: {words}.</p>'))
