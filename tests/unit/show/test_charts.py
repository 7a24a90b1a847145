"""Charts compile, menus filter, and one display carries both faces."""

from __future__ import annotations

from typing import Any

import ipywidgets as ipw
import pandas as pd
import pytest

from helpers.show import charts, widgets

FRAME = pd.DataFrame(
    {"x": [0.0, 1.0], "y": [1.0, -1.0], "name": ["a", "b"], "kind": ["c", "d"]}
)


def test_charts_compile() -> None:
    made = [
        charts.bars(FRAME, "y", "name", title="t", low="x", high="y", reference=0.0),
        charts.lines(FRAME, "x", "y", title="t", color="kind", reference=0.0),
        charts.heatmap(FRAME, "name", "kind", "y", title="t"),
        charts.dots(FRAME, "x", "y", title="t", color="kind", label="name"),
    ]
    for chart in made:
        spec = chart.to_dict()
        assert "vega-lite" in spec["$schema"]
        assert spec["title"]["text"] == "t"
        assert spec["description"]


def test_paths_join_in_the_order_that_is_given() -> None:
    look = {"order": "x", "color": "name", "title": "t", "control": ["b"]}
    line, points = charts.paths(FRAME, "x", "y", **look).to_dict()["layer"]
    assert line["encoding"]["order"]["field"] == "x"
    assert line["encoding"]["color"]["scale"]["domain"] == ["a", "b"]
    assert points["encoding"]["x"] == line["encoding"]["x"]


def test_dots_of_a_control_are_gray() -> None:
    look = {"title": "t", "color": "kind", "label": "name"}
    spec = charts.dots(FRAME, "x", "y", control=["c"], **look).to_dict()
    scale = spec["encoding"]["color"]["scale"]
    assert scale["domain"] == ["d", "c"]
    assert scale["range"][1] == charts.basic.GRAYS[0]


WORDS = "one two three four five six seven eight nine ten eleven twelve"


def told(spec: dict[str, Any]) -> list[str]:
    """What a chart of passages shows for each of its rows."""
    (look,) = [t for t in spec["transform"] if "lookup" in t]
    texts = spec["datasets"][look["from"]["data"]["name"]]
    by = {row[look["from"]["key"]]: row["told"] for row in texts}
    return [by[row[look["lookup"]]] for row in spec["datasets"][spec["data"]["name"]]]


def test_passages_stand_side_by_side() -> None:
    frame = pd.DataFrame({"side": ["left", "right"], "text": [WORDS, "short"]})
    spec = charts.passages(frame, [], column="side", title="t").to_dict()
    assert spec["encoding"]["x"]["sort"] == ["left", "right"]
    left, right = (text.split(spec["mark"]["lineBreak"]) for text in told(spec))
    assert " ".join(left) == WORDS
    assert max(map(len, left)) <= 31
    assert right == ["short"]
    assert spec["height"] == spec["mark"]["lineHeight"] * len(left)


def test_a_passage_that_comes_again_is_kept_once() -> None:
    texts = [WORDS, "short", WORDS]
    frame = pd.DataFrame({"name": ["a", "b", "c"], "text": texts})
    spec = charts.passages(frame, ["name"], title="t", start=["c"]).to_dict()
    assert [" ".join(text.split()) for text in told(spec)] == texts
    assert sum("told" in row for d in spec["datasets"].values() for row in d) == 2


def test_pick_filters_words_and_numbers() -> None:
    chart = charts.dots(FRAME, "x", "y", title="t", color="kind", label="name")
    words = charts.pick(chart, "kind", ["c", "d"], label="K", start="d").to_dict()
    (param,) = [p for p in words["params"] if "bind" in p and "value" in p]
    assert param["value"] == "d"
    assert param["bind"]["options"] == ["c", "d"]
    assert words["transform"] == [{"filter": f"datum['kind'] == {param['name']}"}]
    numbers = charts.pick(chart, "x", [0.0, 1.0], label="X").to_dict()
    (param,) = [p for p in numbers["params"] if "bind" in p and "value" in p]
    assert (param["bind"]["input"], param["bind"]["step"]) == ("range", 1.0)


def test_place_tokens_breaks_lines() -> None:
    rows = charts.place_tokens(["abc", "de\n", "fgh"], width=6)
    assert rows.line.tolist() == [0, 0, 1]
    assert rows.start.tolist() == [0, 3, 0]
    assert rows.token.tolist() == ["abc", "de⏎", "fgh"]
    rows = charts.place_tokens(["a", "", "🙂"])  # a piece of it can be pointed at
    assert rows.start.tolist() == [0, 1, 2]
    assert rows.end.tolist() == [1, 2, 3]


def test_two_faces_are_one_display(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[Any] = []
    monkeypatch.setattr(widgets, "display", lambda data, **_: shown.append(data))
    chart = charts.dots(FRAME, "x", "y", title="t", color="kind", label="name")
    widgets.two_faces(chart, ipw.VBox([]))
    (bundle,) = shown
    assert "vega" in bundle["text/html"]
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"]


def test_place_tokens_keeps_words_whole() -> None:
    rows = charts.place_tokens(["He", " le", "aving", " now"], width=9)
    assert rows.line.tolist() == [0, 1, 1, 2]
    assert rows.token.tolist() == ["He", "\u00a0le", "aving", "\u00a0now"]
