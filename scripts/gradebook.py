"""From the table of hand-ins to one row a student: `scripts.grade ... --roster`.

Beside grades-A1.csv, which has a row for every file, stand then
  grades-A1-students.csv   what counts for each student, and what a person must decide
  grades-A1-canvas.csv     to import into Canvas; a cell that is not settled is empty
  grades-A1-roster.csv     the roster with the late days that are left: for the next one
  grades-A1-feedback/      one file a student, to give back
The last hand-in before the deadline counts. Where there is none, the last one that the
student's late days pay for does.
"""

from __future__ import annotations

import argparse
import csv
import io
import math
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from scripts.masters import Master
from scripts.points import Read, comments, mean_points, names_of, read_points
from scripts.roster import Student, column, key, read_roster, read_sheet, unknown
from scripts.table import plain

Row = Mapping[str, str]
LOCKED = re.compile(r"prediction locked as ([a-z]{8})")
FROM_CANVAS = re.compile(r"^[^_]+_(?:LATE_)?(\d+)_\d+_")
FROM_MOODLE = re.compile(r"^(.+)_\d+_assignsubmission_")
COLUMNS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")


@dataclass
class Rules:
    """The roster, and what a teacher has said about time, files and points."""

    students: list[Student]
    due: datetime | None = None
    late_days: int = 0
    told: dict[str, Row] = field(default_factory=dict)  # by file
    points: list[Read] = field(default_factory=list)
    locks: dict[str, str] = field(default_factory=dict)  # by a student's key


@dataclass
class Result:
    """What counts for one student."""

    student: Student
    row: Row | None = None
    time: datetime | None = None
    days: int = 0  # late
    left: int = 0  # late days
    unsettled: list[str] = field(default_factory=list)


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this module."""
    parser.add_argument("--roster", type=Path, help="csv: id, name; or Canvas's export")
    parser.add_argument("--due", help='"2026-10-05 23:59", and all of that minute')
    parser.add_argument("--late-days", type=int, default=0, help="of each student")
    parser.add_argument("--files", type=Path, help="csv: file, and id or time of it")
    parser.add_argument("--points", type=Path, nargs="+", default=[], help="csv: code "
                        "or id, question, points, comment; of each reader")  # fmt: skip
    parser.add_argument("--locks", type=Path, help="csv: id, lock (of a prediction)")


def read_rules(given: argparse.Namespace, master: Master) -> Rules | None:
    """What the options say; None without a roster. Raises ValueError, OSError."""
    if given.roster is None:
        if given.due or given.files or given.points:
            raise ValueError("--due, --files and --points need a --roster")
        return None
    if given.out.resolve().is_relative_to(given.folder.resolve()):
        raise ValueError(f"{given.out} lies among the hand-ins: name another --out")
    told = read_sheet(given.files, ["file"]) if given.files else []
    rules = Rules(
        read_roster(given.roster),
        moment(given.due) + timedelta(minutes=1) if given.due else None,
        given.late_days,
        {plain(column(row, "file")): row for row in told},
        [one for path in given.points for one in read_points(path, master)],
        read_locks(given.locks) if given.locks else {},
    )
    known = {one.key for one in rules.students}
    for row in told:
        moment(column(row, "time") or "2000-01-01")
        if (one := column(row, "id")) and key(one) not in known:
            raise ValueError(f"{given.files.name}: {unknown(one, rules.students)}")
    return rules


def read_locks(path: Path) -> dict[str, str]:
    """The codes that students handed in before they ran anything."""
    rows = read_sheet(path, ["id", "lock"])
    return {key(column(r, "id")): column(r, "lock").lower() for r in rows}


def locked(result: Result, rules: Rules) -> str:
    """Whether the prediction is the one that was locked; "" where none was asked."""
    if not rules.locks or result.row is None:
        return ""
    found = LOCKED.search(result.row["notes"])
    sent = rules.locks.get(result.student.key, "")
    if not found or not sent:
        return "no prediction" if not found else "not locked"
    return "locked" if found[1] == sent else "another than was locked"


def moment(text: str) -> datetime:
    """A time as ISO writes it; without a zone it is this machine's."""
    try:
        return datetime.fromisoformat(text).astimezone()
    except ValueError:
        raise ValueError(f"{text!r} is no time such as 2026-10-05 23:59") from None


