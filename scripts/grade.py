"""Grade submissions safely: `python -m scripts.grade A1 FOLDER --out grades.csv`.

How one hidden test serves two graders. A test is written once, in the master, as a
function of `env` that asks through `helpers.grading`. Otter copies it into Gradescope's
zip and runs it in the process that ran the submission. Here the same function runs in
the grader's process, and `env` is a line to a process of the submission's own
(`scripts.sandbox`), which is asked for values on inputs drawn at grading and answers in
plain JSON. The master, the tests, the expected values and the other submissions stay on
this side; nothing of the learner's is ever unpickled, compared or called here.

So an object that equals everything is refused as no plain data; a submission that ends
itself or never ends loses what it was asked for; one that looks for the grader's files
does not find them and is held for a person to look at. All of it stands in the csv.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import multiprocessing
import os
import re
import secrets
import sys
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from helpers.grading import Line, Wrong
from scripts.masters import Hidden, Master, Question, find_master, read_master
from scripts.sandbox import Ended, Sandbox, walls

LARGEST = 20 << 20  # bytes of one notebook
NOTEBOOK = re.compile(r"\.ipynb(\.(txt|json))?$", re.IGNORECASE)  # as browsers save it
ENDING = re.compile(r"(\.ipynb)?(\.\w+)?$", re.IGNORECASE)
SYSTEM = ("__MACOSX", "__pycache__", "Thumbs.db", "desktop.ini")


@dataclass(frozen=True)
class Limits:
    """What a submission may use, and the seed of the questions that it is asked."""

    seed: int
    run_seconds: float = 180
    answer_seconds: float = 60
    memory: int = 8 << 30
    restarts: int = 2
    use_walls: bool | None = None


@dataclass(frozen=True)
class Submission:
    """A notebook that was handed in: its code, or why it could not be read."""

    file: str
    learner: str
    cells: list[str] = field(default_factory=list)
    problem: str = ""


@dataclass
class Grade:
    """What one submission won, and what its teacher should know."""

    submission: Submission
    points: dict[str, float]
    reports: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    held: bool = False

    @property
    def total(self) -> float:
        return 0.0 if self.held else sum(self.points.values())


def read_submissions(
    folder: Path, assignment: str, but: Sequence[Path] = ()
) -> list[Submission]:
    """Every file below `folder` in order of names, but for `but` and the system's.

    What is no notebook, or no zip with one, says so in its place.
    """
    left_out = {path.resolve() for path in but}
    found = []
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        plain = path.is_symlink() or not path.is_dir()
        if plain and not of_system(name) and path.resolve() not in left_out:
            found.append(_read(path, name, assignment))
    return found


def of_system(name: str) -> bool:
    """Whether a path is hidden, or what a system puts beside its files."""
    parts = {part for part in re.split(r"[/\\]", name) if part.strip(".")}
    return any(part.startswith(".") or part in SYSTEM for part in parts)


def _read(path: Path, name: str, assignment: str) -> Submission:
    learner = ENDING.sub("", path.name).removeprefix(f"{assignment}_")
    try:
        if path.is_symlink() or not path.is_file():
            raise ValueError("a link or a device, not a file")
        notebook = json.loads(_notebook_bytes(path))
        told = notebook.get("metadata", {}).get("course", {})
        if told.get("assignment", assignment) != assignment:
            raise ValueError(f"this is {told['assignment']}, not {assignment}")
        cells = [
            "".join(cell["source"])
            for cell in notebook["cells"]
            if cell["cell_type"] == "code"
        ]
        return Submission(name, str(told.get("learner") or learner), cells)
    except Exception as error:  # whatever was handed in gets a line in the table
        why = f"could not be read: {error}, in a file that should be a notebook or zip"
        return Submission(name, learner, problem=why[:200])


def _notebook_bytes(path: Path) -> bytes:
    """The notebook in a file, whatever its name ends in; a zip begins with PK."""
    with path.open("rb") as file:
        text = file.read(LARGEST + 1)
    if text.startswith(b"PK"):
        with zipfile.ZipFile(path) as box:
            every = [one for one in box.infolist() if not of_system(one.filename)]
            inside = [one for one in every if NOTEBOOK.search(one.filename)]
            if len(inside) != 1:
                raise ValueError(f"{len(inside)} notebooks in the zip instead of one")
            with box.open(inside[0]) as part:
                text = part.read(LARGEST + 1)
    if len(text) > LARGEST:
        raise ValueError("larger than 20 MB")
    return text


def grade(
    master: Master, submission: Submission, limits: Limits, hidden: Sequence[Path] = ()
) -> Grade:
    """Run one submission in a process of its own and ask it every question."""
    result = Grade(submission, {q.name: 0.0 for q in master.graded()})
    if submission.problem:
        result.reports.append(submission.problem)
        return result
    left = master.graded()
    for _ in range(limits.restarts + 1):
        left = _session(left, submission, limits, hidden, result)
        if not left or result.held:
            break
    return result


def _session(
    questions: list[Question],
    submission: Submission,
    limits: Limits,
    hidden: Sequence[Path],
    result: Grade,
) -> list[Question]:
    """Ask until all is asked or the process has ended; the questions that are left."""
    options = {"memory": limits.memory, "use_walls": limits.use_walls}
    with Sandbox(hidden=hidden, **options) as sandbox:  # type: ignore[arg-type]
        left, doing = [], "the notebook"
        try:
            sandbox.start()
            errors = sandbox.run(submission.cells, limits.run_seconds)
            _note(result, [f"a cell: {one}" for one in errors if one][:5])
            for place, question in enumerate(questions):
                left, doing = questions[place + 1 :], question.name
                result.points[question.name] = 0.0
                lost = list(_ask(question, sandbox, limits))
                _note(result, [note for _, _, note in lost if note])
                result.points[question.name] = sum(won for _, won, _ in lost)
            left = []
        except Ended as end:
            result.reports.append(f"{doing}: {end}")
        for kind, what in dict.fromkeys(sandbox.reports):
            looked = kind == "files"
            result.held = result.held or looked
            word = "held, looked for the grader's files" if looked else f"tried {kind}"
            result.reports.append(f"{word}: {what}")
    return left


def _ask(
    question: Question, sandbox: Sandbox, limits: Limits
) -> Iterator[tuple[Hidden, float, str]]:
    """Each test of a question, what it won, and what to say about it."""
    for test in question.tests:
        seed = [limits.seed, zlib.crc32(test.name.encode())]
        line = Line(lambda text: sandbox.request(text, limits.answer_seconds), seed)
        try:
            test.function(line)
            yield test, test.points, ""
        except Ended:
            raise
        except Wrong as why:
            yield test, 0.0, f"{test.name}: {why}"
        except Exception as error:  # an answer that the test did not foresee
            yield test, 0.0, f"{test.name}: {type(error).__name__}: {error}"


def _note(result: Grade, notes: Sequence[str]) -> None:
    result.notes += [" ".join(note.split())[:300] for note in notes]


def rows(master: Master, grades: Sequence[Grade], seed: int) -> list[dict[str, Any]]:
    """The table's rows; a person fills in the questions that a person reads."""
    possible = sum(q.points for q in master.graded())
    return [
        {
            "learner": one.submission.learner,
            "file": one.submission.file,
            "assignment": master.name,
            "total": f"{one.total:g}",
            "possible": f"{possible:g}",
            **{
                q.name: "" if q.manual else f"{one.points[q.name]:g}"
                for q in master.questions.values()
            },
            "report": "; ".join(one.reports) or "ok",
            "notes": "; ".join(one.notes),
            "seed": seed,
        }
        for one in grades
    ]


