"""Read an assignment's master: its questions, hidden tests and points.

A master is a notebook in otter's format under book/assignments (CONTRIBUTING.md says
how one is laid out). Otter reads it for the students' notebooks, the answer key and
Gradescope's zip; this module reads the same cells for `scripts.grade`, so that a hidden
test is written once.
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import yaml

from helpers.grading import compiled

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "book/assignments"
CONFIG = re.compile(r'\A"""\s*# BEGIN TEST CONFIG\n(.*?)"""\s*# END TEST CONFIG', re.S)


REAL = "smollm2"  # tests that name it need the open model


@dataclass(frozen=True)
class Hidden:
    """One hidden test: a function of `env` that raises where points are lost."""

    name: str
    points: float
    source: str

    @property
    def function(self) -> Callable[[Any], None]:
        return compiled(self.source, self.name)


@dataclass
class Question:
    """A question: its tests, or, if a person reads it, its points."""

    name: str
    manual: bool = False
    stated: float = 0.0
    tests: list[Hidden] = field(default_factory=list)
    solution: list[int] = field(default_factory=list)  # places of the solution's cells

    @property
    def points(self) -> float:
        return self.stated if self.manual else sum(t.points for t in self.tests)


@dataclass(frozen=True)
class Master:
    """An assignment: its name, questions by name, and the notebook itself."""

    name: str
    questions: dict[str, Question]
    notebook: Any

    def leave(self) -> list[Question]:
        """Leave the questions that need the open model to a person; what they are."""
        left = [q for q in self.graded() if any(REAL in t.source for t in q.tests)]
        for one in left:
            one.stated, one.manual = one.points, True
        return left

    def graded(self) -> list[Question]:
        """The questions that tests grade."""
        return [q for q in self.questions.values() if not q.manual]

    def submission(self, answers: Mapping[str, str] | None = None) -> Any:
        """The notebook of somebody who answered as the key does, but for `answers`.

        `answers` maps a question to the code that stands in place of its solution.
        """
        answers, notebook = dict(answers or {}), copy.deepcopy(self.notebook)
        for name in answers:
            first, *rest = self.questions[name].solution
            notebook.cells[first].source = answers[name]
            for place in rest:
                notebook.cells[place].source = ""
        hidden = _test_places(notebook)
        notebook.cells = [
            cell
            for place, cell in enumerate(notebook.cells)
            if cell.cell_type != "raw" and place not in hidden
        ]
        return notebook


def masters(folder: Path = FOLDER) -> list[Path]:
    """The masters, in order."""
    return sorted(folder.glob("A[0-9]*.ipynb"))


def find_master(name: str) -> Path:
    """Where a master is; raises FileNotFoundError with the names there are."""
    path = FOLDER / f"{name}.ipynb"
    if not path.exists():
        known = ", ".join(one.stem for one in masters())
        raise FileNotFoundError(f"no assignment {name!r}: there are {known or 'none'}")
    return path


def read_master(path: Path) -> Master:
    """The assignment at `path`; raises ValueError where its cells are out of order."""
    notebook: Any = nbformat.read(path, as_version=4)
    questions: dict[str, Question] = {}
    question, block = None, ""
    for place, cell in enumerate(notebook.cells):
        mark, config = _mark(cell)
        if mark == "BEGIN QUESTION":
            name, manual = str(config["name"]), bool(config.get("manual", False))
            if name in questions:
                raise ValueError(f"{path.name}: two questions are named {name}")
            question = Question(name, manual, float(config.get("points") or 0))
            questions[name] = question
        elif mark == "END QUESTION":
            question = None
        elif mark in ("BEGIN SOLUTION", "BEGIN TESTS"):
            block = mark
        elif mark:
            block = ""
        elif block and question is None:
            raise ValueError(f"{path.name}, cell {place}: {block} outside a question")
        elif question and block == "BEGIN SOLUTION":
            question.solution.append(place)
        elif question and block == "BEGIN TESTS":
            question.tests.append(_test(cell.source, f"{path.name}, cell {place}"))
    return Master(path.stem, questions, notebook)


def _mark(cell: Any) -> tuple[str, dict[str, Any]]:
    """The words after # in a raw cell's first line, and the settings below it."""
    if cell.cell_type != "raw" or not cell.source.startswith("# "):
        return "", {}
    first, _, rest = cell.source.partition("\n")
    return first[2:].strip().upper(), yaml.safe_load(rest) or {}


def _test(source: str, where: str) -> Hidden:
    match = CONFIG.match(source)
    if not match:
        raise ValueError(f"{where}: a test begins with its TEST CONFIG")
    config = yaml.safe_load(match[1])
    if config.get("hidden") is not True or "points" not in config:
        raise ValueError(f"{where}: a test needs `hidden: true` and its points")
    body = ast.parse(source).body[1:]
    if len(body) != 1 or not isinstance(body[0], ast.FunctionDef):
        raise ValueError(f"{where}: a test cell holds one function and nothing else")
    return Hidden(body[0].name, float(config["points"]), source)


def _test_places(notebook: Any) -> set[int]:
    places, inside = set(), False
    for place, cell in enumerate(notebook.cells):
        mark, _ = _mark(cell)
        inside = mark == "BEGIN TESTS" or (inside and not mark)
        if inside:
            places.add(place)
    return places
