"""Messages in distress, anger, joy and need: each rule catches its fault."""

from __future__ import annotations

from typing import Any

import pytest

from helpers.datasets import NEEDS, load_distress
from tests.unit.datasets.lint.distress import STARTS, TWINS, distress_faults


def test_each_kind_is_there_equally_often_and_ours_have_no_fault() -> None:
    frame = load_distress()
    assert set(frame["kind"].value_counts()) == {52}
    assert set(frame["kind"]) == set(NEEDS)
    assert list(distress_faults(frame)) == []


def test_situations_are_told_in_several_kinds() -> None:
    told = load_distress().groupby("situation")["kind"].agg(set)
    assert (told.map(len) > 1).sum() == 52
    for kind, least in (("distress", TWINS), ("anger", 20), ("joy", 15)):
        assert sum({kind, "need"} <= kinds for kinds in told) >= least


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [
        ("kind", "envy", "kind"),
        ("emotion", "glad-ish", "emotion"),
        ("message", "I am so happy " + "and so on " * 5, "leak"),
        ("message", "Help me, please?", "length"),
        ("message", "Look at this one. " * 4, "length"),
        ("message", load_distress()["message"][5], "copy"),
        ("message", "The neighbour took it, " + "again and again " * 5, "spelling"),
        ("id", load_distress()["id"][5], "copy"),
    ],
)
def test_a_planted_fault_is_found(column: str, value: Any, rule: str) -> None:
    frame = load_distress()
    frame.loc[0, column] = value
    assert rule in {fault[0] for fault in distress_faults(frame)}


def test_a_lack_of_balance_is_found() -> None:
    frame = load_distress()
    few = frame[~((frame["kind"] == "distress") & (frame.index < 80))]
    assert {"count", "twins"} <= {fault[0] for fault in distress_faults(few)}
    long = frame.copy()
    joy = long["kind"] == "joy"
    long.loc[joy, "message"] = "Guess what then, " + long.loc[joy, "message"]
    found = list(distress_faults(long))
    assert ("opening", "", "52 begin with 'guess what then,'") in found
    assert STARTS < 52
    need = frame.copy()
    short = need["kind"] == "need"
    need.loc[short, "message"] = (
        need.loc[short, "message"].str.split().str[-15:].str.join(" ")
    )
    assert ("length", "distress") in {fault[:2] for fault in distress_faults(need)}


def test_plain_need_brings_no_emotion() -> None:
    frame = load_distress()
    assert (frame["emotion"].isna() == (frame["kind"] == "need")).all()
    frame.loc[frame["kind"] == "need", "emotion"] = "calm"
    assert "emotion" in {fault[0] for fault in distress_faults(frame)}
