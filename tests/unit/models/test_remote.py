"""NDIF without NDIF: nnsight's own client, a server that lacks this package, a key.

Each job runs in fresh processes, because the tests' check of shapes rewrites modules.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import types
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from helpers.models import load_model, remote

KEY = "k3y-that-must-not-travel"
ROOT = Path(__file__).resolve().parents[3]
FAMILIES = ("llama", "gpt_neox", "gemma2")

CLIENT = """
import sys
import pandas as pd
import torch
from nnsight.modeling import huggingface
from helpers.activations import mean_activations, residual_norm, residual_stream
from helpers.steering import next_logprobs
from helpers.models import load_model
from helpers.monitor import Monitor, stream, watch
from helpers.steering import Push, choice_logprobs, generate, sweep_logprobs
from helpers.vectors import extract
from tests.unit.families import TEXTS

remote = {"True": True, "local": "local", "False": False}[sys.argv[1]]
for name, out in zip(sys.argv[2::2], sys.argv[3::2], strict=True):
    huggingface._ID_CACHE[name] = name  # else the hub would be asked how it is spelled
    model = load_model(name, remote=remote)
    table = pd.DataFrame({"emotion": ["glad", "sad"] * 2, "text": TEXTS[:4]})
    plain = {"cache": False, "progress": False}
    vectors = extract(model, table, TEXTS, 1, start=2, progress=False)
    push = torch.linspace(-1, 1, 32)
    many = [Push(push, 1, 0.6, norm=3.0), Push(-push, 2, mode="ablate", norm=3.0)]
    bound = {e: float("inf") for e in vectors.emotions}
    open_monitor = Monitor(vectors, bound, 2)
    seen = watch(model, open_monitor, TEXTS[1], max_new_tokens=9, temperature=0.7)
    late = sorted(row[0] for row in seen.scores[seen.prompt + 2 :])[-2]
    bound = {vectors.emotions[0]: late}
    alarmed = Monitor(vectors, bound, 1)
    asked = []
    def ask_me(alert):
        asked.append(alert.start)
        return ["steer", "go on", "stop"][min(len(asked), 3) - 1]
    def episode(on_alert, chunk):
        found = watch(model, alarmed, TEXTS[1], max_new_tokens=9, chunk=chunk,
                      on_alert=on_alert, calm=push, strength=0.8, temperature=0.7)
        return [found.ids, found.scores, found.tokens, found.steered, found.end]
    result = {
        "means": mean_activations(model, TEXTS, [0, 2], start=5, **plain),
        "stream": residual_stream(model, TEXTS[0], [0, 2]),
        "norm": residual_norm(model, TEXTS, 1),
        "vectors": [vectors.vectors, vectors.center, vectors.norm],
        "plain": generate(model, TEXTS[:3], max_new_tokens=6),
        "sampled": generate(model, TEXTS[:3], max_new_tokens=6, temperature=0.9,
                            seed=4),
        "all": generate(model, TEXTS[:2], vector=many, max_new_tokens=6),
        "prompt": generate(model, TEXTS[:2], vector=push, layer=[1, 2], strength=0.9,
                           norm=3.0, positions="prompt", max_new_tokens=6),
        "response": generate(model, TEXTS[:2], vector=push, layer=1, strength=0.9,
                             norm=3.0, positions="response", max_new_tokens=6),
        "choices": choice_logprobs(model, TEXTS[:2], [" a cat", " a", " rain"],
                                   vector=push, layer=1, strength=0.5, norm=3.0),
        "sweep": sweep_logprobs(model, TEXTS[:2], [" a cat", " a", " rain"],
                                torch.stack([push, -push]), layer=1, strength=0.5,
                                norm=3.0),
        "next": next_logprobs(model, TEXTS[:2], torch.tensor([[5, 9], [7, 300]]),
                              vector=push, layer=1, strength=0.5, norm=3.0),
        "watched": [seen.ids, seen.scores, seen.tokens, seen.end],
        "stopped": episode("stop", 32),
        "steered": episode("steer", 32),
        "steered in chunks": episode("steer", 2),
        "asked": [episode(ask_me, 3), asked],
    }
    torch.save(result, out)
"""


def as_hub(folder: Path, root: Path, name: str) -> None:
    """Put a model where the hub's cache would have it, so that its id works."""
    there = root / "hub" / f"models--{name.replace('/', '--')}"
    shutil.copytree(folder, there / "snapshots/0123")
    (there / "refs").mkdir()
    (there / "refs/main").write_text("0123")


