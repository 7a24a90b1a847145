"""Charts of acts keep their scale, their control gray, and valid specifications."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from helpers.behaviour import ASK, act_rates
from helpers.show import act_dial, charts, choose_between
from helpers.show.charts.acts import shares
from tests.unit.behaviour.test_effects import some_vectors


def test_shares_keep_their_scale_when_rows_are_picked() -> None:
    rows = pd.DataFrame(
        {"act": ["a", "b"] * 2, "rate": [0.1, 0.2, 0.3, 0.4], "s": [0, 0, 1, 1]}
    )
    chart = shares(rows, "rate", "act", title="T", sort=["a", "b"], apart=["b"])
    spec = charts.pick(chart, "s", [0, 1], label="S").to_dict()
    first = spec["layer"][0]["encoding"]
    assert first["x"]["scale"]["domain"] == [0, 1]
    assert first["color"]["condition"]["test"]["oneOf"] == ["b"]
    assert spec["description"]


def face(show: Any) -> str:
    """The page's face of a control, shown in a shell as in a notebook."""
    InteractiveShell.instance()
    with capture_output() as captured:
        show()
    faces = [o.data for o in captured.outputs if "text/html" in o.data]
    (data,) = faces
    assert "application/vnd.jupyter.widget-view+json" in data
    return str(data["text/html"])


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_dial_shows_the_measured_rates(random_model: Any) -> None:
    scenes = pd.DataFrame(
        {"prompt": ["The cat sat"], "choices": [{"one": "x", "two": "y"}]}
    )
    html = face(
        lambda: act_dial(
            random_model, some_vectors(), scenes, ["e0", "e1"], strengths=(0.0, 0.5)
        )
    )
    plain = act_rates(random_model, scenes)["one"][0]
    assert f"{plain:.4f}"[:5] in html
    assert "left for all acts" in html


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_choice_is_shown_in_both_orders(random_model: Any) -> None:
    html = face(
        lambda: choose_between(
            random_model, some_vectors(), "sit", "walk", ["e0"], ask=ASK
        )
    )
    assert "(A) is: sit" in html
    assert "(A) is: walk" in html
