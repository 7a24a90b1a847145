"""Draw the training curves of the embedded models: `python -m scripts.curves`.

Reads each checkpoint's `loss.json`, as `helpers.organism.train` wrote it.
"""

from __future__ import annotations

import json
from pathlib import Path

import altair as alt
import pandas as pd

MODELS = Path(__file__).resolve().parent.parent / "helpers/organism/models"
SHOWN = {"suppressed": "seed 1, with its two detours", "seed_3": "seed 3"}
FIRST = 40  # steps of a stage that the running mean needs


def curves() -> pd.DataFrame:
    """A row for each note in the logs: training, stage, million tokens, loss."""
    rows = []
    for name, training in SHOWN.items():
        log = json.loads((MODELS / name / "loss.json").read_text("utf-8"))
        done, before, last = 0.0, 0, ""
        for note in log:
            stage, step = note["stage"], note["step"]
            length = 384 if stage == "tiny" else 256
            before, last = (0 if stage != last else before), stage
            done += (step - before) * 16 * length / 1e6
            before = step
            if step >= FIRST:
                rows.append((training, stage, done, note["loss"]))
    return pd.DataFrame(rows, columns=["training", "stage", "tokens", "loss"])


def main() -> None:
    """Write the picture beside the organism's README."""
    order = ["seed 1, with its two detours", "seed 3"]
    chart = (
        alt.Chart(curves())
        .mark_line(strokeWidth=1.5)
        .encode(
            x=alt.X("tokens:Q", title="million tokens read"),
            y=alt.Y("loss:Q", title="loss, nats a token", scale=alt.Scale(zero=True)),
            color=alt.Color("stage:N", legend=alt.Legend(orient="right")),
            row=alt.Row("training:N", title=None, sort=order),
        )
        .properties(width=520, height=130)
    )
    chart.save(MODELS.parent / "curves.png", scale_factor=1)


if __name__ == "__main__":
    main()