def owner(row: Row, rules: Rules) -> tuple[Student | None, str]:
    """Whose a hand-in is, or a sentence on why that is not clear.

    What the platform wrote into the file's name counts more than what the notebook
    says; where they differ a person decides, and says so in --files.
    """
    by_key = {one.key: one for one in rules.students}
    if said := column(rules.told.get(row["file"], {}), "id"):
        return by_key[key(said)], ""
    sender, named = sent_by(row["file"], rules.students), row["learner"]
    if "could not be read" in row["report"] and sender:
        return sender, ""
    student = by_key.get(key(named))
    if student is None:
        return None, unknown(named, rules.students)
    if sender and sender is not student:
        return None, f"handed in by {sender.id}, and says it is {named}"
    if not sender and key(named) not in key(row["file"]):
        return None, f"says it is {named}, which its file's name does not"
    return student, ""


def sent_by(file: str, students: Sequence[Student]) -> Student | None:
    """Whom Canvas or Moodle name in a file's path; None where neither made it."""
    for part in Path(file).parts:
        if found := FROM_CANVAS.match(part):
            return next((s for s in students if s.canvas == found[1]), None)
        if found := FROM_MOODLE.match(part):
            same = [s for s in students if key(s.name) == key(found[1])]
            return same[0] if len(same) == 1 else None
    return None


def results(
    table: Sequence[Row], times: Mapping[str, datetime], rules: Rules
) -> tuple[list[Result], list[str]]:
    """What counts for each student, and sentences on files that are nobody's."""
    mine: dict[str, list[tuple[datetime, Row]]] = {s.key: [] for s in rules.students}
    nobodys = []
    for row in table:
        student, why = owner(row, rules)
        if student is None:
            nobodys.append(f"{row['file']}: {why}")
            continue
        said = column(rules.told.get(row["file"], {}), "time")
        time = moment(said) if said else times[row["file"]]
        mine[student.key].append((time, row))
    return [counted(s, mine[s.key], rules) for s in rules.students], nobodys


def counted(
    student: Student, handed_in: Sequence[tuple[datetime, Row]], rules: Rules
) -> Result:
    """The hand-in that counts, and what is not settled about it."""
    own = rules.late_days if student.late_days is None else student.late_days
    result = Result(student, left=own)
    if not handed_in:
        result.unsettled = ["nothing was handed in"]
        return result
    readable = [one for one in handed_in if "could not be read" not in one[1]["report"]]
    each = sorted(
        ((time, late(time, rules.due), row) for time, row in readable or handed_in),
        key=lambda one: one[0],
    )
    paid = [one for one in each if one[1] == 0] or [o for o in each if o[1] <= own]
    result.time, result.days, result.row = (paid or each[:1])[-1]
    if paid:
        result.left = own - result.days
    else:
        result.unsettled.append(f"{in_words(result.days)}, and {own} late days left")
    report = result.row["report"]
    for word in ("could not be read", "held", "could not be graded"):
        result.unsettled += [report] if word in report else []
    return result


def late(time: datetime, due: datetime | None) -> int:
    """Days after the deadline, each that was begun."""
    over = (time - due) / timedelta(days=1) if due else 0
    return max(0, math.ceil(over))


def in_words(days: int) -> str:
    """A number of days late, in words."""
    return f"{days} day{'s' * (days != 1)} late"


def marks(result: Result, master: Master, rules: Rules) -> dict[str, str]:
    """By question the points that count; "" where nobody has read it yet."""
    if result.row is None:
        return {}
    found = {}
    for question in master.questions.values():
        found[question.name] = result.row[question.name]
        if question.manual:
            names = names_of(result.student, result.row)
            mean, differ = mean_points(names, question, rules.points)
            found[question.name] = "" if mean is None else f"{mean:g}"
            if mean is None or differ:
                why = "its readers differ" if differ else "not read yet"
                result.unsettled.append(f"{question.name}: {why}")
    return found


