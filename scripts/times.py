"""What each chapter costs: `python -m scripts.times` writes it into CONTRIBUTING.md.

Seconds of its own kernel in the last build, and of all tests that bear its name in the
last `make test`; pages and tests run side by side, so the clock shows less.

`python -m scripts.times course` runs the key of each assignment on one thread from an
empty cache, and tells the teachers' page what the machine did: without the grader's
tests, and with smollm2 ready, which is measured apart.
"""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

from jupyter_cache import get_cache

from helpers.models import smollm2
from scripts.build import BUILD, ROOT
from scripts.masters import masters, read_master

READY = "from helpers.models import smollm2; smollm2.folder()"


def built() -> dict[str, float]:
    """Seconds that each page's code took in the last build."""
    found = {}
    for folder in BUILD.glob(".jupyter_cache_*"):
        for record in get_cache(folder).list_cache_records():
            found[Path(record.uri).stem] = record.data.get("execution_seconds", 0.0)
    return found


def tested(names: list[str]) -> dict[str, float]:
    """Seconds of the last run's tests by the page they name; `""` for the rest."""
    found: dict[str, float] = defaultdict(float)
    for case in ElementTree.parse(BUILD / "tests.xml").iter("testcase"):
        inside = case.get("name", "").partition("[")[2].partition("]")[0]
        parts = inside.removeprefix("book/").split("-")
        own = next((name for name in names if name in parts), "")
        found[own] += float(case.get("time", 0))
    return found


def table() -> str:
    """Both as a table, the dearest page first, and what they were measured on."""
    book = built()
    tests = tested(list(book))
    lines = ["| page | book, s | tests, s |", "|---|--:|--:|"]
    for name in sorted(book, key=lambda name: -book[name]):
        lines.append(f"| {name} | {book[name]:.0f} | {tests[name]:.0f} |")
    lines.append(f"| other tests | | {tests['']:.0f} |")
    lines.append(f"| all | {sum(book.values()):.0f} | {sum(tests.values()):.0f} |")
    about = f"Measured on {date.today()}, {os.cpu_count()} cores."
    return "\n".join([*lines, "", about, ""])


def spent(code: str, **places: str) -> str:
    """Seconds of one core, and GB, that a process takes for some code: two cells."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "code.py").write_text(code, "utf-8")
        own = {"EMOTION_VECTORS_CACHE": f"{folder}/cache", "PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(
            [sys.executable, "code.py"],
            cwd=folder,
            env={**os.environ, "OMP_NUM_THREADS": "1", **own, **places},
            stdout=subprocess.DEVNULL,
        )
        _, status, used = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"It did not run to its end: {code[:60]!r}...")
    size = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e9
    return f"{used.ru_utime + used.ru_stime:.0f} | {size:.1f}"


def course() -> str:
    """The machine's part of each assignment, and getting smollm2 ready, as a table."""
    smollm2.folder()
    lines = ["| | seconds of one core | memory, GB |", "|---|--:|--:|"]
    for path in masters():
        cells = read_master(path).submission().cells
        code = "\n".join(c.source for c in cells if c.cell_type == "code")
        lines.append(f"| the key of {path.stem} | {spent(code)} |")
    with tempfile.TemporaryDirectory() as empty:
        name = smollm2.SMOLLM2.gguf
        Path(empty, name).symlink_to(smollm2.gguf().resolve())
        cost = spent(READY, EMOTION_VECTORS_MODELS=empty)
    lines.append(f"| `smollm2`, once, after 93 MB were fetched | {cost} |")
    kind = f"one of {os.cpu_count()} cores, {platform.machine()}"
    return "\n".join([*lines, "", f"Measured on {date.today()}, {kind}.", ""])


def put(path: Path, name: str, made: str) -> None:
    """Write a table between the marks of its name."""
    place = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    text = place.sub(lambda mark: mark[1] + made + mark[2], path.read_text("utf-8"))
    path.write_text(text, "utf-8")


def main() -> None:
    """Make the table that is asked for, and put it in its place."""
    try:
        if sys.argv[1:] == ["course"]:
            put(ROOT / "book/teachers.md", "minutes", course())
        else:
            put(ROOT / "CONTRIBUTING.md", "times", table())
    except FileNotFoundError:
        sys.exit("No run to tell of: `make test` first.")


if __name__ == "__main__":
    main()
