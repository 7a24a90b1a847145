"""The disk cache: equal content, equal name; all or nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from helpers import cache
from helpers.models import load_model
from tests.unit.families import make_folder


def test_round_trip(own_cache: Path) -> None:
    tensors = {"a": torch.randn(3, 4), "b": torch.arange(5).flip(0)[::2]}
    assert cache.read("x") is None
    cache.write("x", tensors)
    back = cache.read("x")
    assert back is not None
    assert all(torch.equal(back[key], tensors[key]) for key in tensors)
    assert [path.name for path in own_cache.iterdir()] == ["x.safetensors"]
    cache.forget(["x", "never there"])
    assert cache.read("x") is None


def test_computed_once(own_cache: Path) -> None:
    calls: list[int] = []

    def compute() -> dict[str, torch.Tensor]:
        calls.append(1)
        return {"a": torch.ones(2)}

    for key in ({"layer": 1, "texts": "t"}, {"texts": "t", "layer": 1}):
        assert torch.equal(cache.cached(key, compute)["a"], torch.ones(2))
    assert len(calls) == 1
    cache.cached({"layer": 2, "texts": "t"}, compute)
    assert len(calls) == 2


def test_a_failed_write_leaves_the_old_file(
    own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.write("x", {"a": torch.zeros(2)})

    def half(tensors: Any, path: str, metadata: Any) -> None:
        Path(path).write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(cache, "save_file", half)
    with pytest.raises(KeyboardInterrupt):
        cache.write("x", {"a": torch.ones(2)})
    assert len(list(own_cache.iterdir())) == 1
    assert torch.equal((cache.read("x") or {})["a"], torch.zeros(2))


def test_a_damaged_file_counts_as_none(own_cache: Path) -> None:
    cache.write("x", {"a": torch.zeros(2)})
    path = own_cache / "x.safetensors"
    path.write_bytes(path.read_bytes()[:-3])
    assert cache.read("x") is None
    assert not path.exists()


def test_names_depend_on_content() -> None:
    assert cache.digest_bytes([b"ab", b"c"]) != cache.digest_bytes([b"a", b"bc"])
    assert cache.digest_bytes([b"a", b"b"]) != cache.digest_bytes([b"b", b"a"])
    assert cache.digest([1, 2]) == cache.digest([1, 2]) != cache.digest([2, 1])


def test_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("EMOTION_VECTORS_CACHE", str(tmp_path))
    assert cache.folder() == tmp_path
    monkeypatch.delenv("EMOTION_VECTORS_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "c"))
    assert cache.folder() == tmp_path / "c" / "emotion-vectors"


def test_fingerprint(family_folder: Any, tmp_path: Path) -> None:
    one, two = (load_model(family_folder("llama")) for _ in range(2))
    other = load_model(make_folder(tmp_path, "llama", seed=1))
    short = load_model(family_folder("llama"), dtype="bfloat16")
    name = cache.fingerprint(one)
    assert cache.fingerprint(two) == name
    assert cache.fingerprint(other) != name
    assert cache.fingerprint(short) != name
    with torch.no_grad():
        two._module.model.norm.weight[0] += 1
    assert cache.fingerprint(two) != name
    with torch.no_grad():
        two._module.model.norm.weight.copy_(one._module.model.norm.weight)
    assert cache.fingerprint(two) == name


def test_fingerprint_of_a_hub_model(family_folder: Any) -> None:
    """Named by id, revision and dtype for as long as nobody edits the weights."""
    model = load_model(family_folder("llama"))
    plain = cache.fingerprint(model)
    stamp = cache.stamp(model._module)
    model.__dict__["_emotion_origin"] = ("a/b", "abc", "float32", stamp)
    named = cache.fingerprint(model)
    assert named == cache.digest(("a/b", "abc", "float32"))
    with torch.no_grad():
        model._module.model.norm.weight.mul_(2)
    assert cache.fingerprint(model) not in (named, plain)


def test_same_weights_of_another_family(family_folder: Any) -> None:
    """Granite has Llama's parameters and multiplies differently."""
    llama, granite = (load_model(family_folder(kind)) for kind in ("llama", "granite"))
    pairs = zip(llama._module.parameters(), granite._module.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)
    assert cache.fingerprint(llama) != cache.fingerprint(granite)
