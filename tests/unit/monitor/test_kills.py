"""A generation with a monitor, killed at any write, leaves what it had read."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.monitor import load_transcript
from tests.unit.kills import check

SETUP = """
import torch
from helpers.models import load_model
from helpers.monitor import Monitor, save_transcript, watch
from helpers.vectors import EmotionVectors
model = load_model("tiny", device="cpu")
rows = torch.randn(2, 160, generator=torch.Generator().manual_seed(0))
vectors = EmotionVectors(rows, ("a", "b"), 4, "tiny", 10.0, torch.zeros(160), 12)
monitor = Monitor(vectors, {"a": 9.0, "b": 9.0}, 3)
"""
WORK = """
log = folder / "log.jsonl"
found = watch(model, monitor, "It was late.", max_new_tokens=20, chunk=6, log=log)
save_transcript(found, folder / "saved.jsonl")
"""


@pytest.mark.parametrize("n", [3, pytest.param(20, marks=pytest.mark.kills)])
def test_a_killed_generation_leaves_what_was_read(n: int, tmp_path: Path) -> None:
    alone, runs = check("a watched text", SETUP, WORK, tmp_path, n)
    whole = (alone / "log.jsonl").read_bytes()
    saved = load_transcript(alone / "saved.jsonl")
    assert len(saved.tokens) > 20
    for run in runs:
        log = (run.left / "log.jsonl").read_bytes()
        assert whole.startswith(log), run
        if b"\n" in log:
            kept = load_transcript(run.left / "log.jsonl")
            n_kept = len(kept.tokens)
            assert n_kept >= log.count(b"\n") - 2, run
            assert kept.tokens == saved.tokens[:n_kept], run
            assert kept.scores == saved.scores[:n_kept], run
        left = run.left / "saved.jsonl"
        assert not left.exists() or load_transcript(left) == saved, run
        for name in ("log.jsonl", "saved.jsonl"):
            assert (run.again / name).read_bytes() == (alone / name).read_bytes(), run
        assert {p.name for p in run.again.iterdir() if p.is_file()} == {
            "log.jsonl",
            "saved.jsonl",
        }, run
