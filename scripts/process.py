"""A process of the grader's: a module of `helpers.grading`, walled or in a folder."""

from __future__ import annotations

import compileall
import contextlib
import functools
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from scripts import walls
from scripts.walls import ROOT

COUNT = itertools.count(1)


def _environment(work: str, library: str, models: str) -> dict[str, str]:
    """All that a process knows of ours."""
    passed = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "OMP_NUM_THREADS")
    return {
        **{name: os.environ[name] for name in passed if name in os.environ},
        "HOME": work,
        "USER": "learner",
        "TMPDIR": f"{work}/tmp",
        "IPYTHONDIR": f"{work}/tmp",
        "EMOTION_VECTORS_CACHE": f"{work}/tmp/cache",
        "EMOTION_VECTORS_MODELS": models,
        "PYTHONPATH": library,
        "PYTHONDONTWRITEBYTECODE": "1",
        "EMOTION_VECTORS_GRADING": "1",
        "HF_HUB_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "CUDA_VISIBLE_DEVICES": "",
    }


def unnamed_file() -> IO[bytes]:
    """A file without a name, which is gone with this process."""
    return tempfile.TemporaryFile()


@functools.cache
def compile_helpers() -> None:
    """Compile `helpers` where it lies, once: a walled process cannot write there."""
    compileall.compile_dir(ROOT / "helpers", quiet=2)


class Process:
    """A module of `helpers.grading` in a process, within walls or in a folder."""

    def __init__(
        self,
        module: str,
        job: dict[str, Any],
        pipes: Sequence[int],
        *,
        use_walls: bool,
        fork: bool = False,
        hand_in: IO[bytes] | None = None,
    ) -> None:
        compile_helpers()
        self.folder = contextlib.ExitStack()
        self.said = self.folder.enter_context(unnamed_file())
        place = self._walled if use_walls else self._beside
        command = [sys.executable, "-m", f"helpers.grading.{module}"]
        command, passed, work, library = place(command, job, hand_in, fork)
        real = walls.real_model()
        models = walls.MODELS if use_walls else str(real and real.parent)
        self.process = subprocess.Popen(
            command,
            cwd=None if use_walls else work,
            env=_environment(work, library, models if real else walls.NOWHERE),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self.said,
            pass_fds=[*pipes, *passed],
            umask=0o022,
            start_new_session=True,
        )

    def _walled(
        self,
        command: list[str],
        job: dict[str, Any],
        hand_in: IO[bytes] | None,
        fork: bool,
    ) -> tuple[list[str], list[int], str, str]:
        rules = self.folder.enter_context(unnamed_file())
        walls.write_filter(rules, fork=fork)
        job |= {"user": walls.user(next(COUNT)), "tasks": walls.TASKS}
        job["hand_in"] = walls.HAND_IN
        file = hand_in.fileno() if hand_in else None
        command = walls.walled([*command, json.dumps(job)], rules.fileno(), file)
        passed = [rules.fileno(), *([] if file is None else [file])]
        return command, passed, walls.WORK, walls.LIBRARY

    def _beside(
        self,
        command: list[str],
        job: dict[str, Any],
        hand_in: IO[bytes] | None,
        fork: bool,
    ) -> tuple[list[str], list[int], str, str]:
        folder = tempfile.TemporaryDirectory(
            prefix="submission-", ignore_cleanup_errors=True
        )
        top = self.folder.enter_context(folder)
        shutil.copytree(ROOT / "helpers", f"{top}/library/helpers")
        os.makedirs(f"{top}/own/tmp")
        job |= {"user": None, "tasks": None, "hand_in": f"{top}/handed-in"}
        Path(job["hand_in"]).write_bytes(hand_in.read() if hand_in else b"")
        command = [*command, json.dumps(job)]
        return command, [], f"{top}/own", f"{top}/library"

    def why(self) -> str:
        """The last line that the process said before it was ready."""
        self.said.seek(0)
        lines = self.said.read()[-2000:].decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else ""

    def kill(self) -> None:
        """End the process, and all that it started."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.folder.close()
