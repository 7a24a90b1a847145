"""A card, killed at any write, keeps the figures that were there, and goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.card import load_card
from tests.unit.kills import check

SETUP = """
from helpers.card import card
from helpers.datasets import load_neutral
from helpers.models import load_model
from tests.unit.card.test_card import told_stories
model = load_model("tiny", device="cpu")
names = ["lens", "size", "valence", "messages", "word rise"]
sizes = {"emotions": 12, "shuffled": 20, "random": 20, "pushed": 4, "openings": 1}
sizes |= {"messages": 24}
stories, neutral = told_stories(True), load_neutral(model)[:12]
"""
WORK = """
card(model, figures=names, path=folder / "tiny.card.json", stories=stories,
     neutral=neutral, progress=False, **sizes)
"""


@pytest.mark.parametrize("n", [3, pytest.param(20, marks=pytest.mark.kills)])
def test_a_killed_card_goes_on(n: int, tmp_path: Path) -> None:
    alone, runs = check("a card", SETUP, WORK, tmp_path, n)
    whole = load_card(alone / "tiny.card.json")
    assert len(whole["figures"]) == 7
    assert sum("skipped" in figure for figure in whole["figures"].values()) == 2
    for run in runs:
        left = run.left / "tiny.card.json"
        if left.exists():
            kept = load_card(left)["figures"]
            assert kept.items() <= whole["figures"].items(), run
        assert load_card(run.again / "tiny.card.json") == whole, run
