"""Grade submissions safely: `python -m scripts.grade A1 FOLDER --out grades.csv`.

How one hidden test serves two graders. A test is written once, in the master, as a
function of `env` that asks through `helpers.grading`. Otter copies it into Gradescope's
zip and runs it in the process that ran the submission. Here it runs in a process of its
own, and `env` is a line to another one, the submission's, which is asked for values on
inputs drawn at grading and answers in plain JSON (`scripts.sandbox`, `scripts.walls`).
This process has the masters, the table and the other submissions, and is told points
and sentences: nothing of a learner's is opened, decoded, formatted or compared here.

So an object that equals everything is refused as no plain data; a submission that ends
itself or never ends loses what it was asked for; one that looks for the grader's files
does not find them and is held for a person to look at. All of it stands in the csv. A
run that was killed goes on where it stopped: rows of the same file are kept.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import secrets
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from scripts import gradebook
from scripts.masters import Master, Question, find_master, read_master
from scripts.sandbox import Limits, Stopped, examiner, session
from scripts.submissions import Submission, grader_folders, read_submissions
from scripts.table import folded, plain, read_table, write_table
from scripts.walls import ROOT, check_unseen, no_walls, real_model

LACKING = (
    "smollm2 is not ready on this machine, or not readable by other users: {} cannot "
    "be graded here and stays empty, as what a person reads; all else is graded. "
    "To have all: .venv/bin/python -c 'from helpers.models import load_model as load; "
    'load("smollm2")\' fetches it once (93 MB); then give this command again.'
)


@dataclass
class Grade:
    """What one submission won, and what its teacher should know."""

    submission: Submission
    points: dict[str, float]
    reports: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    held: bool = False
    named: str = ""  # whose the notebook says it is
    stamp: str = ""

    @property
    def total(self) -> float:
        return 0.0 if self.held else sum(self.points.values())

    def report(self, sentence: str) -> None:
        if sentence not in self.reports:
            self.reports.append(sentence)


def grade(
    master: Master, submission: Submission, limits: Limits, hidden: Sequence[Path] = ()
) -> Grade:
    """Run one submission in processes of its own and ask it every question."""
    result = Grade(submission, {q.name: 0.0 for q in master.graded()})
    if not limits.use_walls:
        result.report("not walled")
    try:
        data = submission.read()
    except (OSError, ValueError) as error:
        result.report(f"could not be read: {error}")
        return result
    result.stamp = stamp(master, data, limits)
    left, until = master.graded(), time.monotonic() + limits.whole_seconds
    forbidden = [str(path) for path in grader_folders(hidden)]
    for _ in range(limits.restarts + 1):
        job = {
            **asdict(limits),
            "whole_seconds": until - time.monotonic(),
            "assignment": master.name,
            "forbidden": forbidden,
            "page": "",  # of a question that a person reads: see scripts.reports
            "questions": [
                {"name": q.name, "tests": [asdict(t) for t in q.tests]} for q in left
            ],
        }
        left = _session(job, left, data, limits, until, result)
        if not left or result.held or time.monotonic() > until:
            break
    return result


def _session(
    job: dict[str, Any],
    questions: list[Question],
    data: bytes,
    limits: Limits,
    until: float,
    result: Grade,
) -> list[Question]:
    """Ask until all is asked or a process has ended; the questions that are left."""
    place, started, end = -1, False, ""
    with session(job, data, limits, until) as (events, why):
        try:
            for event in events:
                started = True
                place += "begin" in event
                _take(event, questions[place] if place >= 0 else None, result)
                end = event.get("ended", end)
                if "reports" in event:  # the last of them
                    break
        except Stopped as stop:
            end = str(stop)
        end += "" if started or not end else f" ({why()})"
    if not end:
        return []
    result.report(f"{questions[place].name if place >= 0 else 'the notebook'}: {end}")
    return questions[place + 1 :] if place >= 0 else []


def _take(event: dict[str, Any], question: Question | None, result: Grade) -> None:
    """Keep what the tests told."""
    if "learner" in event:
        result.named = str(event["learner"])
        if folded(result.named) not in folded(result.submission.file):
            result.report(f"says it is {result.named}, which its file's name does not")
        if event["problem"]:
            what = "in a file that should be a notebook or zip"
            result.report(f"could not be read: {event['problem']}, {what}")
    if "points" in event and question:
        won = float(event["points"])
        won = min(max(won, 0.0), question.points) if math.isfinite(won) else 0.0
        result.points[question.name] = won
    result.notes += [str(note) for note in event.get("notes", [])]
    for kind, what in event.get("reports", []):
        result.held = result.held or kind == "files"
        word = "held, looked for the grader's files"
        result.report(f"{word if kind == 'files' else f'tried {kind}'}: {what}")


def stamp(master: Master, data: bytes, limits: Limits) -> str:
    """What a grade depends on, but for the seed: file, tests, limits."""
    tests = [asdict(test) for q in master.graded() for test in q.tests]
    rules = json.dumps([tests, {**asdict(limits), "seed": 0}], sort_keys=True)
    return hashlib.sha256(rules.encode() + b"\0" + data).hexdigest()[:16]


def rows(master: Master, grades: Sequence[Grade], seed: int) -> list[dict[str, str]]:
    """The table's rows; a person fills in the questions that a person reads."""
    possible = sum(q.points for q in master.graded())
    return [
        {
            "learner": plain(one.named or one.submission.learner, 100),
            "file": plain(one.submission.file),
            "hand_ins": "",  # of this learner: the table counts them
            "assignment": master.name,
            "total": f"{one.total:g}",
            "possible": f"{possible:g}",
            **{
                q.name: "" if q.manual else f"{one.points[q.name]:g}"
                for q in master.questions.values()
            },
            "report": plain("; ".join(one.reports) or "ok", 1000),
            "notes": plain("; ".join(one.notes), 4000),
            "seed": f"{seed}",
            "stamp": one.stamp,
        }
        for one in grades
    ]


