"""Ready-made controls of chapters 12 and 12b: a transcript, a model that is watched."""

from __future__ import annotations

from typing import Any

import pandas as pd
from jaxtyping import Float
from torch import Tensor

from helpers.monitor import Monitor, Transcript, alerts, load_transcript, watch
from helpers.show import widgets
from helpers.show.charts import transcripts
from helpers.show.charts.basic import lines, pick
from helpers.stats import precision


def view_transcript(transcript: Transcript, *, start: str | None = None) -> None:
    """A transcript with its alerts; a menu picks the emotion that colors the text.

    Live, the reader opens a transcript file, of any model. Taught in chapter 12.
    """
    title = f"What {transcript.model} represents, token by token"
    still = transcripts.transcript_chart(transcript, title=title, start=start)

    def draw(file: str) -> Any:
        shown = load_transcript(file.strip()) if file.strip() else transcript
        title = f"What {shown.model} represents, token by token"
        first = start if start in shown.emotions else None
        return transcripts.transcript_chart(shown, title=title, start=first)

    box = widgets.text("File", "")
    box.placeholder = "path of a transcript; empty: the one above"
    widgets.two_faces(still, widgets.panel(draw, run="Open", file=box))


FIELDS = ["reader", "budget", "far", "caught"]


def watch_prompt(
    model: Any,
    monitor: Monitor,
    prompt: str,
    *,
    calm: Float[Tensor, " d"],
    strength: float = 0.3,
    max_new_tokens: int = 24,
) -> None:
    """What a model writes after a prompt, watched; a menu says what an alert does.

    Live, the reader also writes the prompt. Taught in chapter 12b.
    """
    options: dict[str, Any] = {"calm": calm, "strength": strength}
    options["max_new_tokens"] = max_new_tokens

    def draw(prompt: str, on_alert: str) -> Any:
        found = watch(model, monitor, prompt, on_alert=on_alert, **options)
        own = [*map(str, alerts(found)), "no alert"]
        told = own[0] + f"; {len(own) - 2} more" * (len(own) > 2)
        return transcripts.transcript_chart(found, title=told)

    still = draw(prompt, "go on")
    live = widgets.panel(
        draw,
        run="Watch",
        prompt=widgets.text("Prompt", prompt),
        on_alert=widgets.menu("On alert", ["go on", "stop", "steer"]),
    )
    widgets.two_faces(still, live)


def precision_by_base_rate(rates: pd.DataFrame) -> None:
    """Of all alerts, the share that is right, by how rare the bad episodes are.

    `rates` has a row for each reader and budget: reader, budget (the stated
    false-alarm rate), far, caught. A menu picks the budget. Taught in chapter 12.
    """
    base = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3]
    rows = [
        (reader, budget, b, precision(float(hit), float(far), b))
        for reader, budget, far, hit in rates[FIELDS].to_numpy().tolist()
        for b in base
    ]
    names = ["reader", "budget", "base_rate", "precision"]
    every = pd.DataFrame(rows, columns=names).dropna()
    budgets = sorted(rates["budget"].unique().tolist())

    def draw(budget: float) -> Any:
        title = f"Precision with {budget:.0%} false alarms allowed"
        return curve(every[every["budget"] == budget], title)

    title = "Of all alerts, how many are right?"
    still = pick(
        curve(every, title), "budget", budgets, label="False alarms", start=budgets[-1]
    )
    live = widgets.panel(
        draw, budget=widgets.menu("False alarms", budgets, budgets[-1])
    )
    widgets.two_faces(still, live)


def curve(frame: pd.DataFrame, title: str) -> Any:
    """Precision over base rate, on a logarithmic axis of base rates."""
    shown = frame.assign(episodes=1 / frame["base_rate"])
    axis = "one bad episode in ..."
    options: dict[str, Any] = {"x_title": axis, "y_title": "precision"}
    chart = lines(
        shown, "episodes", "precision", color="reader", title=title, **options
    )
    for layer in chart.layer:
        layer.encoding.x.scale = {"type": "log"}
    return chart
