"""The package as Colab gets it."""

from __future__ import annotations

from pathlib import Path

import pytest
from filelock import FileLock

from scripts.wheel import build


@pytest.fixture(scope="session")
def wheel(shared: Path) -> Path:
    """The package's wheel, built once for all workers."""
    folder = shared / "wheel"
    with FileLock(shared / "wheel.lock"):
        if not list(folder.glob("*.whl")):
            build(folder, "--no-build-isolation")
    return next(folder.glob("*.whl"))
