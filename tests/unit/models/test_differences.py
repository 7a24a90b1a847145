"""A child's weights come back to the bit from what sets them apart."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from helpers import cache
from helpers.models import EMBEDDED, differences, load_model, model_name


def folder(root: Path, name: str, weights: dict[str, torch.Tensor]) -> Path:
    (root / name).mkdir()
    save_file(weights, root / name / "model.safetensors")
    return root / name


class Holder(torch.nn.Module):
    """A module with two parameters and a configuration."""

    class config:
        emotion_source = None

    def __init__(self) -> None:
        super().__init__()
        self.a = torch.nn.Parameter(torch.zeros(40, 30))
        self.b = torch.nn.Parameter(torch.zeros(7))


def test_every_bit_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(differences, "EMBEDDED", tmp_path)
    draw = torch.Generator().manual_seed(0)
    one = {
        "a": torch.randn(40, 30, generator=draw).bfloat16(),
        "b": torch.tensor([0.0, 1e-30, -1e-30, 3.0, -3.0, 2e30, 1.0]).bfloat16(),
    }
    two = {
        "a": one["a"] + 0.01 * torch.randn(40, 30, generator=draw).bfloat16(),
        "b": torch.tensor([-1.0, -1e-30, 1e-30, 3.0, 3.0, -2e30, 0.0]).bfloat16(),
    }
    parent, child = folder(tmp_path, "tiny", one), folder(tmp_path, "child", two)
    path = tmp_path / "sham" / "difference.safetensors"
    differences.write_difference(parent, child, path)
    module = Holder()
    differences.add_difference(module, path)
    for name, value in module.named_parameters():
        assert torch.equal(value.bfloat16(), two[name])
    shutil.rmtree(parent)
    folder(tmp_path, "tiny", two)
    with pytest.raises(RuntimeError, match="train it again"):
        differences.add_difference(module, path)


def test_the_sham_is_a_child_of_its_own() -> None:
    sham, tiny = load_model("sham"), load_model("tiny")
    assert (model_name(sham), model_name(tiny)) == ("sham", "tiny")
    assert cache.fingerprint(sham) != cache.fingerprint(tiny)
    assert sham.__dict__["_emotion_source"] != tiny.__dict__["_emotion_source"]
    weights = load_file(EMBEDDED / "tiny" / "model.safetensors")
    moved = [
        (sham._module.get_parameter(n) - w.float()).norm() / w.float().norm()
        for n, w in weights.items()
    ]
    assert 0.001 < max(moved) < 0.1
    assert differences.difference_file("tiny") is None


def test_a_child_that_is_not_there_is_an_error_that_says_what_makes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(differences, "EMBEDDED", tmp_path)
    with pytest.raises(FileNotFoundError, match=r"evaluate\.suppression"):
        differences.difference_file("sham")
