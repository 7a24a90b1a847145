"""A process for one submission, with walls around it.

`Sandbox` starts `inside.py` in a new empty folder, beside a copy of `helpers`, with an
environment of its own (no secrets of the grader's), a limit on memory, and a clock on
whatever it is asked. Where Linux lets us (user namespaces: `unshare` and `setpriv` of
util-linux), the process has no network, sees no other process, can write into its own
folder alone, and finds the repository and the submissions empty. Elsewhere the guard in
`inside` refuses and reports the same; that keeps honest people honest, so run there
what you do not trust in a container without a network.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LONGEST = 1 << 27  # bytes of one reply
SPACES = ["--user", "--map-root-user", "--mount", "--pid", "--net", "--ipc"]
WALLS = """
set -e
work=$1; count=$2; shift 2
mount --make-rprivate /
while [ "$count" -gt 0 ]; do
  mount -t tmpfs -o ro,size=4k none "$1"; shift; count=$((count - 1))
done
mount --bind "$work" "$work"
mount -o remount,bind,ro /
mount -t proc proc /proc 2>/dev/null || true
for top in /tmp /var/tmp /dev/shm; do
  mount -o remount,bind,ro,nosuid,nodev "$top" 2>/dev/null || true
done
cd "$work"
exec setpriv --no-new-privs --bounding-set=-all --inh-caps=-all \
  --ambient-caps=-all "$@"
"""


class Ended(Exception):
    """A submission's process that is no more, or was ended, and why."""


def walled(command: Sequence[str], work: Path, hidden: Sequence[Path]) -> list[str]:
    """`command` in namespaces of its own, with the folders `hidden` empty."""
    prefix = ["unshare", *SPACES, "--fork", "--kill-child", "bash", "-c", WALLS, "bash"]
    return [*prefix, str(work), str(len(hidden)), *map(str, hidden), *command]


@functools.cache
def walls() -> bool:
    """Whether this machine lets us put walls around a process."""
    if not (shutil.which("unshare") and shutil.which("setpriv")):
        return False
    with tempfile.TemporaryDirectory() as folder:
        command = walled(["touch", "written"], Path(folder), [])
        done = subprocess.run(command, capture_output=True)
        return done.returncode == 0 and Path(folder, "written").exists()


def grader_folders(more: Sequence[Path] = ()) -> list[Path]:
    """Folders that no submission should see: the repository's, but for Python's own.

    Raises ValueError for one of `more` that a submission's process needs.
    """
    needed = [Path(p).resolve() for p in (sys.prefix, sys.base_prefix, os.__file__)]
    ours = [path.resolve() for path in sorted(ROOT.iterdir()) if path.is_dir()]
    kept = [top for top in ours if not any(one.is_relative_to(top) for one in needed)]
    needed.append(Path(tempfile.gettempdir()).resolve())
    for full in (path.resolve() for path in more):
        if any(one.is_relative_to(full) for one in needed):
            raise ValueError(f"{full} cannot be hidden: use a folder of its own")
        kept.append(full)
    return kept


