"""Pictures of what a monitor read: a transcript with its alerts."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from helpers.monitor import Transcript, alerts, smooth_from
from helpers.show.charts.basic import (
    CHARACTER,
    GRAY,
    INK,
    WORD,
    full_at,
    place_tokens,
    titled,
    words_at,
)

SET = 46  # characters in a line of the token view: fits a phone
LINES = 150  # height of the lines below the text, in pixels


def transcript_rows(transcript: Transcript) -> pd.DataFrame:
    """A row for each emotion and token, with where it stands in the token view.

    Columns emotion, position, token, score, mean (over the window), above (its own
    threshold), alert (the emotions above theirs there), part ("given", "written" or
    "steered"), line, left, right.
    """
    rows = transcript.to_frame()
    window, names = transcript.window, transcript.emotions
    means = smooth_from(transcript.array(), window, transcript.start)
    above = means > np.array(list(transcript.thresholds.values()))
    rows["mean"], rows["above"] = means.T.ravel(), above.T.ravel()
    told = [", ".join(np.array(names)[row]) for row in above]
    rows["alert"] = told * len(names)
    written = rows["position"] >= transcript.prompt
    rows["part"] = np.where(written, "written", "given")
    rows.loc[rows["position"].isin(transcript.steered), "part"] = "steered"
    spots = place_tokens(transcript.tokens, width=SET - 2)
    spots = spots.rename(columns={"start": "left", "end": "right"})
    return rows.drop(columns="token").merge(spots, on="position")


def transcript_chart(
    transcript: Transcript, *, title: str, start: str | None = None
) -> alt.VConcatChart:
    """A transcript: colored tokens, alerts underlined, and several emotions as lines.

    A native menu picks the emotion that colors the tokens; its line is thick. Every
    line is a mean over the window; a dashed line is a threshold. Taught in chapter 12.

    Raises ValueError for a transcript without tokens.
    """
    if not transcript.tokens:
        raise ValueError("the transcript has no token: there is nothing to show")
    rows, names = transcript_rows(transcript), transcript.emotions
    first = start or names[0]
    bind = alt.binding_select(options=names, name="Emotion ")
    picked = alt.param(name="watched_emotion", value=first, bind=bind)
    chart = alt.vconcat(
        token_view(rows, picked.name), line_view(rows, transcript, picked.name)
    )
    chart = chart.add_params(picked).configure_view(stroke=None)
    return titled(chart, title, describe(transcript))


def token_view(rows: pd.DataFrame, picked: str) -> alt.LayerChart:
    """The text, colored by the picked emotion; alerts have a thick line below."""
    scale = full_at(float(rows["score"].abs().max() or 1.0))
    tip = ["token", "position", "part", "alert"]
    tips = [alt.Tooltip(f"{n}:Q", format=".3f") for n in ("score", "mean")]
    base = alt.Chart(words_at(rows)).transform_filter(f"datum.emotion == {picked}")
    base = base.encode(y=alt.Y("line:O", axis=None), tooltip=[*tip, *tips])
    across = alt.Scale(domain=[0, SET], nice=False)
    x = alt.X("left:Q", axis=None, scale=across)
    legend = alt.Legend(orient="bottom", gradientLength=160, title="score")
    color = alt.Color("score:Q", scale=scale, legend=legend)
    boxes = base.mark_rect(cornerRadius=2).encode(x=x, x2="right:Q", color=color)
    under = base.transform_filter("datum.alert != ''")
    under = under.mark_rule(color="#b00020", strokeWidth=3, yOffset=11)
    words = base.mark_text(**WORD).encode(
        x="at:Q",
        text="word:N",
        color=INK,
        opacity=alt.condition("datum.part == 'given'", alt.value(0.65), alt.value(1)),
    )
    layers = alt.layer(boxes, under.encode(x=x, x2="right:Q"), words)
    height = 28 * (int(rows["line"].max()) + 1)
    return layers.properties(width=int(SET * CHARACTER), height=height)


def line_view(rows: pd.DataFrame, transcript: Transcript, picked: str) -> Any:
    """The mean of each emotion over the window, and the thresholds."""
    shown = rows.dropna(subset=["mean"])
    x = alt.X("position:Q", title="token")
    y = alt.Y("mean:Q", title=f"mean of {transcript.window} tokens")
    color = alt.Color("emotion:N", legend=alt.Legend(orient="bottom", title=None))
    thick = alt.condition(f"datum.emotion == {picked}", alt.value(3), alt.value(1.2))
    tip = ["emotion", "position", "token", alt.Tooltip("mean:Q", format=".3f")]
    base = alt.Chart(shown).encode(x=x, y=y, color=color, tooltip=tip)
    layers = [base.mark_line().encode(strokeWidth=thick)]
    over = base.transform_filter("datum.above")
    layers.append(over.mark_point(shape="triangle-up", filled=True, size=50))
    finite = {e: t for e, t in transcript.thresholds.items() if np.isfinite(t)}
    if finite:
        bounds = pd.DataFrame(finite.items(), columns=["emotion", "threshold"])
        rule = alt.Chart(bounds).mark_rule(strokeDash=[5, 4]).encode(color=color)
        layers.append(rule.encode(y="threshold:Q", tooltip=["emotion", "threshold"]))
    if 0 < transcript.prompt < len(transcript.tokens):
        at = alt.Chart(pd.DataFrame({"position": [transcript.prompt - 0.5]}))
        layers.append(at.mark_rule(color=GRAY).encode(x="position:Q"))
    return alt.layer(*layers).properties(width=int(SET * CHARACTER) - 60, height=LINES)


def describe(transcript: Transcript) -> str:
    """A transcript in words, for those who cannot see it."""
    told = "; ".join(str(alert) for alert in alerts(transcript)[:5]) or "no alert"
    read = ", ".join(transcript.emotions)
    return (
        f"Transcript of {transcript.model}, {len(transcript.tokens)} tokens read for "
        f"{read}. Alerts: {told}. The text: {transcript.text}"
    )
