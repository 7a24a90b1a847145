"""Kill long runs at random writes, and tell it on a page: `make test-kills`.

Runs the tests with the mark `kills`; where all pass, the table in
book/troubleshooting.md becomes that of this run.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from datetime import date
from importlib.metadata import version
from pathlib import Path

from helpers.cache import replacing

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "book/troubleshooting.md"
BEGIN, END = "<!-- make test-kills -->\n", "<!-- end -->\n"
TESTS = ["-m", "pytest", "tests/unit", "tests/course", "-m", "kills", "-q"]


def table(notes: Iterable[tuple[str, int, int]]) -> str:
    """What was killed, how often and when, in Markdown."""
    rows = [f"| {what} | {writes} | {kills} |\n" for what, writes, kills in notes]
    packages = ", ".join(f"{n} {version(n)}" for n in ("torch", "transformers"))
    where = f"{platform.system()} with Python {platform.python_version()}, {packages}"
    head = "| run | writes | killed and run again |\n|---|---|---|\n"
    return f"{head}{''.join(rows)}\nOn {date.today()}, {where}.\n"


def put(page: str, told: str) -> str:
    """The page with this between its marks."""
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}{told}{END}{after}"


def main() -> int:
    """Run the tests; non-zero, and the page as it was, where one fails."""
    with tempfile.TemporaryDirectory() as folder:
        notes = Path(folder, "notes.jsonl")
        environment = {**os.environ, "KILLS_NOTES": str(notes)}
        command = [sys.executable, *TESTS]
        status = subprocess.run(command, cwd=ROOT, env=environment).returncode
        if status:
            return status
        lines = notes.read_text("utf-8").splitlines()
    told = put(PAGE.read_text("utf-8"), table(map(json.loads, lines)))
    with replacing(PAGE) as part:
        part.write_text(told, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