def _work(
    master: Master, submission: Submission, limits: Limits, hidden: Sequence[Path]
) -> Grade:
    try:
        return grade(master, submission, limits, hidden)
    except Exception as error:  # one row never ends the run
        lost = Grade(submission, {q.name: 0.0 for q in master.graded()})
        lost.report(f"could not be graded: {type(error).__name__}: {error}")
        return lost


def _kept(
    master: Master, found: Sequence[Submission], limits: Limits, table: Sequence[Any]
) -> dict[str, dict[str, str]]:
    """By file, the rows that need not be graded again, of any seed."""
    known = {(row["file"], row["stamp"], row["assignment"]): row for row in table}
    kept = {}
    for one in found:
        try:
            mark = stamp(master, one.read(), limits)
        except (OSError, ValueError):
            continue
        row = known.get((plain(one.file), mark, master.name))
        if row:
            kept[one.file] = row
    return kept


def run(
    master: Master,
    found: Sequence[Submission],
    limits: Limits,
    out: Path,
    kept: dict[str, dict[str, str]],
    hidden: Sequence[Path],
    jobs: int,
) -> None:
    """Grade what is not kept, and write the table after each."""
    done, left = dict(kept), [one for one in found if one.file not in kept]
    examiner(limits.use_walls)  # from this thread, which lives until the end
    pool = ThreadPoolExecutor(jobs)
    try:
        grades = pool.map(lambda one: _work(master, one, limits, hidden), left)
        for number, one in enumerate(grades, 1):
            (done[one.submission.file],) = rows(master, [one], limits.seed)
            said = plain("; ".join(one.reports) or "ok", 100)
            said = said.encode("ascii", "backslashreplace").decode()
            print(f"{number} of {len(left)}  {one.total:g}  {said}", flush=True)
            write_table(out, [done[one.file] for one in found if one.file in done])
    except KeyboardInterrupt:
        print("Stopped; the same command goes on.", flush=True)
        os._exit(130)  # and with this process all that it started within walls
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line: see the top of this file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("assignment", help="A1, A2, ...")
    parser.add_argument("folder", type=Path, help="where the submissions are")
    parser.add_argument("--out", type=Path, default=Path("grades.csv"))
    parser.add_argument("--jobs", type=int, default=1, help="submissions at a time")
    parser.add_argument("--seconds", type=float, default=180, help="for a notebook")
    parser.add_argument("--answer-seconds", type=float, default=60, help="for a value")
    parser.add_argument("--memory", type=float, default=8, help="in GB")
    parser.add_argument("--seed", type=int, default=None, help="of an earlier grading")
    parser.add_argument("--unwalled", action="store_true", help="where no walls stand")
    gradebook.add_options(parser)
    given = parser.parse_args(arguments)
    try:
        master = read_master(find_master(given.assignment))
        rules = gradebook.read_rules(given, master)
        tables = [
            p
            for p in (given.out, given.roster, given.files, given.locks, *given.points)
            if p
        ]
        hidden = [given.folder, *tables]
        if not given.unwalled:
            check_unseen([ROOT / "book", *hidden])
    except (OSError, ValueError) as error:
        sys.exit(str(error))
    if real_model() is None and (left := master.leave()):
        print(LACKING.format(" and ".join(f"{q.name} ({q.points:g})" for q in left)))
    if not given.unwalled and (why := no_walls()):
        sys.exit(f"No walls around submissions here: {why}. With --unwalled they run "
                 "all the same, and can read and write whatever you can.")  # fmt: skip
    part = given.out.with_name(f".{given.out.name}.part")
    found = read_submissions(given.folder, master.name, [*tables, part])
    if not found:
        sys.exit(f"No file in {given.folder}")
    limits = Limits(
        given.seed or 0,
        run_seconds=given.seconds,
        answer_seconds=given.answer_seconds,
        whole_seconds=5 * given.seconds,
        memory=int(given.memory * (1 << 30)),
        use_walls=not given.unwalled,
    )
    kept = _kept(master, found, limits, read_table(given.out))
    if given.seed is None:
        seeds = [int(row["seed"]) for row in kept.values()]
        limits = replace(limits, seed=seeds[0] if seeds else secrets.randbits(31))
    kept = {k: row for k, row in kept.items() if row["seed"] == f"{limits.seed}"}
    if kept:
        print(f"{len(kept)} of {len(found)} are in {given.out} already, and stay.")
    run(master, found, limits, given.out, kept, hidden, given.jobs)
    print(f"The grades are in {given.out} (seed {limits.seed}).")
    if rules:
        times = {plain(one.file): one.time() for one in found}
        told = gradebook.write(given.out, read_table(given.out), times, master, rules)
        print(*told, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
