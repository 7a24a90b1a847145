"""Results that ship: found by content on each device, and never for another model."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from safetensors import safe_open

from helpers import cache
from helpers.activations import mean_activations, pooling, residual_norm, span_means
from helpers.models import EMBEDDED, load_model
from helpers.steering import (
    Push,
    choice_logprobs,
    generate,
    next_logprobs,
    sweep_logprobs,
)
from helpers.vectors import extract

TEXTS = ["Ana walked to the market and the soup was on the table all day."] * 2
TEXTS[1] += " She was glad of it."
PROMPTS = ["Ana was", "It was a long day, and Ben felt"]
VECTOR = torch.randn(160, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def shipped(tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place for results that ship, empty."""
    monkeypatch.setenv("EMOTION_VECTORS_KEPT", str(tmp_path / "kept"))
    return tmp_path / "kept"


@pytest.fixture
def recording(shipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """While it is noted what is asked for; call it to stop."""
    monkeypatch.setenv("EMOTION_VECTORS_ASKED", str(tmp_path / "asked"))

    def stop() -> None:
        monkeypatch.delenv("EMOTION_VECTORS_ASKED")
        monkeypatch.setenv("EMOTION_VECTORS_CACHE", str(tmp_path / "other"))

    return stop


@pytest.fixture
def model() -> Any:
    return load_model("tiny", device="cpu")


def push(strength: float = 0.1, **changes: Any) -> dict[str, Any]:
    known = {"vector": VECTOR, "layer": 3, "strength": strength, "norm": 5.0}
    return known | changes


Ask = Callable[[Any], Any]


def stories() -> pd.DataFrame:
    return pd.DataFrame({"emotion": ["calm", "glad"], "text": TEXTS})


ASKS: dict[str, Ask] = {
    "mean": lambda m: mean_activations(m, TEXTS, [2, 4], start=2),
    "norm": lambda m: torch.tensor(residual_norm(m, TEXTS, 3)),
    "spans": lambda m: span_means(m, TEXTS, [[(0, 10)], [(0, 10)]], 2),
    "vectors": lambda m: extract(m, stories(), layer=2, start=2, denoise=None).vectors,
    "generate": lambda m: generate(m, PROMPTS, max_new_tokens=4, **push()),
    "sampled": lambda m: generate(m, PROMPTS, temperature=1.0, max_new_tokens=4),
    "choices": lambda m: choice_logprobs(m, PROMPTS, [" glad", " at home"], **push()),
    "next": lambda m: next_logprobs(m, PROMPTS, torch.tensor([[5, 6]] * 2)),
    "sweep": lambda m: sweep_logprobs(
        m,
        PROMPTS,
        [" glad", " at home"],
        torch.stack([VECTOR, -VECTOR]),
        layer=3,
        strength=0.1,
        norm=5.0,
    ),
}


def same(a: Any, b: Any) -> bool:
    return a == b if isinstance(a, list) else bool(torch.equal(a, b))


@pytest.mark.parametrize("kind", ASKS)
def test_what_was_kept_is_found_everywhere_and_runs_nothing(
    kind: str,
    model: Any,
    recording: Any,
    shipped: Path,
    own_cache: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ask = ASKS[kind]
    plain = ask(model)
    assert list(shipped.iterdir())
    recording()
    other = load_model("tiny", device="cpu", dtype="bfloat16")

    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("the model was run")

    for envoy in ("trace", "generate"):
        monkeypatch.setattr(type(other), envoy, never)
    found = ask(other)
    assert same(found, plain)  # the first asker was given what ships, too
    if not isinstance(found, list):
        assert found.dtype == torch.float32


def test_sixteen_bits_are_close_and_said(
    model: Any, recording: Any, shipped: Path
) -> None:
    right = mean_activations(model, TEXTS, 2, start=2, cache=False)
    kept = mean_activations(model, TEXTS, 2, start=2)
    off = (kept - right).norm(dim=-1) / right.norm(dim=-1)
    assert 0 < float(off.max()) < 1e-3
    (file,) = shipped.iterdir()
    with safe_open(file, framework="pt") as opened:
        about = json.loads(opened.metadata()["kept"])
        assert opened.get_tensor("rows").dtype == torch.float16
    assert about == {"what": "mean rows of tiny", "numbers": "float16"}


OTHERS: dict[str, Ask] = {
    "a prompt": lambda m: generate(m, ["Ana is", PROMPTS[1]], **push()),
    "an order": lambda m: generate(m, PROMPTS[::-1], **push()),
    "a strength": lambda m: generate(m, PROMPTS, **push(0.2)),
    "a layer": lambda m: generate(m, PROMPTS, **push(layer=2)),
    "a band": lambda m: generate(m, PROMPTS, **push(layer=[3])),
    "a norm": lambda m: generate(m, PROMPTS, **push(norm=6.0)),
    "a vector": lambda m: generate(m, PROMPTS, **push(vector=VECTOR + 1e-6)),
    "a mode": lambda m: generate(m, PROMPTS, **push(mode="clamp")),
    "positions": lambda m: generate(m, PROMPTS, positions="prompt", **push()),
    "a length": lambda m: generate(m, PROMPTS, max_new_tokens=39, **push()),
    "a temperature": lambda m: generate(m, PROMPTS, temperature=1.0, **push()),
    "a seed": lambda m: generate(m, PROMPTS, temperature=1.0, seed=1, **push()),
    "no push": lambda m: generate(m, PROMPTS),
    "two pushes": lambda m: generate(
        m, PROMPTS, vector=[Push(**push()), Push(**push(layer=2))]
    ),
}


def test_each_of_what_an_answer_depends_on_has_another_name(
    model: Any, recording: Any, shipped: Path
) -> None:
    generate(model, PROMPTS, **push())
    for n, (name, ask) in enumerate(OTHERS.items(), start=1):
        if name == "a band":
            ask(model)  # one layer, and a band of that one, are the same
            continue
        ask(model)
        expected = n + 1 - (list(OTHERS).index("a band") < n)
        assert len(list(shipped.iterdir())) == expected, name
    recording()


def changed_weight(model: Any) -> Any:
    model._module.model.layers[2].mlp.down_proj.weight.data[0, 0] += 9
    return model


def hooked(model: Any) -> Any:
    model._module.model.layers[2].register_forward_hook(lambda *_: None)
    return model


def copied(model: Any) -> Any:
    """The same files as somebody's own folder."""
    folder = cache.place("copies") / "tiny"
    shutil.copytree(EMBEDDED / "tiny", folder)
    return load_model(folder, device="cpu")


def other_writing(model: Any) -> Any:
    model._module.generation_config.repetition_penalty = 1.3
    return model


STRANGERS = [changed_weight, hooked, copied, other_writing]


@pytest.mark.parametrize("stranger", STRANGERS)
def test_another_model_never_hits(
    stranger: Callable[[Any], Any],
    recording: Any,
    shipped: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = load_model("tiny", device="cpu")
    read, write = ASKS["mean"], ASKS["choices"]
    read(model), write(model)
    recording()
    kept = set(shipped.iterdir())
    other, runs = stranger(model), []
    whole = pooling.pool_once
    monkeypatch.setattr(
        pooling, "pool_once", lambda *given: runs.append(1) or whole(*given)
    )
    found = read(other)
    assert runs
    assert torch.equal(
        found, mean_activations(other, TEXTS, [2, 4], start=2, cache=False)
    )
    assert set(shipped.iterdir()) == kept
    assert cache.shipped_key(other, "anything").kept is None


def test_an_untold_run_writes_nothing(model: Any, shipped: Path) -> None:
    for ask in (ASKS["mean"], ASKS["generate"]):
        ask(model)
    assert not shipped.exists()


def test_a_damaged_file_is_computed_anew(
    model: Any, recording: Any, shipped: Path
) -> None:
    plain = ASKS["norm"](model)
    recording()
    (file,) = shipped.iterdir()
    file.write_bytes(b"no tensors")
    assert float(ASKS["norm"](model)) == pytest.approx(float(plain))
    assert file.read_bytes() == b"no tensors"  # what ships is never touched


@pytest.mark.parametrize("texts", [[], ["a"], ["", "grün \ud800", "b\n"]])
def test_texts_come_back(texts: list[str]) -> None:
    assert cache.as_texts(cache.as_tensors(texts)) == texts
