"""Reading the residual stream, against plain PyTorch hooks and Hugging Face."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from helpers.activations import (
    mean_activations,
    mean_pool,
    pooling,
    residual_norm,
    residual_stream,
)
from helpers.models import load_model, token_strings
from tests.unit.families import (
    NAMED,
    OTHERS,
    TEXTS,
    load_plain,
    plain_blocks,
    plain_stream,
)

START = 5


@contextmanager
def counted(model: Any, layer: int) -> Iterator[list[int]]:
    """The batch sizes that a block is run with."""
    sizes: list[int] = []

    def note(module: Any, inputs: Any) -> None:
        sizes.append(inputs[0].shape[0])

    hook = plain_blocks(model._module)[layer].register_forward_pre_hook(note)
    yield sizes
    hook.remove()


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of the batches that are run, noted without a hook on the model."""
    sizes: list[int] = []
    whole = pooling.pool_once

    def note(model: Any, rows: Any, *others: Any) -> Any:
        sizes.append(len(rows))
        return whole(model, rows, *others)

    monkeypatch.setattr(pooling, "pool_once", note)
    return sizes


def close(a: torch.Tensor, b: torch.Tensor) -> bool:
    """Equal but for rounding, relative to the size of b."""
    return bool((a - b).abs().max() < 1e-5 * max(1.0, float(b.abs().max())))


@pytest.mark.parametrize("kind", NAMED + OTHERS)
def test_families_against_plain_hooks(kind: str, family_folder: Any) -> None:
    model = load_model(family_folder(kind), device="cpu")
    streams = [plain_stream(*load_plain(family_folder(kind)), text) for text in TEXTS]
    layers = [0, 1, 2, 3]
    for text, stream in zip(TEXTS[:2], streams, strict=False):
        assert close(residual_stream(model, text, layers), stream)
    plain = torch.stack([s[:, START:].mean(1) for s in streams], dim=1)
    together = mean_activations(model, TEXTS, layers, start=START)
    alone = mean_activations(model, TEXTS, layers, start=START, batch_size=1)
    assert close(together, plain)
    assert close(alone, plain)


@pytest.mark.parametrize("kind", NAMED)
def test_layer_is_the_next_hidden_state(kind: str, family_folder: Any) -> None:
    model = load_model(family_folder(kind))
    plain, tokenizer = load_plain(family_folder(kind))
    with torch.no_grad():
        ids = tokenizer(TEXTS[0], return_tensors="pt")
        states = plain(**ids, output_hidden_states=True).hidden_states
    for layer in range(3):
        assert close(residual_stream(model, TEXTS[0], layer), states[layer + 1][0])


@pytest.mark.parametrize("kind", NAMED)
@pytest.mark.parametrize("side", ["left", "right"])
def test_padding_side(kind: str, side: str, family_folder: Any) -> None:
    """nnsight's own padded batch, pooled by its mask, gives the same means."""
    model = load_model(family_folder(kind))
    want = mean_activations(model, TEXTS, 2, start=START, cache=False)
    model.tokenizer.padding_side = side
    assert close(mean_activations(model, TEXTS, 2, start=START, cache=False), want)
    mask = model.tokenizer(TEXTS, return_tensors="pt", padding=True)["attention_mask"]
    with torch.no_grad(), model.trace(TEXTS):
        residual = model.layers[2].output
        residual = residual[0] if isinstance(residual, tuple) else residual
        means = mean_pool(residual, mask.bool(), START).save()
    assert close(means, want)


def test_mean_pool_by_hand() -> None:
    values = torch.arange(10.0).reshape(1, 5, 2).repeat(2, 1, 1)
    left, right = [0, 0, 1, 1, 1], [1, 1, 1, 0, 0]
    means = mean_pool(values, torch.tensor([left, right]).bool(), 1)
    assert means.tolist() == [[7.0, 8.0], [3.0, 4.0]]


def test_shapes_and_order(random_model: Any) -> None:
    one = mean_activations(random_model, TEXTS, 1, start=0, cache=False)
    some = mean_activations(random_model, TEXTS, [3, 1, 3], start=0, cache=False)
    back = mean_activations(random_model, TEXTS[::-1], 1, start=0, cache=False)
    series = pd.Series(TEXTS, index=[7, 3, 9, 1, 4])
    assert (one.shape, some.shape) == ((5, 32), (3, 5, 32))
    assert close(some[1], one)
    assert torch.equal(some[0], some[2])
    assert not close(some[0], one)
    assert close(back.flip(0), one)
    assert close(mean_activations(random_model, series, 1, start=0, cache=False), one)


