"""An extraction, killed at any write, goes on to the same vectors."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.vectors import EmotionVectors
from tests.unit.kills import check

SETUP = """
from helpers.activations import pooling
from helpers.datasets import load_neutral, load_stories
from helpers.models import load_model
from helpers.vectors import extract
pooling.SAVE_SECONDS = 0.0  # each batch is kept
model = load_model("tiny", device="cpu")
stories = load_stories(model).groupby("emotion").head(2).head(24)
neutral = load_neutral(model)[:8]
"""
WORK = """
vectors = extract(model, stories, neutral, batch_size=4, progress=False)
vectors.save(folder / "six.vectors.safetensors")
"""


@pytest.mark.parametrize("n", [3, pytest.param(20, marks=pytest.mark.kills)])
def test_a_killed_extraction_goes_on(
    n: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMOTION_VECTORS_KEPT", str(tmp_path / "none"))  # all is read
    alone, runs = check("an extraction", SETUP, WORK, tmp_path / "runs", n)
    (whole,) = alone.glob("*.safetensors")
    assert len(EmotionVectors.load(whole).emotions) == 12
    for run in runs:
        kept = [*run.left.glob("*.safetensors"), *run.again.glob("*.safetensors")]
        assert run.again / whole.name in kept, run
        assert all(path.read_bytes() == whole.read_bytes() for path in kept), run
        same_cache(alone / "cache", run.left / "cache", run.again / "cache")


def same_cache(alone: Path, left: Path, again: Path) -> None:
    """Every result in the cache is whole, and the last run ends with all of them."""
    results = {path.name: path.read_bytes() for path in alone.glob("*.safetensors")}
    assert results
    ended = {path.name: path.read_bytes() for path in again.glob("*.safetensors")}
    assert ended == results
    for path in left.glob("*.safetensors"):  # parts of a result too
        assert results.get(path.name, path.read_bytes()) == path.read_bytes()
