"""Transcripts survive the disk, and a file that is none is refused with a reason."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from helpers.monitor import Transcript, load_transcript, save_transcript


def make() -> Transcript:
    return Transcript(
        "some/model",
        3,
        {"afraid": 0.25, "calm": math.inf},
        window=2,
        start=1,
        tokens=["It", " ra\nins", " “ö”", " 日"],
        scores=[[0.125, -1.0], [0.5, 0.0], [0.3, 2.0], [-0.1, 0.1]],
        prompt=2,
        steered=[3],
        end="length",
    )


def test_what_is_saved_is_what_is_loaded(tmp_path: Path) -> None:
    found = load_transcript(save_transcript(make(), tmp_path / "t.jsonl"))
    assert found == make()
    assert found.text == "It ra\nins “ö” 日"
    assert found.written == " “ö” 日"
    assert found.emotions == ["afraid", "calm"]
    lines = (tmp_path / "t.jsonl").read_text("utf-8").splitlines()
    assert all(isinstance(json.loads(line), dict) for line in lines)


def test_a_table_has_a_row_for_each_emotion_and_token() -> None:
    frame = make().to_frame()
    assert len(frame) == 8
    row = frame[(frame.emotion == "calm") & (frame.position == 2)].iloc[0]
    assert (row.token, row.score) == (" “ö”", 2.0)
    assert make().array().shape == (4, 2)
    assert Transcript("m", 0, {"a": 1.0}).array().shape == (0, 1)


def test_every_place_of_a_cut_leaves_whole_tokens(tmp_path: Path) -> None:
    path = save_transcript(make(), tmp_path / "t.jsonl")
    whole = path.read_bytes()
    first = whole.index(b"\n") + 1
    seen = set()
    for cut in range(first, len(whole)):
        path.write_bytes(whole[:cut])
        found = load_transcript(path)
        n = len(found.tokens)
        assert found.tokens == make().tokens[:n]
        assert np.array_equal(found.array(), make().array()[:n])
        assert found.end == "cut off"
        seen.add(n)
    assert seen == {0, 1, 2, 3, 4}


def test_what_is_not_finite_is_not_saved(tmp_path: Path) -> None:
    save_transcript(make(), tmp_path / "t.jsonl")
    for wrong in (math.nan, math.inf):
        bad = make()
        bad.scores[2][1] = wrong
        with pytest.raises(ValueError, match=r"token 2 .* score for 'calm'"):
            save_transcript(bad, tmp_path / "t.jsonl")
    assert load_transcript(tmp_path / "t.jsonl") == make()


HEADER = {"schema": "emotion-transcript", "version": 1, "model": "m", "layer": 1}
HEADER |= {"window": 2, "start": 0, "thresholds": {"a": 0.5}}


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ([], "is empty"),
        (["no json"], "is no file of JSON lines"),
        (["[1, 2]"], "is no transcript"),
        (['{"schema": "x"}'], "is no transcript"),
        ([json.dumps({"schema": "emotion-transcript"})], r"does not say \['version'"),
        ([json.dumps(HEADER | {"version": 2})], "of version 2, and this book reads"),
        ([json.dumps(HEADER | {"thresholds": {}})], "name one emotion"),
        ([json.dumps(HEADER | {"window": 0})], "window is 0"),
        ([json.dumps(HEADER | {"window": 2.5})], "window 2.5 is not a whole number"),
        ([json.dumps(HEADER | {"thresholds": {"a": math.nan}})], "of 'a' is nan"),
        ([json.dumps(HEADER | {"thresholds": {"a": -math.inf}})], "of 'a' is -inf"),
        (
            [json.dumps(HEADER), '{"token": "x", "scores": [NaN]}'],
            "line 2 of .* has a score for 'a' that is not finite",
        ),
        ([json.dumps(HEADER), '{"token": "x"}'], "line 2 of .* no token with its"),
        ([json.dumps(HEADER), '{"token": "x", "scores": ["y"]}'], "no token with its"),
        ([json.dumps(HEADER), '{"token": "x", "scores": [1, 2]}'], "2 scores for 1"),
    ],
)
def test_what_is_no_transcript_is_refused(
    lines: list[str], reason: str, tmp_path: Path
) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    with pytest.raises(ValueError, match=reason):
        load_transcript(path)
    with pytest.raises(FileNotFoundError, match="no transcript"):
        load_transcript(tmp_path / "nowhere.jsonl")
