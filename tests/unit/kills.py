"""Runs that are killed in the middle of a write, and run again.

`check` runs a piece of Python once alone and then, for each of some writes, killed
there and run again. A process that has imported everything forks for each run, so that
a run costs what it does. Killed is `os._exit`: nothing is cleaned up, and of the write
only the first half is there.
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

ROOT = Path(__file__).resolve().parents[2]
KILLED, BROKEN = 86, 87  # exit codes


class Run(NamedTuple):
    """One killed run: at which write, what it left, and its folder when run again."""

    at: int
    left: Path
    again: Path


def check(
    setup: str, work: str, folder: Path, n: int, *, seed: int | None = None
) -> tuple[Path, list[Run]]:
    """The folder of a run left alone, and `n` runs that were killed and run again.

    `setup` runs once; `work` finds its folder, where writes are counted, as `folder`,
    and an empty cache there. Three kills are at the first write, the middle one and
    the last; more are drawn at random.
    """
    job = {"setup": setup, "work": work, "folder": str(folder), "n": n, "seed": seed}
    command = [sys.executable, "-m", "tests.unit.kills", json.dumps(job)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    places = json.loads(done.stdout.splitlines()[-1])
    runs = [Run(at, folder / f"left-{at}", folder / f"again-{at}") for at in places]
    return folder / "alone", runs


def main(job: dict[str, Any]) -> None:
    """Prepare, run alone, then kill and run again; the last line tells where."""
    names: dict[str, Any] = {"__name__": "killed"}
    exec(job["setup"], names)
    top = Path(job["folder"])
    total = fork(job["work"], names, top / "alone", None)
    assert total, "the run wrote nothing"
    places = sorted({1, (total + 1) // 2, total})
    if job["n"] > 3:
        draw = random.Random(job["seed"])
        places = sorted(draw.sample(range(1, total + 1), min(job["n"], total)))
    for at in places:
        fork(job["work"], names, top / f"again-{at}", at)
        shutil.copytree(top / f"again-{at}", top / f"left-{at}")
        fork(job["work"], names, top / f"again-{at}", None)
    print(json.dumps(places))


def fork(work: str, names: dict[str, Any], folder: Path, at: int | None) -> int:
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


def watch(folder: Path, at: int | None) -> Callable[[], int]:
    """Count the writes and moves in a folder from now on, and be killed at one."""
    seen, top = 0, os.path.realpath(folder)
    real_open, real_move = io.open, {n: getattr(os, n) for n in ("replace", "rename")}

    def ours(path: Any) -> bool:
        name = f"/proc/self/fd/{path}" if isinstance(path, int) else os.fspath(path)
        return os.path.realpath(os.fsdecode(name)).startswith(top + os.sep)

    def due() -> bool:
        nonlocal seen
        seen += 1
        return seen == at

    def opened(file: Any, mode: str = "r", *args: Any, **options: Any) -> Any:
        found = real_open(file, mode, *args, **options)
        if set(mode) & set("wax+") and ours(file):
            write = found.write

            def counted(data: Any) -> Any:
                if due():
                    write(data[: len(data) // 2])
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

    builtins.open = io.open = opened  # type: ignore[assignment]
    for name in real_move:
        setattr(os, name, moved(name))
    return lambda: seen


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
