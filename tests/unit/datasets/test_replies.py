"""Replies to the messages: each rule catches its fault, and the split keeps twins."""

from __future__ import annotations

import pytest

from helpers.datasets import load_distress, load_replies
from tests.unit.datasets.lint.distress import calm_faults, replies_faults


@pytest.fixture(scope="module")
def calm() -> dict[str, str]:
    return load_replies().set_index("id")["calm"].to_dict()


def test_ours_have_no_fault() -> None:
    assert list(replies_faults()) == []


def test_a_situation_is_on_one_side_and_a_fifth_is_left_out() -> None:
    frame = load_replies()
    assert list(frame["id"]) == list(load_distress()["id"])
    assert (frame.groupby("situation")["split"].nunique() == 1).all()
    assert 0.15 < (frame["split"] == "test").mean() < 0.25
    kinds = frame[frame["split"] == "test"]["kind"].value_counts()
    assert len(kinds) == 4
    assert kinds.min() >= 8


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("Call them.", "length"),
        ("One thing. Two things. Three things now. Four things come after.", "length"),
        ("Call the office in the morning and ask for the form, and do it NOW", "loud"),
        ("What a day that was for everyone who came to the hall with you!", "loud"),
        ("A neighbour may well have seen him go by the gate last night.", "spelling"),
    ],
)
def test_a_planted_fault_is_found(calm: dict[str, str], text: str, rule: str) -> None:
    assert rule in {fault[0] for fault in calm_faults(calm | {"the lake/joy": text})}


def test_what_is_alike_or_named_is_found(calm: dict[str, str]) -> None:
    ids = list(calm)
    same = calm | {ids[0]: calm[ids[1]]}
    assert "copy" in {fault[0] for fault in calm_faults(same)}
    starts = calm | {i: f"Take it slowly now: {calm[i]}" for i in ids[:4]}
    assert "opening" in {fault[0] for fault in calm_faults(starts)}
    named = calm | {i: f"{calm[i]} Stay calm." for i in ids[:6]}
    assert "named" in {fault[0] for fault in calm_faults(named)}
