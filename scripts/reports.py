"""All reports on one page, without names: `python -m scripts.reports A4 FOLDER`.

Give it the folder and the `--out` that were graded. What counts for each student is
read within walls, and not run; beside grades-A4.csv then stands grades-A4-reports.html,
with a form below each report. Its button saves a sheet of points, which `scripts.grade
--points` merges into the total. A report goes by a code, the start of its stamp.
"""

from __future__ import annotations

import argparse
import html
import re
import secrets
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from string import Template
from typing import Any

from scripts.gradebook import replace
from scripts.masters import Master, find_master, read_master
from scripts.points import CODE
from scripts.roster import column, read_sheet
from scripts.sandbox import Limits, Stopped, session
from scripts.submissions import Submission, read_submissions
from scripts.table import plain, read_table
from scripts.walls import no_walls

PAGE = Path(__file__).with_name("reports.html")
HIDDEN = "▒▒"


def report_of(
    master: Master, submission: Submission, heading: str, limits: Limits
) -> str:
    """The Markdown of one report, or a sentence on why there is none."""
    try:
        data = submission.read()
    except (OSError, ValueError) as error:
        return f"(could not be read: {error})"
    job: dict[str, Any] = {
        **asdict(limits), "assignment": master.name, "forbidden": [], "questions": [],
        "page": heading,
    }  # fmt: skip
    until = time.monotonic() + limits.whole_seconds
    told = ""
    try:
        with session(job, data, limits, until) as (events, _):
            for event in events:
                if event.get("problem"):
                    return f"(could not be read: {event['problem']})"
                told = "".join(map(str, event.get("page", told)))
                if "reports" in event:  # the last of them
                    break
    except Stopped as stop:
        return f"(could not be read: {stop})"
    return told.strip() or "(there is none)"


def parts(master: Master) -> tuple[str, str, list[str], float]:
    """Of the report: its question, its heading, the headings inside, its points.

    Raises ValueError where the assignment has no report with headings.
    """
    cells = [cell.source for cell in master.notebook.cells]
    for name, question in master.questions.items():
        number = re.sub(r"\D", "", name)
        places = [i for i, c in enumerate(cells) if c.startswith(f"## {number}. ")]
        if question.manual and places:
            below = "\n".join(cells[places[0] : places[0] + 5])
            inside = re.findall(r"^### (.+)$", below.split("# END PROMPT")[0], re.M)
            if inside:
                heading = cells[places[0]].partition("\n")[0]
                return name, heading, inside, question.points
    raise ValueError(f"{master.name} has no report to read")


def without_names(text: str, row: Mapping[str, str]) -> str:
    """A report without its writer's id and names."""
    whose = [row.get("id", ""), row.get("learner", "")]
    whose += re.split(r"[\s,]+", row.get("name", ""))
    for name in sorted({one for one in whose if len(one) > 2}, key=len, reverse=True):
        text = re.sub(rf"\b{re.escape(name)}\b", HIDDEN, text, flags=re.IGNORECASE)
    return text


def page(master: Master, reports: Mapping[str, str]) -> str:
    """The page, on which a report's text is text and nothing else."""
    name, _, inside, points = parts(master)
    each = points / len(inside)
    rows = "".join(
        f"<label>{html.escape(one)} <input type=number min=0 max={each:g} step=0.5 "
        f"data-heading></label>"
        for one in inside
    )
    articles = "".join(
        f'<article data-code="{code}"><h2>{code}</h2>'
        f"<p>{len(text.split())} words</p><pre>{html.escape(text)}</pre>"
        f"<form>{rows}<label>Points <input type=number min=0 max={points:g} step=0.5 "
        "data-points></label><label>To the student <textarea></textarea></label>"
        "</form></article>"
        for code, text in sorted(reports.items())
    )
    return Template(PAGE.read_text("utf-8")).substitute(
        title=f"{master.name}, {name}: {len(reports)} reports",
        question=name,
        nonce=secrets.token_hex(8),
        articles=articles,
    )


def wanted(out: Path) -> dict[str, dict[str, str]]:
    """By file, the rows whose reports are read: those that count, or else all."""
    rows = {row["file"]: row for row in read_table(out)}
    students = out.with_name(f"{out.stem}-students.csv")
    if not students.exists():
        return rows
    counted = {column(row, "file"): row for row in read_sheet(students)}
    return {file: {**counted[file], **rows[file]} for file in rows if file in counted}


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line: see the top of this file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("assignment")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, default=Path("grades.csv"))
    parser.add_argument("--unwalled", action="store_true")
    given = parser.parse_args(arguments)
    try:
        master = read_master(find_master(given.assignment))
        _, heading, *_ = parts(master)
    except (OSError, ValueError) as error:
        sys.exit(str(error))
    if not given.unwalled and (why := no_walls()):
        sys.exit(f"No walls around hand-ins here: {why}. See scripts.grade.")
    limits = Limits(0, use_walls=not given.unwalled)
    rows, reports = wanted(given.out), {}
    for one in read_submissions(given.folder, master.name, [given.out]):
        row = rows.get(plain(one.file))
        if row and row["stamp"]:
            text = report_of(master, one, heading, limits)
            reports[row["stamp"][:CODE]] = without_names(text, row)
    if not reports:
        sys.exit(f"Nothing to read: {given.out} has no row of a file in {given.folder}")
    path = given.out.with_name(f"{given.out.stem}-reports.html")
    replace(path, page(master, reports))
    print(f"{len(reports)} reports: {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
