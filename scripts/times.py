"""What each chapter costs: `python -m scripts.times` writes it into CONTRIBUTING.md.

Seconds of its own kernel in the last build, and of all tests that bear its name in the
last `make test`; pages and tests run side by side, so the clock shows less.
"""

from __future__ import annotations

import os
import re
import sys
from collections import defaultdict
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

from jupyter_cache import get_cache

from scripts.build import BUILD, ROOT

PLACE = re.compile(r"(<!-- times -->\n).*?(<!-- /times -->)", re.DOTALL)


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
        inside = case.get("name", "").partition("[")[2].rstrip("]").split("/")[-1]
        own = next((name for name in names if name in inside.split("-")), "")
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


def main() -> None:
    """Write the table between its marks."""
    path = ROOT / "CONTRIBUTING.md"
    try:
        made = table()
    except FileNotFoundError:
        sys.exit("No run to tell of: `make test` first.")
    text = path.read_text("utf-8")
    path.write_text(PLACE.sub(lambda m: m[1] + made + m[2], text), "utf-8")


if __name__ == "__main__":
    main()
