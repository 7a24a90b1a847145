"""Points that people gave: a csv of each reader, merged by `scripts.grade --points`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.masters import Master, Question
from scripts.roster import Student, column, key, read_sheet
from scripts.table import plain

CODE = 8  # letters of a stamp that stand for a report: see scripts.reports
Row = Mapping[str, str]
APART = 0.25  # of a question's points: readers who differ by more talk first


@dataclass(frozen=True)
class Read:
    """What one reader says of one question of one student."""

    key: str  # an id, or a report's code
    question: str
    points: float
    comment: str = ""


def names_of(student: Student, row: Row) -> set[str]:
    """What a student's hand-in goes by: an id, and a report's code."""
    return {student.key, row.get("stamp", "")[:CODE]} - {""}


def mean_points(
    names: set[str], question: Question, every: Sequence[Read]
) -> tuple[float | None, bool]:
    """The mean of the readers (None: nobody has read it), and whether they differ."""
    own = [one for one in every if one.key in names]
    given = [one.points for one in own if one.question == question.name]
    if not given:
        return None, False
    return sum(given) / len(given), max(given) - min(given) > APART * question.points


def comments(names: set[str], every: Sequence[Read]) -> list[str]:
    """What the readers wrote to a student."""
    return [f"{r.question}: {r.comment}" for r in every if r.key in names and r.comment]


def read_points(path: Path, master: Master) -> list[Read]:
    """One reader's points; raises ValueError that names the line."""
    by_hand = {name: q.points for name, q in master.questions.items() if q.manual}
    found: dict[tuple[str, str], Read] = {}
    for place, row in enumerate(read_sheet(path, ["points"]), 1):
        whose = key(column(row, "id") or column(row, "code"))
        where = f"{path.name}, row {place} ({whose or 'neither id nor code'})"
        name = column(row, "question")
        if not name and len(by_hand) == 1:
            (name,) = by_hand
        if not whose or name not in by_hand:
            known = ", ".join(by_hand) or "none"
            raise ValueError(f"{where}: by hand {known} is graded, not {name!r}")
        if not (text := column(row, "points")):
            continue  # not read yet
        if (whose, name) in found:
            raise ValueError(f"{where}: {name} stands there twice")
        given, comment = in_range(text, by_hand[name], where), column(row, "comment")
        found[whose, name] = Read(whose, name, given, plain(comment, 2000))
    return list(found.values())


def in_range(text: str, most: float, where: str) -> float:
    """A number of points, which may have a comma."""
    try:
        given = float(text.replace(",", "."))
    except ValueError:
        given = math.nan
    if not 0 <= given <= most:
        raise ValueError(f"{where}: {text!r} points, where 0 to {most:g} can be had")
    return given