def test_half_precision_gives_float32_means(family_folder: Any) -> None:
    model = load_model(family_folder("llama"), dtype="bfloat16")
    plain, tokenizer = load_plain(family_folder("llama"), dtype=torch.bfloat16)
    means = mean_activations(model, TEXTS, 1, start=START, batch_size=1)
    for text, mean in zip(TEXTS, means, strict=True):
        stream = plain_stream(plain, tokenizer, text)
        assert stream.dtype == torch.bfloat16
        assert close(mean, stream[1, START:].float().mean(0))
    assert means.dtype == residual_stream(model, TEXTS[0], 1).dtype == torch.float32


def test_stops_after_the_deepest_layer(random_model: Any) -> None:
    with counted(random_model, 2) as third, counted(random_model, 1) as second:
        mean_activations(random_model, TEXTS, [0, 1], start=0, cache=False)
        residual_stream(random_model, TEXTS[0], 1)
        residual_norm(random_model, TEXTS[:3], 1)
    assert second
    assert not third


def test_batches_are_sorted_and_sized_by_tokens() -> None:
    lengths = [3, 50, 10, 12, 49, 1, 60]
    made = list(pooling.batches(lengths, None, 100))
    assert sorted(i for batch in made for i in batch) == list(range(7))
    for batch in made:
        assert len(batch) == 1 or len(batch) * max(lengths[i] for i in batch) <= 100
    longest = [lengths[i] for batch in made for i in batch]
    assert longest == sorted(longest, reverse=True)
    assert [len(b) for b in pooling.batches(lengths, 3, 1)] == [3, 3, 1]


def test_cache(random_model: Any, own_cache: Path, runs: list[int]) -> None:
    first = mean_activations(random_model, TEXTS, [0, 1], start=START)
    runs.clear()
    again = mean_activations(random_model, TEXTS, [0, 1], start=START)
    one = mean_activations(random_model, TEXTS, 1, start=START)
    assert not runs
    assert torch.equal(again, first)
    assert torch.equal(one, first[1])
    mean_activations(random_model, TEXTS, 1, start=START + 1)
    mean_activations(random_model, TEXTS[:4], 1, start=START)
    mean_activations(random_model, [*TEXTS[:4], "Another text altogether."], 1, start=5)
    assert len(runs) == 3


def test_edited_weights_are_another_model(family_folder: Any, own_cache: Path) -> None:
    model = load_model(family_folder("llama"))
    before = mean_activations(model, TEXTS, 1, start=0)
    with torch.no_grad():
        model._module.model.layers[0].mlp.up_proj.weight.mul_(2)
    assert not close(mean_activations(model, TEXTS, 1, start=0), before)


def test_damaged_cache_is_made_again(random_model: Any, own_cache: Path) -> None:
    first = mean_activations(random_model, TEXTS, 1, start=0)
    for path in own_cache.glob("*.safetensors"):
        path.write_bytes(path.read_bytes()[:40])
    assert torch.equal(mean_activations(random_model, TEXTS, 1, start=0), first)


def run_script(script: str, *arguments: Any) -> subprocess.CompletedProcess[str]:
    """Run a script in a fresh process, at the root of the repository."""
    environment = {**os.environ, "PYTHONPATH": os.getcwd()}
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True)


KILLED = """
import os, sys
import torch
from helpers.activations import pooling
from helpers.activations import mean_activations
from helpers.models import load_model
from tests.unit.activations.test_activations import many
pooling.SAVE_SECONDS = 0.0
model = load_model(sys.argv[1])
runs, whole = [], pooling.pool_once
def stop(*given):
    runs.append(1)
    if len(runs) > 4:
        os._exit(9)
    return whole(*given)
pooling.pool_once = stop
mean_activations(model, many(), [1, 3], start=2, batch_size=3)
"""


def many() -> list[str]:
    """Thirty texts of different lengths."""
    return [f"{text} {i} times." for i in range(6) for text in TEXTS]


def test_a_killed_run_goes_on(
    family_folder: Any, own_cache: Path, runs: list[int]
) -> None:
    model = load_model(family_folder("llama"))
    options: dict[str, Any] = {"start": 2, "batch_size": 3}
    whole = mean_activations(model, many(), [1, 3], cache=False, **options)
    done = run_script(KILLED, family_folder("llama"))
    assert done.returncode == 9, done.stderr
    assert len(list(own_cache.glob("*.safetensors"))) == 4
    runs.clear()
    resumed = mean_activations(model, many(), [1, 3], **options)
    assert len(runs) == 10 - 4
    assert torch.equal(resumed, whole)
    assert len(list(own_cache.glob("*"))) == 2  # one for each layer, and no parts


