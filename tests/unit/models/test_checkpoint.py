"""Checkpoints whose parts do not fit together are refused, and the parts are named."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from helpers.models import load_model
from tests.unit.families import load_plain, make_folder, make_tokenizer

Tensors = dict[str, torch.Tensor]


def altered(
    folder: Path, target: Path, change: Callable[[Tensors], Any], **config: Any
) -> Path:
    """A copy of a model's folder with other weights, and changes to its config."""
    shutil.copytree(folder, target)
    tensors = load_file(target / "model.safetensors")
    change(tensors)
    save_file(tensors, target / "model.safetensors", {"format": "pt"})
    known = json.loads((target / "config.json").read_text())
    (target / "config.json").write_text(json.dumps(known | config))
    return target


def drop(part: str) -> Callable[[Tensors], None]:
    return lambda t: [t.pop(name) for name in list(t) if part in name] and None


def add(tensors: Tensors) -> None:
    tensors["model.layers.1.mlp.extra_proj.weight"] = torch.ones(3, 3)


def cut(tensors: Tensors) -> None:
    name = "model.layers.2.mlp.up_proj.weight"
    tensors[name] = tensors[name][:-1].clone()


@pytest.mark.parametrize(
    ("change", "config", "says"),
    [
        (drop("layers.0.self_attn.v_proj"), {}, r"missing: model\.layers\.0.*v_proj"),
        (drop("model.norm"), {}, r"missing: model\.norm\.weight"),
        (drop("lm_head"), {"tie_word_embeddings": False}, r"missing: lm_head\.weight"),
        (drop("nothing"), {"num_hidden_layers": 5}, r"missing: model\.layers\.4.*more"),
        (drop("nothing"), {"num_hidden_layers": 3}, r"not in the model: .*layers\.3"),
        (add, {}, r"not in the model: model\.layers\.1\.mlp\.extra_proj\.weight"),
        (cut, {}, r"another shape: .*layers\.2.*\(\(47, 32\) for \(48, 32\)\)"),
    ],
)
def test_weights_that_do_not_fit_are_named(
    family_folder: Any, tmp_path: Path, change: Any, config: Any, says: str
) -> None:
    folder = altered(family_folder("llama"), tmp_path / "x", change, **config)
    with pytest.raises(RuntimeError, match=says):
        load_model(folder)


def spoil(value: float) -> Callable[[Tensors], Any]:
    """Another value in the embedding of one token, which no text of a check has."""
    return lambda t: t["model.embed_tokens.weight"][-1].fill_(value).tolist()


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_named(
    family_folder: Any, tmp_path: Path, value: float
) -> None:
    made = altered(family_folder("llama"), tmp_path / "made", spoil(value))
    with pytest.raises(RuntimeError, match=r"not finite \(model.embed_tokens.weight\)"):
        load_model(made)


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json"])
@pytest.mark.parametrize("size", [0, 500])
def test_a_file_that_is_cut_off_is_told(
    family_folder: Any, tmp_path: Path, name: str, size: int
) -> None:
    made = shutil.copytree(family_folder("llama"), tmp_path / "made")
    (made / name).write_bytes((made / name).read_bytes()[:size])
    with pytest.raises((RuntimeError, ValueError), match=r"cannot be read .*whole"):
        load_model(made)


def test_tied_weights_need_not_be_there(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, "llama", tie_word_embeddings=True)
    assert "lm_head.weight" not in load_file(folder / "model.safetensors")
    model, plain = load_model(folder, device="cpu"), load_plain(folder)[0]
    for name, weight in plain.state_dict().items():
        assert torch.equal(model._module.state_dict()[name], weight), name


@pytest.mark.parametrize("special", [False, True])
def test_a_tokenizer_with_more_tokens_than_embeddings(
    tmp_path: Path, special: bool
) -> None:
    tokenizer = make_tokenizer()
    folder = make_folder(tmp_path, "llama", tokenizer=tokenizer)
    rows = load_plain(folder)[0].get_input_embeddings().num_embeddings
    names = [f"<|more_{i}|>" for i in range(rows - len(tokenizer))]
    tokenizer.add_tokens(names, special_tokens=special)
    tokenizer.save_pretrained(folder)
    assert len(load_model(folder, device="cpu").tokenizer) == rows  # as many as rows
    tokenizer.add_tokens(["<|too_many|>"], special_tokens=special)
    tokenizer.save_pretrained(folder)
    with pytest.raises(RuntimeError, match=r"too_many.* with id (\d+).*embeddings for"):
        load_model(folder)
