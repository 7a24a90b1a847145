"""Pictures of transcripts hold what the transcript holds."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
import vl_convert

from helpers.monitor import Transcript, load_transcript, save_transcript
from helpers.show import charts, widgets
from helpers.show.charts import transcripts


def make(rise: float = 1.0) -> Transcript:
    scores = np.zeros((12, 2))
    scores[5:9, 1] = rise
    return Transcript(
        "m",
        1,
        {"calm": 9.0, "afraid": 0.6},
        2,
        1,
        [f" w{i}" for i in range(12)],
        scores.tolist(),
        prompt=8,
        steered=[8],
        end="length",
    )


def test_rows_mark_alerts_and_parts() -> None:
    rows = transcripts.transcript_rows(make())
    assert len(rows) == 24
    alerted = rows[rows["alert"] == "afraid"]
    assert set(alerted["position"]) == {6, 7, 8}
    assert set(rows.loc[rows["above"], "emotion"]) == {"afraid"}
    part = rows.drop_duplicates("position").set_index("position")["part"]
    assert part.to_dict() == {
        **dict.fromkeys(range(8), "given"),
        8: "steered",
        **dict.fromkeys(range(9, 12), "written"),
    }
    quiet = transcripts.transcript_rows(make(0.5))
    assert set(quiet["alert"]) == {""}


def test_a_transcript_is_drawn_with_a_menu_and_words() -> None:
    chart = transcripts.transcript_chart(make(), title="See", start="afraid")
    spec = chart.to_dict()
    (param,) = spec["params"]
    assert param["bind"]["input"] == "select"
    assert param["value"] == "afraid"
    assert "afraid at tokens 6 to 8" in spec["description"]
    assert "w0 w1" in spec["description"]
    picture = vl_convert.vegalite_to_svg(json.dumps(spec))
    width = float(re.search(r'width="([\d.]+)"', picture)[1])  # type: ignore[index]
    assert width < 480  # a phone turned on its side, or less once scaled
    assert ">w7<" in picture
    with pytest.raises(ValueError, match="no token"):
        transcripts.transcript_chart(Transcript("m", 1, {"a": 1.0}), title="See")


def test_each_block_of_intervals_has_its_own_rows() -> None:
    rows = [("a", "one", 0.1, 0.0, 0.2), ("a", "two", 0.9, 0.8, 1.0)]
    frame = pd.DataFrame(rows, columns=["reader", "set", "value", "low", "high"])
    chart = charts.intervals(frame, "reader", color="set", title="See", reference=0.5)
    picture = vl_convert.vegalite_to_svg(json.dumps(chart.to_dict()))
    assert len(re.findall(r'aria-label="reader: a; set: [^"]*value', picture)) <= 4
    assert len(re.findall(r'aria-roledescription="point"', picture)) == 2


def test_a_live_viewer_opens_a_file_or_says_why_not(tmp_path, monkeypatch) -> None:
    shown: list[Any] = []
    monkeypatch.setattr(widgets, "display", shown.append)
    box = widgets.text("File", str(save_transcript(make(), tmp_path / "t.jsonl")))
    widgets.panel(load_transcript, path=box)
    assert shown == [make()]
    box.value = str(tmp_path / "nowhere.jsonl")
    assert "no transcript" in shown[-1].data
