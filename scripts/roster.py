"""Who takes the course: a csv as a spreadsheet saves it, or Canvas's own gradebook.

A plain roster has the columns id, and if you like name, section and late_days. A file
that Canvas exports (Grades, Export) is a roster as it is: the id is then what stands
under SIS Login ID, or under SIS User ID where that is empty.
"""

from __future__ import annotations

import codecs
import csv
import difflib
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.table import folded

CANVAS = ("sis login id", "sis user id")
POSSIBLE = "points possible"


@dataclass(frozen=True)
class Student:
    """A row of the roster; `row` is all of it, as it stood."""

    id: str
    name: str
    row: Mapping[str, str]
    late_days: int | None = None
    canvas: str = ""  # Canvas's own number, which its files are named by

    @property
    def key(self) -> str:
        return key(self.id)


def key(learner: str) -> str:
    """An id, the same however it was typed, and as a hand-in's name has it."""
    return re.sub(r"[^\w.-]+", "-", folded(learner).strip()).strip("-.")


def read_sheet(path: Path, needed: Sequence[str] = ()) -> list[dict[str, str]]:
    """The rows of a csv with commas, semicolons or tabs, in UTF-8 or UTF-16.

    Names of columns are as they stand. Raises ValueError, with the file and the line,
    where it is no such table or lacks a column of `needed`.
    """
    text = decoded(path)
    if text.lower().startswith("sep="):  # Excel's own first line
        text = text.partition("\n")[2]
    first = text.partition("\n")[0]
    mark = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    try:
        lines = [(reader.line_num, [cell.strip() for cell in row]) for row in reader]
    except csv.Error as error:
        raise ValueError(f"{path.name}, line {reader.line_num}: {error}") from None
    lines = [(number, row) for number, row in lines if any(row)]
    if not lines:
        raise ValueError(f"{path.name} is empty")
    header = lines[0][1]
    while not header[-1]:
        header.pop()
    known = [name.casefold() for name in header]
    twice = {name for name in known if known.count(name) > 1}
    if twice or (lost := [name for name in needed if name not in known]):
        wrong = f"two columns {sorted(twice)}" if twice else f"no column {lost}"
        raise ValueError(f"{path.name} has {wrong}: its first line is {header}")
    for number, row in lines[1:]:
        if len(row) < len(header) or any(row[len(header) :]):
            raise ValueError(
                f"{path.name}, line {number}: {len(row)} cells under {len(header)} "
                f"names. Put a cell that holds a {mark!r} into quotes."
            )
    return [dict(zip(header, row, strict=False)) for _, row in lines[1:]]


def decoded(path: Path) -> str:
    """The text of a file; raises ValueError with what to do where it is none."""
    data = path.read_bytes()
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if data.startswith(b"PK") or (b"\0" in data and not wide):
        raise ValueError(f"{path.name} is no csv: save the sheet as CSV UTF-8")
    try:
        return data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        wrong = data[error.start : error.start + 1].hex()
        raise ValueError(
            f"{path.name}, line {line}: the byte {wrong} is no UTF-8, so a name would "
            "come out wrong. Save the sheet as CSV UTF-8."
        ) from None


def column(row: Mapping[str, str], name: str) -> str:
    """What stands under a name, however that is written; "" without such a column."""
    return next((row[one] for one in row if one.casefold() == name), "")


def read_roster(path: Path) -> list[Student]:
    """The students of a roster; raises ValueError where two have one id, or none."""
    rows = read_sheet(path)
    if not rows:
        raise ValueError(f"{path.name} names no student")
    names = {name.casefold() for row in rows[:1] for name in row}
    canvas = bool(names & set(CANVAS))
    if not canvas and "id" not in names:
        raise ValueError(
            f"{path.name} has no column id, and none of Canvas's (SIS Login ID): "
            f"its first line is {list(rows[0])}"
        )
    found: dict[str, Student] = {}
    for place, row in enumerate(rows, 2):
        name = column(row, "student" if canvas else "name")
        if canvas and name.casefold() in (POSSIBLE, "student, test", "test student"):
            continue
        sources = CANVAS if canvas else ("id",)
        told = next((column(row, one) for one in sources if column(row, one)), "")
        where = f"{path.name}, student {place - 1} ({name or told or 'no name'})"
        if not key(told):
            raise ValueError(f"{where}: no id")
        number = column(row, "id") if canvas else ""
        one = Student(told, name, row, days(column(row, "late_days"), where), number)
        if one.key in found:
            raise ValueError(f"{where}: the id {told!r} is {found[one.key].id!r} again")
        found[one.key] = one
    if not found:
        raise ValueError(f"{path.name} names no student")
    return list(found.values())


def days(text: str, where: str) -> int | None:
    """A number of late days; None where nothing is said."""
    if text and not text.isdecimal():
        raise ValueError(f"{where}: late_days is {text!r}, not a number of days")
    return int(text) if text else None


def unknown(learner: str, students: Sequence[Student]) -> str:
    """A sentence about an id that nobody of the roster has."""
    by_key = {one.key: one.id for one in students}
    near = difflib.get_close_matches(key(learner), by_key, n=1, cutoff=0.7)
    near += [one for one in by_key if one.lstrip("0") == key(learner).lstrip("0")]
    hint = f" (is it {by_key[near[0]]}?)" if near else ""
    return f"the roster has no {learner!r}{hint}"