def run_client(names: Sequence[str], way: str, out: Path, **extra: str) -> list[Any]:
    """Everything that can run remotely, one way, in a process of its own, by model."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **extra}
    files = [out / f"{way}-{i}.pt" for i in range(len(names))]
    each = [part for pair in zip(names, map(str, files), strict=True) for part in pair]
    command = [sys.executable, "-c", CLIENT, way, *each]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert KEY not in done.stdout + done.stderr
    return [torch.load(file) for file in files]


@pytest.fixture
def service(
    family_folder: Callable[[str], Path], request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[tuple[Any, str]]:
    """A running stand-in for NDIF, and its address."""
    folder = family_folder(request.param)
    script = str(Path(__file__).parents[1] / "loopback.py")
    command = [sys.executable, script, str(folder), KEY]
    log = (tmp_path / "service.txt").open("w+")
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=log, text=True
    ) as process:
        assert process.stdout
        port = process.stdout.readline().strip()
        yield process, f"http://127.0.0.1:{port}"
        process.terminate()


def equal(ours: Any, theirs: Any) -> None:
    """The same numbers and texts, whatever they are nested in."""
    assert type(ours) is type(theirs)
    if isinstance(ours, torch.Tensor):
        assert torch.allclose(ours, theirs, atol=1e-5)
    elif isinstance(ours, list):
        assert len(ours) == len(theirs)
        for one, other in zip(ours, theirs, strict=True):
            equal(one, other)
    else:
        near = isinstance(ours, float)
        assert ours == (pytest.approx(theirs, abs=1e-5) if near else theirs)


@pytest.mark.parametrize("service", FAMILIES[:1], indirect=True)
def test_service_gives_the_same(
    service: tuple[Any, str], family_folder: Callable[[str], Path], tmp_path: Path
) -> None:
    process, address = service
    kind = FAMILIES[0]
    as_hub(family_folder(kind), tmp_path, "someone/model")
    places = {"HF_HOME": str(tmp_path), "EMOTION_VECTORS_CACHE": str(tmp_path / "c")}
    (here,) = run_client(["someone/model"], "False", tmp_path, **places)
    places |= {"NDIF_HOST": address, "NDIF_API_KEY": KEY}
    (there,) = run_client(["someone/model"], "True", tmp_path, **places)
    for name in here:
        equal(there[name], here[name])
    process.terminate()
    jobs = [json.loads(line) for line in process.stdout]
    assert len(jobs) > 20
    assert not any(job["key"] for job in jobs), "the key was in a trace"
    assert all('"repo_id": "someone/model"' in job["model"] for job in jobs)
    assert max(job["went"] for job in jobs) < 20_000


def test_local_path_gives_the_same(
    family_folder: Callable[[str], Path], tmp_path: Path
) -> None:
    folders = [str(family_folder(kind)) for kind in FAMILIES[1:]]
    found = [
        run_client(folders, way, tmp_path, EMOTION_VECTORS_CACHE=str(tmp_path / way))
        for way in ("False", "local")
    ]
    for here, there in zip(*found, strict=True):
        for name in here:
            equal(there[name], here[name])


def test_needs_a_key_and_a_hub_model(
    family_folder: Callable[[str], Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv(remote.SECRET, raising=False)
    monkeypatch.setattr(remote.CONFIG.API, "APIKEY", None)
    with pytest.raises(ValueError, match=r"needs a key.*NDIF_API_KEY.*Colab.*secret"):
        load_model("someone/model", remote=True)
    with pytest.raises(ValueError, match="is a folder here: load it without"):
        load_model(family_folder("llama"), remote=True)
    with pytest.raises(ValueError, match="remote is 'yes': pass True"):
        load_model(family_folder("llama"), remote="yes")
    monkeypatch.setenv(remote.SECRET, f" {KEY}\n")
    remote.use_key()
    assert remote.CONFIG.API.APIKEY == KEY
    assert KEY not in "".join(capsys.readouterr())


def test_key_among_secrets_of_colab(monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = {remote.SECRET: KEY}
    colab = types.ModuleType("google.colab")
    colab.userdata = types.SimpleNamespace(get=secrets.get)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "google", types.ModuleType("google"))
    monkeypatch.setitem(sys.modules, "google.colab", colab)
    monkeypatch.delenv(remote.SECRET, raising=False)
    monkeypatch.setattr(remote.CONFIG.API, "APIKEY", None)
    remote.use_key()
    assert remote.CONFIG.API.APIKEY == KEY
    secrets.clear()
    remote.CONFIG.API.APIKEY = None
    with pytest.raises(ValueError, match="needs a key"):
        remote.use_key()