class Sandbox:
    """One submission's process. Use it in a `with`; every method may raise Ended."""

    def __init__(
        self,
        *,
        hidden: Sequence[Path] = (),
        memory: int = 8 << 30,
        start_seconds: float = 180,
        use_walls: bool | None = None,
    ) -> None:
        self.top = Path(tempfile.mkdtemp(prefix="submission-")).resolve()
        self.hidden, self.memory = grader_folders(hidden), memory
        self.start_seconds = start_seconds
        self.walled = walls() if use_walls is None else use_walls
        self.reports: list[tuple[str, str]] = []
        self.count, self.rest = 0, b""

    def __enter__(self) -> Sandbox:
        work, library = self.top / "work", self.top / "library"
        work.mkdir()
        shutil.copytree(ROOT / "helpers", library / "helpers")
        shutil.copy(Path(__file__).with_name("inside.py"), library)
        theirs_in, self.ask = os.pipe()
        self.hear, theirs_out = os.pipe()
        command = [sys.executable, str(library / "inside.py")]
        command += [str(theirs_in), str(theirs_out)]
        if self.walled:
            command = walled(command, work, self.hidden)
        with Path(self.top, "output.txt").open("wb") as output:
            self.process = subprocess.Popen(
                command,
                cwd=work,
                env=self.environment(work, library),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=(theirs_in, theirs_out),
                start_new_session=True,
            )
        os.close(theirs_in)
        os.close(theirs_out)
        return self

    def environment(self, work: Path, library: Path) -> dict[str, str]:
        """All that the process knows of ours."""
        (work / "tmp").mkdir()
        passed = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "OMP_NUM_THREADS")
        return {
            **{name: os.environ[name] for name in passed if name in os.environ},
            "HOME": str(work),
            "TMPDIR": str(work / "tmp"),
            "IPYTHONDIR": str(work / "tmp"),
            "EMOTION_VECTORS_CACHE": str(work / "tmp/cache"),
            "PYTHONPATH": str(library),
            "PYTHONDONTWRITEBYTECODE": "1",
            "EMOTION_VECTORS_GRADING": "1",
            "HF_HUB_OFFLINE": "1",
            "TOKENIZERS_PARALLELISM": "false",
            "CUDA_VISIBLE_DEVICES": "",
        }

    def start(self) -> None:
        """Wait until the libraries are imported."""
        hidden = [str(path) for path in self.hidden]
        self._send({"memory": self.memory, "forbidden": hidden})
        if "ready" not in self._hear(self.start_seconds, "started"):
            raise Ended("did not start")

    def run(self, cells: Sequence[str], seconds: float) -> list[str | None]:
        """Run a notebook's cells; the error of each, or None."""
        found = self._exchange({"cells": list(cells)}, seconds, "ran").get("errors")
        return found if isinstance(found, list) else []

    def request(self, text: str, seconds: float) -> str:
        """The reply to one of `helpers.grading`'s requests."""
        found = self._exchange({"request": text}, seconds, "answered").get("reply")
        return found if isinstance(found, str) else ""

    def _exchange(self, order: dict[str, Any], seconds: float, what: str) -> Any:
        self.count += 1
        self._send({"id": self.count, **order})
        found = self._hear(seconds, what)
        if found.get("id") != self.count:
            raise Ended("gave an answer that nobody had asked for")
        return found

    def _send(self, message: dict[str, Any]) -> None:
        try:
            with os.fdopen(os.dup(self.ask), "wb") as pipe:
                pipe.write(json.dumps(message).encode() + b"\n")
        except BrokenPipeError:
            raise Ended(self._how_it_ended()) from None

    def _hear(self, seconds: float, what: str) -> dict[str, Any]:
        """The next message that is no report; reports are kept."""
        until = time.monotonic() + seconds
        while True:
            line, found, self.rest = self.rest.partition(b"\n")
            if not found:
                self.rest = line + self._read(until, f"{what} for {seconds:.0f} s")
                if len(self.rest) > LONGEST:
                    raise Ended("gave an answer without end")
                continue
            try:
                message = json.loads(line)
            except (ValueError, RecursionError):
                message = None
            if not isinstance(message, dict):
                raise Ended("wrote into the grader's line")
            if "report" not in message:
                return message
            self._keep(message["report"])

    def _keep(self, report: Any) -> None:
        if isinstance(report, list) and len(report) == 2 and len(self.reports) < 50:
            self.reports.append((str(report[0])[:20], str(report[1])[:200]))

    def _read(self, until: float, what: str) -> bytes:
        left = until - time.monotonic()
        ready = select.select([self.hear], [], [], left)[0] if left > 0 else []
        if not ready:
            raise Ended(f"{what} and was stopped: over the time limit")
        piece = os.read(self.hear, 1 << 20)
        if not piece:
            raise Ended(self._how_it_ended())
        return piece

    def _how_it_ended(self) -> str:
        try:
            status = self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            return "closed the grader's line"
        return f"ended itself before it was graded (exit status {status})"

    def output(self) -> str:
        """The end of what the process printed."""
        return (self.top / "output.txt").read_bytes()[-2000:].decode("utf-8", "replace")

    def kill(self) -> None:
        """End the process and, by ending its namespace's first, all that it started."""
        pid = self.process.pid
        with contextlib.suppress(OSError):
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            for child in children:
                os.kill(int(child), signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
        self.process.wait()

    def __exit__(self, *_: object) -> None:
        self.kill()
        for one in (self.ask, self.hear):
            os.close(one)
        shutil.rmtree(self.top, ignore_errors=True)
