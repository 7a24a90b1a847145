"""What a model will need, against models of known sizes and against what they hold."""

from __future__ import annotations

import json
import sys
import types
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoConfig

from helpers.models import GB, estimate, load, load_model, memory
from helpers.models.memory import check, free_ram
from tests.unit.families import load_plain

# Configurations as they are published, and the number of parameters that their makers
# state, in billions.
LLAMA_8B = {
    "model_type": "llama",
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "vocab_size": 128256,
    "dtype": "bfloat16",
}
QWEN_1B = {
    "model_type": "qwen2",
    "hidden_size": 1536,
    "intermediate_size": 8960,
    "num_hidden_layers": 28,
    "num_attention_heads": 12,
    "num_key_value_heads": 2,
    "vocab_size": 151936,
    "tie_word_embeddings": True,
    "dtype": "bfloat16",
}
MISTRAL_7B = LLAMA_8B | {"model_type": "mistral", "vocab_size": 32000, "head_dim": 128}
GEMMA_2B = {
    "model_type": "gemma2",
    "hidden_size": 2304,
    "intermediate_size": 9216,
    "num_hidden_layers": 26,
    "num_attention_heads": 8,
    "num_key_value_heads": 4,
    "head_dim": 256,
    "vocab_size": 256000,
    "dtype": "float32",
}
GPT2 = {"model_type": "gpt2"}
KNOWN = [
    (LLAMA_8B, 8.03, 2),
    (QWEN_1B, 1.54, 2),
    (MISTRAL_7B, 7.24, 2),
    (GEMMA_2B, 2.61, 4),
    (GPT2, 0.124, 4),
]


def folder_of(root: Path, config: dict[str, Any]) -> str:
    """A folder that holds a configuration and nothing else."""
    (root / "config.json").write_text(json.dumps(config))
    return str(root)


@pytest.mark.parametrize(("config", "billions", "size"), KNOWN)
def test_known_sizes(
    config: dict[str, Any], billions: float, size: int, tmp_path: Path
) -> None:
    found = estimate(
        AutoConfig.from_pretrained(folder_of(tmp_path, config)), "auto", "cpu"
    )
    assert found.weights == pytest.approx(billions * GB * size, rel=0.01)
    assert found.download == found.weights
    plain = AutoConfig.from_pretrained(folder_of(tmp_path, config))
    half = estimate(plain, torch.bfloat16, "cpu")
    assert half.weights == pytest.approx(billions * GB * 2, rel=0.01)


@pytest.mark.parametrize("kind", ["llama", "gpt2", "gpt_neox", "gemma3", "mixtral"])
def test_weights_and_keys_are_what_the_model_holds(
    kind: str, family_folder: Callable[[str], Path]
) -> None:
    plain, tokenizer = load_plain(family_folder(kind))
    found = estimate(plain.config, torch.float32, "cpu")
    held = sum(p.numel() * p.element_size() for p in plain.parameters())
    assert found.weights == held
    ids = tokenizer("The cat sat.", return_tensors="pt")
    with torch.no_grad():
        out = plain(**ids, use_cache=True, output_hidden_states=True)
    kept = [(layer.keys, layer.values) for layer in out.past_key_values.layers]
    tokens = ids["input_ids"].numel()
    size = sum(t.numel() for pair in kept for t in pair) * 4
    streams = 3 * out.hidden_states[0].numel() * 4
    per_token = (found.least - 16 * plain.config.get_text_config().vocab_size) / 512
    assert size + streams <= per_token * tokens < 4 * (size + streams)


def test_refuses_what_does_not_fit(tmp_path: Path) -> None:
    path = folder_of(tmp_path, LLAMA_8B)
    with pytest.raises(MemoryError) as raised:
        check(path, torch.float32, "cpu", free=20 * GB)
    said = str(raised.value)
    assert "needs about 32.1 GB for its weights" in said
    assert "this machine has 20.0 GB free" in said
    assert 'dtype="bfloat16" (16.1 GB)' in said
    assert '"standard" (6.2 GB)' in said
    assert "check_memory=False" in said
    with pytest.raises(MemoryError) as raised:
        check(path, torch.bfloat16, "cpu", free=5 * GB)
    assert "dtype" not in str(raised.value)
    assert '"small" (2.0 GB)' in str(raised.value)


def test_warns_where_only_batches_do_not_fit(tmp_path: Path) -> None:
    path = folder_of(tmp_path, QWEN_1B)
    need = estimate(AutoConfig.from_pretrained(path), torch.bfloat16, "cpu")
    between = (need.weights + (need.least + need.batches) / 2) / memory.SHARE
    with pytest.warns(UserWarning, match=r"smaller batches.*batch_size=\d+ to mean"):
        check(path, torch.bfloat16, "cpu", free=between)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check(path, torch.bfloat16, "cpu", free=need.total / 0.89)


def test_advice_fits_the_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = AutoConfig.from_pretrained(folder_of(tmp_path, LLAMA_8B))
    monkeypatch.setattr(memory, "free_ram", lambda: 64 * GB)
    said = memory.advice("a/b", config, torch.bfloat16, "cuda:0", 14 * GB)
    assert 'device="cpu"' in said
    assert "remote=True" in said
    assert "T4" not in said
    monkeypatch.setitem(sys.modules, "google.colab", types.ModuleType("colab"))
    said = memory.advice("a/b", config, torch.float32, "cpu", 11 * GB)
    assert "T4 GPU" in said
    nothing = memory.advice(str(tmp_path), config, torch.bfloat16, "mps", 1e6)
    monkeypatch.setattr(memory, "free_ram", lambda: 1e6)
    nothing = memory.advice(str(tmp_path), config, torch.bfloat16, "mps", 1e6)
    assert nothing == "Take a machine with more memory"


def test_disk(tmp_path: Path) -> None:
    config = AutoConfig.from_pretrained(folder_of(tmp_path, LLAMA_8B))
    need = estimate(config, "auto", "cpu")
    with pytest.raises(OSError, match=r"download of about 16.1 GB.*HF_HOME"):
        memory.check_disk("no-one/nothing", need, 10 * GB)
    memory.check_disk("no-one/nothing", need, 17 * GB)


def test_loading_asks_first_and_can_be_told_not_to(
    family_folder: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = family_folder("llama")
    monkeypatch.setattr(memory, "free_ram", lambda: 1e3)
    monkeypatch.setattr(load, "load_tokenizer", None)  # asked before anything else
    with pytest.raises(MemoryError, match="to read one text, but this machine"):
        load_model(folder, device="cpu")
    monkeypatch.undo()
    monkeypatch.setattr(memory, "free_ram", lambda: 1e3)
    assert load_model(folder, device="cpu", check_memory=False) is not None


def test_free_ram_is_plausible() -> None:
    assert 1e7 < free_ram() < 1e14
