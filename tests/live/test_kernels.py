"""The compiled kernels in the repository are those of the source."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.live.conftest import LIVE


def test_the_compiled_kernels_are_those_of_the_source(kernels: Path) -> None:
    if not shutil.which("clang") or kernels.parent == LIVE:
        pytest.skip("No clang or no lld: the tests run on the kernels as they are here")
    version = subprocess.run(["clang", "--version"], capture_output=True, text=True)
    if version.stdout.splitlines()[0] != (LIVE / "kernels.clang").read_text().strip():
        pytest.skip("Another clang than live/kernels.clang names: its bytes may differ")
    here, fresh = (
        hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (LIVE / "kernels.wasm", kernels)
    )
    assert here == fresh, "kernels.c changed: run live/build.sh and commit kernels.wasm"
