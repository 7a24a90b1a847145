"""The table of grades: a csv that a spreadsheet, a terminal and a page can be shown."""

from __future__ import annotations

import csv
import io
import os
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
SHOWN = str.maketrans({"<": "\u2039", ">": "\u203a"})


def plain(text: Any, most: int = 300) -> str:
    """A stranger's words: one line of at most `most`, no controls, tags or formulas.

    Half a character, as a file's name or an error can hold it, is written as its code.
    """
    line = " ".join(str(text)[: 2 * most].split())
    kept = [c if c.isprintable() else c.encode("unicode_escape").decode() for c in line]
    words = "".join(kept).translate(SHOWN)[:most]
    return f"'{words}" if words.startswith(FORMULA) else words


def write_table(path: Path, table: Sequence[Mapping[str, str]]) -> None:
    """The csv, moved into place at the end, with how many rows each learner has."""
    same = Counter(folded(row["learner"]) for row in table)
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(table[0]))
    writer.writeheader()
    for row in table:
        writer.writerow({**row, "hand_ins": same[folded(row["learner"])]})
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(text.getvalue().encode())
    os.replace(part, path)


def folded(name: str) -> str:
    """A name, the same however it was typed."""
    return unicodedata.normalize("NFKC", name).casefold()


def read_table(path: Path) -> list[dict[str, str]]:
    """The rows of an earlier run; none where there is no such table."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            found = list(csv.DictReader(file))
    except (OSError, ValueError, csv.Error):
        return []
    return [row for row in found if {"file", "stamp", "seed", "assignment"} <= set(row)]
