"""The disk cache: equal content, equal name; all or nothing."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from helpers import cache
from helpers.activations import mean_activations, residual_norm
from helpers.cache import store
from helpers.models import random_twin


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

    for content in ({"layer": 1, "texts": "t"}, {"texts": "t", "layer": 1}):
        key = cache.Key(cache.digest(content))
        assert torch.equal(cache.cached(key, compute)["a"], torch.ones(2))
    assert len(calls) == 1
    cache.cached(key.part(2), compute)
    assert len(calls) == 2
    for _ in "ab":
        cache.cached(cache.Key(), compute)
    assert len(calls) == 4


def test_a_failed_write_leaves_the_old_file(
    own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.write("x", {"a": torch.zeros(2)})

    def half(path: Path, data: bytes) -> None:
        with path.open("wb") as file:
            file.write(data[:9])
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_bytes", half)
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
    assert cache.digest(np.array([1, 2]), np.float64(0.5)) == cache.digest([1, 2], 0.5)


def test_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("EMOTION_VECTORS_CACHE", str(tmp_path))
    assert cache.folder() == tmp_path
    monkeypatch.delenv("EMOTION_VECTORS_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "c"))
    assert cache.folder() == tmp_path / "c" / "emotion-vectors"


@pytest.fixture
def untold(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a process that was not warned yet."""
    monkeypatch.setattr(store, "TOLD", set())


UNUSABLE = ["missing", "file", "homeless", "full"]


@pytest.fixture(params=UNUSABLE)
def unusable(
    request: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, untold: None
) -> Any:
    """A cache that cannot be written, in four ways."""
    resource = pytest.importorskip("resource")
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    where = {"missing": "/proc/nowhere/x", "file": str(tmp_path / "file")}
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("EMOTION_VECTORS_CACHE", where.get(request.param, str(tmp_path)))
    if request.param == "homeless":
        monkeypatch.delenv("EMOTION_VECTORS_CACHE")
        monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
        monkeypatch.setattr(Path, "home", homeless)
    if request.param == "full":
        resource.setrlimit(resource.RLIMIT_FSIZE, (64, limit[1]))
    yield request.param
    resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    signal.signal(signal.SIGXFSZ, before)


def homeless() -> Path:
    """What pathlib says for a user without an entry."""
    raise RuntimeError("Could not determine home directory.")


def test_work_goes_on_without_a_cache(unusable: str, random_model: Any) -> None:
    texts = ["The door is open and the light is on.", "A boat lay at the pier."]
    options: dict[str, Any] = {"start": 1, "progress": False}
    right = mean_activations(random_model, texts, 1, cache=False, **options)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        found = [mean_activations(random_model, texts, 1, **options) for _ in "ab"]
        assert residual_norm(random_model, texts, 1) > 0
    assert all(torch.equal(one, right) for one in found)
    said = [str(w.message) for w in told if "EMOTION_VECTORS_CACHE" in str(w.message)]
    assert len(said) == 1


def test_a_twin_needs_no_cache(
    random_model: Any, monkeypatch: pytest.MonkeyPatch, untold: None
) -> None:
    monkeypatch.setenv("EMOTION_VECTORS_CACHE", "/proc/nowhere/x")
    with pytest.warns(UserWarning, match="cannot be kept"):
        twin = random_twin(random_model)
    assert twin.config.hidden_size == random_model.config.hidden_size


def test_files_are_readable_by_those_whom_the_umask_lets(own_cache: Path) -> None:
    before = os.umask(0o027)
    try:
        cache.write("x", {"a": torch.zeros(2)})
    finally:
        os.umask(before)
    mode = (own_cache / "x.safetensors").stat().st_mode
    assert stat.S_IMODE(mode) == 0o640


STRANGER = """
import os
from helpers import cache
if os.getuid() == 0:
    os.setuid(12345)
print(cache.read("x"))
"""


def test_what_may_not_be_read_is_left_alone(own_cache: Path) -> None:
    """Neither taken for damaged nor deleted, though the folder is everybody's."""
    cache.write("x", {"a": torch.zeros(2)})
    path = own_cache / "x.safetensors"
    path.chmod(0)
    for folder in [own_cache, *own_cache.parents[:3]]:
        folder.chmod(0o777)
    ran = subprocess.run([sys.executable, "-c", STRANGER], capture_output=True)
    assert ran.stdout.strip() == b"None", ran.stderr.decode()[-500:]
    assert path.exists()


WRITER = """
import sys, torch
from helpers import cache
for i in range(200):
    cache.write("x", {"a": torch.full((500,), float(sys.argv[1]))})
    found = cache.read("x")
    assert found is not None and found["a"].unique().numel() == 1
"""


def test_two_processes_write_one_name(own_cache: Path) -> None:
    command = [sys.executable, "-c", WRITER]
    both = [subprocess.Popen([*command, str(n)]) for n in (1, 2)]
    assert [process.wait(120) for process in both] == [0, 0]
    assert [path.name for path in own_cache.iterdir()] == ["x.safetensors"]


def test_what_a_killed_writer_left_is_swept(own_cache: Path) -> None:
    own_cache.mkdir()
    names = ["x.safetensors.0123abcd.part", "y.safetensors.0123abcd.part", "my.part"]
    for name in names:
        (own_cache / name).write_bytes(b"half")
    long_ago = time.time() - 2 * store.DAY
    for name in (names[0], names[2]):
        os.utime(own_cache / name, (long_ago, long_ago))
    cache.write("z", {"a": torch.zeros(2)})
    left = {path.name for path in own_cache.iterdir()}
    assert left == {"z.safetensors", *names[1:]}
