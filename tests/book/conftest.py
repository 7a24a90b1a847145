"""The package as Colab gets it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from tests.book.reading import ROOT


@pytest.fixture(scope="session")
def wheel(shared: Path) -> Path:
    """The package's wheel, built once for all workers from a copy of the tree."""
    folder = shared / "wheel"
    with FileLock(shared / "wheel.lock"):
        if not list(folder.glob("*.whl")):
            source = shared / "source"
            source.mkdir()
            for name in ("pyproject.toml", "README.md", "LICENSE", "LICENSE-TEXT"):
                (source / name).write_bytes((ROOT / name).read_bytes())
            (source / "helpers").symlink_to(ROOT / "helpers")
            command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps"]
            command += ["--no-build-isolation", "-w", str(folder), str(source)]
            subprocess.run(command, check=True)
    return next(folder.glob("*.whl"))