def write_table(path: Path, table: Sequence[dict[str, Any]]) -> None:
    """The csv, moved into place at the end; no cell of it is a formula.

    Half a character, as a file's name or an error can hold it, is written as its code.
    """
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(table[0]))
    writer.writeheader()
    for row in table:
        writer.writerow({k: _harmless(v) for k, v in row.items()})
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(text.getvalue().encode("utf-8", "backslashreplace"))
    os.replace(part, path)


def _harmless(value: Any) -> Any:
    formula = isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r")
    return f"'{value}" if formula else value


def _work(job: tuple[str, Submission, Limits, list[Path]]) -> Grade:
    name, submission, limits, hidden = job
    master = read_master(find_master(name))
    try:
        return grade(master, submission, limits, hidden)
    except Exception as error:  # one row never ends the run
        lost = Grade(submission, {q.name: 0.0 for q in master.graded()})
        lost.reports.append(f"could not be graded: {type(error).__name__}: {error}")
        return lost


def _each(jobs: Sequence[Any], processes: int) -> Iterator[Grade]:
    """The grades in order, from so many processes at a time."""
    if processes == 1:
        yield from map(_work, jobs)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        yield from pool.map(_work, jobs)


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
    given = parser.parse_args(arguments)
    try:
        master = read_master(find_master(given.assignment))
    except FileNotFoundError as error:
        sys.exit(str(error))
    seed = secrets.randbits(31) if given.seed is None else given.seed
    memory = int(given.memory * (1 << 30))
    limits = Limits(seed, given.seconds, given.answer_seconds, memory)
    found = read_submissions(given.folder, master.name, [given.out])
    if not found:
        sys.exit(f"No file in {given.folder}")
    if not walls():
        print(
            "! No namespaces on this machine: submissions are watched, not walled in."
        )
        print("! Grade strangers' work in a container without a network.")
    jobs = [(master.name, one, limits, [given.folder]) for one in found]
    grades = []
    for one in _each(jobs, given.jobs):
        grades.append(one)
        said = "; ".join(one.reports) or "ok"
        said = said[:100].encode("ascii", "backslashreplace").decode()
        print(f"{len(grades)} of {len(found)}  {one.total:g}  {said}")
        write_table(given.out, rows(master, grades, seed))  # what is graded is kept
    print(f"The grades are in {given.out} (seed {seed}).")
    return 0


if __name__ == "__main__":
    sys.exit(main())
