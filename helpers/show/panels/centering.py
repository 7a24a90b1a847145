"""What centering takes, with a slider: two means at their true angle."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from torch import Tensor

from helpers.show import charts
from helpers.show.charts.basic import BLUE

STEPS = range(0, 101, 4)  # percent of the shared part taken away


def centering_rows(
    means: Float[Tensor, "e d"], names: Sequence[str], pair: Sequence[str]
) -> pd.DataFrame:
    """The tips of two arrows of length 1 at the angle of two means, by what is taken.

    Columns taken (percent of the mean of means), emotion, x, y, cosine. The angle is
    halved by the vertical.
    """
    ends, center, rows = [means[list(names).index(e)] for e in pair], means.mean(0), []
    for taken in STEPS:
        one, other = (end - taken / 100 * center for end in ends)
        cosine = float(torch.cosine_similarity(one, other, dim=0).clamp(-1, 1))
        half = np.arccos(cosine) / 2
        for emotion, side in zip(pair, (-1, 1), strict=True):
            tip = side * np.sin(half), np.cos(half)
            rows.append((taken, emotion, *tip, cosine))
    return pd.DataFrame(rows, columns=["taken", "emotion", "x", "y", "cosine"])


def drag_center(
    means: Float[Tensor, "e d"], names: Sequence[str], pair: Sequence[str]
) -> Any:
    """Two emotions' means at their true angle; a slider takes away what all share.

    Taught in chapter 03.
    """
    frame = centering_rows(means, names, pair)
    frame["told"] = [f"cosine {c:.3f}" for c in frame["cosine"]]
    across, up = alt.Scale(domain=[-1.2, 1.2]), alt.Scale(domain=[-0.3, 1.2])
    base = alt.Chart(frame).encode(
        x=alt.X("x:Q", axis=None, scale=across), y=alt.Y("y:Q", axis=None, scale=up)
    )
    arrows = base.mark_rule(strokeWidth=3, color=BLUE)
    words = [
        base.transform_filter(f"datum.emotion == '{emotion}'")
        .mark_text(align=align, dx=dx, dy=-6, fontSize=13)
        .encode(text="emotion:N")
        for emotion, align, dx in zip(pair, ("right", "left"), (-3, 3), strict=True)
    ]
    told = base.mark_text(fontSize=14).encode(
        x=alt.value(163), y=alt.value(205), text="told:N"
    )
    arrows = arrows.encode(x2=alt.datum(0), y2=alt.datum(0))
    made = alt.layer(arrows, *words, told).properties(width=326, height=220)
    about = f"The angle between the means of {pair[0]} and {pair[1]} stories"
    ends = frame["told"].iloc[[0, -1]].tolist()
    told_too = f"{about}: {ends[0]} as they are, {ends[1]} once the shared part is gone"
    label = "% of the shared part taken away"
    made = charts.titled(made, about, told_too)
    return charts.pick(made, "taken", list(STEPS), label=label, start=0)