def student_row(result: Result, master: Master, rules: Rules) -> dict[str, str]:
    """One line of the students' table."""
    found, student = marks(result, master, rules), result.student
    held = result.row is not None and "held" in result.row["report"]
    read = {n: float(p) for n, p in found.items() if p}
    possible = sum(q.points for n, q in master.questions.items() if n in read)
    return {
        "id": plain(student.id),
        "name": plain(student.name),
        "assignment": master.name,
        "file": result.row["file"] if result.row else "",
        "handed_in": f"{result.time:%Y-%m-%d %H:%M}" if result.time else "",
        "days_late": f"{result.days}",
        "late_days_left": f"{result.left}",
        "total": f"{0 if held else sum(read.values()):g}" if result.row else "",
        "possible": f"{possible:g}" if result.row else "",
        **{name: found.get(name, "") for name in master.questions},
        "prediction": locked(result, rules),
        "settled": "no" if result.unsettled else "yes",
        "to_decide": plain("; ".join(result.unsettled), 1000),
    }


def feedback(result: Result, row: Row, master: Master, rules: Rules) -> str:
    """What a student is told, as Markdown."""
    lines = [f"# {master.name}: {row['name'] or row['id']}", ""]
    if result.row is None:
        return "\n".join([*lines, "Nothing was handed in.", ""])
    late = f", {in_words(result.days)}" if result.days else ""
    lines += [f"{row['file']}, handed in {row['handed_in']}{late}.", ""]
    lines += ["| question | points | of |", "|---|---|---|"]
    lines += [
        f"| {name} | {row[name] or 'not yet'} | {question.points:g} |"
        for name, question in master.questions.items()
    ]
    lines += [f"| **all** | **{row['total']}** | {row['possible']} |", ""]
    notes = [n for n in result.row["notes"].split("; ") if n and not LOCKED.search(n)]
    notes += comments(names_of(result.student, result.row), rules.points)
    lines += ["## Why points were lost", ""] if notes else []
    return "\n".join([*lines, *[f"- {note}" for note in notes], ""])


def canvas(rows: Sequence[Row], students: Sequence[Student], name: str) -> list[Row]:
    """Rows that Canvas imports; the column is the export's own where it has one."""
    header = list(students[0].row)
    own = [one for one in header if re.match(rf"{re.escape(name)}\b", one)]
    title = own[0] if len(own) == 1 else name
    made: list[Row] = []
    for row, student in zip(rows, students, strict=True):
        known = {one: column(student.row, one.casefold()) for one in COLUMNS}
        if not student.canvas:
            known |= {"ID": "", "SIS Login ID": student.id, "Student": student.name}
        total = row["total"] if row["settled"] == "yes" else ""
        made.append({**{k: plain(v) for k, v in known.items()}, title: total})
    return made


def write(
    out: Path,
    table: Sequence[Row],
    times: Mapping[str, datetime],
    master: Master,
    rules: Rules,
) -> list[str]:
    """Write all four beside `out`; sentences for the teacher."""  # fmt: skip
    found, nobodys = results(table, times, rules)
    rows = [student_row(one, master, rules) for one in found]
    put(out, "students", rows)
    put(out, "canvas", canvas(rows, rules.students, master.name))
    left = [{**s.row, "late_days": f"{one.left}"}
            for s, one in zip(rules.students, found, strict=True)]  # fmt: skip
    put(out, "roster", left)
    folder = out.with_name(f"{out.stem}-feedback")
    folder.mkdir(exist_ok=True)
    for one, row in zip(found, rows, strict=True):
        text = feedback(one, row, master, rules)
        replace(folder / f"{one.student.key}.md", text)
    told = [f"{row['id']}: {row['to_decide']}" for row in rows if row["to_decide"]]
    known = {one.key for one in rules.points} - {
        name for one in found for name in names_of(one.student, one.row or {})
    }
    told += [
        f"--points: nobody's hand-in that counts is {one}" for one in sorted(known)
    ]
    settled = sum(row["settled"] == "yes" for row in rows)
    where = out.with_name(f"{out.stem}-students.csv")
    return [*nobodys, *told, f"{settled} of {len(rows)} students settled: {where}"]


def put(out: Path, what: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """A csv beside `out`, moved into place at the end."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    replace(out.with_name(f"{out.stem}-{what}.csv"), text.getvalue())


def replace(path: Path, text: str) -> None:
    """Write a file, all or nothing."""
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(text.encode("utf-8", "backslashreplace"))
    os.replace(part, path)