def test_batch_is_halved_when_memory_runs_out(random_model: Any) -> None:
    def full(most: int) -> Any:
        def hook(module: Any, inputs: Any) -> None:
            if inputs[0].shape[0] > most:
                raise torch.OutOfMemoryError("full")

        return random_model.layers[1]._module.register_forward_pre_hook(hook)

    want = mean_activations(random_model, TEXTS, [0, 2], start=0, cache=False)
    hook = full(2)
    with counted(random_model, 2) as sizes:
        found = mean_activations(random_model, TEXTS, [0, 2], start=0, cache=False)
    hook.remove()
    assert sizes == [2, 1, 2]
    assert close(found, want)
    hook = full(0)
    with pytest.raises(torch.OutOfMemoryError):
        mean_activations(random_model, TEXTS, 2, start=0, cache=False)
    hook.remove()


REMOTE = """
import sys
import torch
from helpers.activations import mean_activations, residual_stream
from helpers.models import load_model
from tests.unit.families import TEXTS
for remote in (False, "local"):
    model = load_model(sys.argv[1], remote=remote)
    means = mean_activations(model, TEXTS, [0, 2], start=5, cache=False)
    stream = residual_stream(model, TEXTS[0], [0, 2])
    torch.save([means, stream], f"{sys.argv[2]}/{remote}.pt")
"""


def test_remote_path_gives_the_same(family_folder: Any, tmp_path: Path) -> None:
    """nnsight serializes the trace and runs it without this project's modules.

    In a process of its own, because the tests' check of shapes rewrites modules.
    """
    done = run_script(REMOTE, family_folder("llama"), tmp_path)
    assert done.returncode == 0, done.stderr
    here, there = (torch.load(tmp_path / f"{name}.pt") for name in ("False", "local"))
    for ours, theirs in zip(here, there, strict=True):
        assert torch.equal(ours, theirs)


def test_residual_norm(family_folder: Any, random_model: Any) -> None:
    plain, tokenizer = load_plain(family_folder("llama"))
    streams = [plain_stream(plain, tokenizer, text)[2] for text in TEXTS]
    for start in (0, 1, 7):
        norms = torch.cat([stream[start:].norm(dim=-1) for stream in streams])
        found = residual_norm(random_model, TEXTS, 2, start=start)
        assert found == pytest.approx(float(norms.mean()), rel=1e-5)
    assert residual_norm(random_model, TEXTS, 2) == pytest.approx(
        residual_norm(random_model, TEXTS, 2, start=1)
    )


def test_nothing_is_left_on_the_model(random_model: Any) -> None:
    means = mean_activations(random_model, TEXTS, 1, start=0, cache=False)
    assert not means.requires_grad
    assert all(p.grad is None for p in random_model._module.parameters())
    stream = residual_stream(random_model, TEXTS[0], 1)
    stream.zero_()
    assert residual_stream(random_model, TEXTS[0], 1).norm() > 0


@pytest.mark.parametrize("kind", ["llama", "qwen2", "gpt2", "gemma2"])
def test_token_strings(kind: str, family_folder: Any) -> None:
    model = load_model(family_folder(kind))
    text = "  She waited,\nand  waited — until the café closed.<|end|> Then"
    strings = token_strings(model, text)
    assert len(strings) == len(residual_stream(model, text, 0))
    assert "<|end|>" in strings
    assert "".join(token_strings(model, TEXTS[2])) == TEXTS[2]


BAD: list[tuple[Any, Any, dict[str, Any], str]] = [
    ([], 0, {}, "no texts"),
    ("one text", 0, {}, "texts is one text .*pass a list"),
    (["fine text", "  "], 0, {"start": 0}, "text 1 is '  '"),
    (TEXTS, 0, {"start": 25}, r"text 1 has 18 tokens.*start=25.*smaller start"),
    (TEXTS, 0, {"start": 18}, r"text 1 has 18 tokens.*start=18"),
    (TEXTS, 0, {}, r"text 0 has 33 tokens.*start=50"),
    (TEXTS, 0, {"start": -1}, "start is -1: it counts positions from 0"),
    ([TEXTS[2] * 3], 0, {}, r"text 0 has \d+ tokens, but the context .* is 128"),
    (TEXTS, 4, {}, r"layer 4 is outside 0\.\.3 of llama-0: pass an index"),
    (TEXTS, [0, -1], {}, r"layer -1 is outside 0\.\.3"),
    (TEXTS, [], {}, "no layers"),
]


@pytest.mark.parametrize(("texts", "layers", "options", "message"), BAD)
def test_bad_input(
    texts: Any, layers: Any, options: Any, message: str, random_model: Any
) -> None:
    with pytest.raises(ValueError, match=message):
        mean_activations(random_model, texts, layers, **options)
