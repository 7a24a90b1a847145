"""Runs that are killed in the middle of a write, and run again.

`check` runs a piece of Python once alone and then, for each of some writes, killed
there and run again. A process that has imported everything forks for each run, so that
a run costs what it does. Killed is `os._exit`: nothing is cleaned up, and of the write
only a part is there. `make test-kills` has each check noted in `KILLS_NOTES`.
"""

from __future__ import annotations

import builtins
import io
import json
import os
import random
import shutil
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import safetensors.torch

ROOT = Path(__file__).resolve().parents[2]
KILLED, BROKEN = 86, 87  # exit codes


class Run(NamedTuple):
    """One killed run: where, what it left, and its folder when it was run again."""

    at: int  # the write in which it was killed
    share: float  # of that write that is there
    left: Path
    again: Path


def check(
    what: str, setup: str, work: str, folder: Path, n: int
) -> tuple[Path, list[Run]]:
    """The folder of a run left alone, and `n` runs that were killed and run again.

    `setup` runs once; `work` finds its folder, where writes are counted, as `folder`,
    and an empty cache there. Three kills are halfway through the first write, the
    middle one and the last; more are drawn at random. `what` is run, in words.
    """
    job = {"setup": setup, "work": work, "folder": str(folder), "n": n}
    command = [sys.executable, "-m", "tests.unit.kills", json.dumps(job)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    total, places = json.loads(done.stdout.splitlines()[-1])
    if notes := os.environ.get("KILLS_NOTES"):
        with open(notes, "a", encoding="utf-8") as file:
            file.write(json.dumps([what, total, len(places)]) + "\n")
    folders = [(folder / f"left-{i}", folder / f"again-{i}") for i in range(n)]
    return folder / "alone", [
        Run(*place, *two) for place, two in zip(places, folders, strict=True)
    ]


def main(job: dict[str, Any]) -> None:
    """Prepare, run alone, then kill and run again; the last line tells where."""
    names: dict[str, Any] = {"__name__": "killed"}
    exec(job["setup"], names)
    top = Path(job["folder"])
    total = fork(job["work"], names, top / "alone", None)
    assert total, "the run wrote nothing"
    places = [(at, 0.5) for at in (1, (total + 1) // 2, total)]
    if job["n"] > 3:
        draw = random.SystemRandom()
        places = [(draw.randint(1, total), draw.random()) for _ in range(job["n"])]
    for i, place in enumerate(places):
        left, again = top / f"left-{i}", top / f"again-{i}"
        fork(job["work"], names, again, place)
        shutil.copytree(again, left)
        fork(job["work"], names, again, None)
    print(json.dumps([total, places]))


Place = tuple[int, float] | None


def fork(work: str, names: dict[str, Any], folder: Path, at: Place) -> int:
    """Run `work` in a copy of this process; how many writes it made."""
    folder.mkdir(parents=True, exist_ok=True)
    told = folder.with_suffix(".writes")
    sys.stdout.flush()
    if (child := os.fork()) == 0:
        os.dup2(2, 1)
        count = watch(folder, at)
        os.environ["EMOTION_VECTORS_CACHE"] = str(folder / "cache")
        code = 0
        try:
            exec(work, names | {"folder": folder})
        except BaseException:
            traceback.print_exc()
            code = BROKEN
        told.write_text(str(count()))
        sys.stderr.flush()
        os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code == (0 if at is None else KILLED), f"exit code {code}, killed at {at}"
    return int(told.read_text()) if at is None else 0


def watch(folder: Path, at: Place) -> Callable[[], int]:
    """Count the writes and moves in a folder from now on, and be killed at one."""
    seen, top = 0, os.path.realpath(folder)
    last, share = at or (0, 0.0)
    real_open, real_move = io.open, {n: getattr(os, n) for n in ("replace", "rename")}

    def ours(path: Any) -> bool:
        name = f"/proc/self/fd/{path}" if isinstance(path, int) else os.fspath(path)
        return os.path.realpath(os.fsdecode(name)).startswith(top + os.sep)

    def due() -> bool:
        nonlocal seen
        seen += 1
        return seen == last

    def opened(file: Any, mode: str = "r", *args: Any, **options: Any) -> Any:
        found = real_open(file, mode, *args, **options)
        if set(mode) & set("wax+") and ours(file):
            write = found.write

            def counted(data: Any) -> Any:
                if due():
                    write(data[: int(len(data) * share)])
                    found.flush()
                    os._exit(KILLED)
                return write(data)

            found.write = counted
        return found

    def moved(name: str) -> Callable[..., None]:
        def move(source: Any, target: Any, **options: Any) -> None:
            if ours(target) and due():
                os._exit(KILLED)
            real_move[name](source, target, **options)

        return move

    def serialized(tensors: Any, path: Any, **options: Any) -> None:
        real_serialize(tensors, path, **options)  # not written by Python
        if ours(path) and due():
            os.truncate(path, int(os.path.getsize(path) * share))
            os._exit(KILLED)

    real_serialize = safetensors.torch.serialize_file
    safetensors.torch.serialize_file = serialized
    builtins.open = io.open = opened  # type: ignore[assignment]
    for name in real_move:
        setattr(os, name, moved(name))
    return lambda: seen


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
