"""Have pip fetch one wheel, installing nothing, and tell in a line why it could not."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

from tqdm.auto import tqdm

OPTIONS = ["--no-deps", "--only-binary", ":all:", "--no-cache-dir", "--no-input"]
QUIET = ["--disable-pip-version-check", "--progress-bar", "off"]
ADDRESS = re.compile(r"\S*(?:://|@)\S*")  # may hold a name and a password


def fetch(package: str, into: Path, size: int) -> None:
    """Put the wheel of `package` ("name==version", `size` bytes) into an empty folder.

    Raises ImportError where this Python has no pip, OSError with what pip said last
    where it fails.
    """
    if importlib.util.find_spec("pip") is None:
        raise ImportError(
            f"{package} is fetched by pip, and this Python has none: run "
            f'"{sys.executable}" -m ensurepip (or `uv pip install pip`), and try again.'
        )
    command = [sys.executable, "-m", "pip", "download", *OPTIONS, *QUIET]
    log = into / "pip.log"
    with log.open("wb") as out:
        status = watched([*command, "-d", str(into), package], into, size, out)
    if status:
        said = last_words(log.read_text("utf-8", errors="replace"))
        raise OSError(
            f"pip could not fetch {package} (about {size / 1e6:.0f} MB, once). It "
            f'said: "{said}". See that there is a network and that pip reaches its '
            "index, and try again."
        )


def watched(command: list[str], into: Path, size: int, out: IO[bytes]) -> int:
    """Run a command whose temporary files lie in `into`, with a bar of their bytes."""
    here = {name: str(into) for name in ("TMPDIR", "TEMP", "TMP")}
    process = subprocess.Popen(
        command, stdout=out, stderr=subprocess.STDOUT, env={**os.environ, **here}
    )
    try:
        with tqdm(total=size, unit="B", unit_scale=True, desc="fetching") as bar:
            while process.poll() is None:
                time.sleep(0.1)
                bar.update(min(largest(into), size) - bar.n)
    finally:
        process.kill()
        process.wait()
    return process.returncode


def largest(folder: Path) -> int:
    """Bytes of the largest file below a folder in which files come and go."""
    size = 0
    for top, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                size = max(size, os.path.getsize(os.path.join(top, name)))
    return size


def last_words(text: str) -> str:
    """The last error of pip's output, or its last line, without any address."""
    lines = [line.strip() for line in text.splitlines() if line.strip()] or ["nothing"]
    errors = [line for line in lines if line.lower().startswith("error")]
    return ADDRESS.sub("(an address)", (errors or lines)[-1])
