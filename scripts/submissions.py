"""What was handed in, as files: each has a row. Nothing here looks into one."""

from __future__ import annotations

import os
import re
import stat
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from helpers.grading import LARGEST, of_system
from scripts.walls import ROOT

ENDING = re.compile(r"(\.ipynb)?(\.\w+)?$", re.IGNORECASE)


@dataclass(frozen=True)
class Submission:
    """A file that was handed in, or why it cannot be opened."""

    file: str
    learner: str
    path: Path | None = None
    problem: str = ""

    def time(self) -> datetime:
        """When it was last written, as far as its file knows."""
        seconds = os.lstat(self.path).st_mtime if self.path else 0
        return datetime.fromtimestamp(seconds).astimezone()

    def read(self) -> bytes:
        """What it holds; raises OSError or ValueError where it is no plain file."""
        if self.problem or self.path is None:
            raise ValueError(self.problem or "there is no file")
        opened = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(opened, "rb") as file:
            if not stat.S_ISREG(os.fstat(opened).st_mode):
                raise ValueError("a link or a device, not a file")
            data = file.read(LARGEST + 1)
        if len(data) > LARGEST:
            raise ValueError("larger than 20 MB")
        return data


def read_submissions(
    folder: Path, assignment: str, but: Sequence[Path] = ()
) -> list[Submission]:
    """Every file below `folder` in order of names, but for `but` and the system's."""
    found, left_out = [], {os.path.realpath(path) for path in but}

    def add(path: Path, problem: str = "") -> None:
        name = str(path.relative_to(folder))
        if not of_system(name) and os.path.realpath(path) not in left_out:
            learner = ENDING.sub("", path.name).removeprefix(f"{assignment}_")
            found.append(Submission(name, learner, path, problem))

    def closed(error: OSError) -> None:
        add(Path(error.filename), f"a folder that does not open: {error.strerror}")

    for top, folders, files in os.walk(folder, onerror=closed):
        links = [name for name in folders if os.path.islink(os.path.join(top, name))]
        for name in [*files, *links]:
            add(Path(top, name))
    return sorted(found, key=lambda one: one.file)


def grader_folders(more: Sequence[Path] = ()) -> list[Path]:
    """What no submission should look for: the repository, and `more`; not Python."""
    needed = [Path(p).resolve() for p in (sys.prefix, sys.base_prefix, os.__file__)]
    needed.append(Path(tempfile.gettempdir()).resolve())
    ours = [path for path in sorted(ROOT.iterdir()) if path.is_dir()]
    every = [path.resolve() for path in (*ours, *more)]
    return [top for top in every if not any(one.is_relative_to(top) for one in needed)]
