"""A small assignment to attack, and what grading a few cells of code comes to."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

from scripts.grade import Grade, Limits, Submission, grade
from scripts.masters import Hidden, Master, Question
from scripts.walls import no_walls

WALLS = not no_walls()
walled = pytest.mark.skipif(not WALLS, reason=f"no walls here: {no_walls()}")
BOTH = [pytest.param(True, id="walled", marks=walled), pytest.param(False, id="not")]


def double(env: Any) -> None:
    from helpers import grading

    learner, rng = grading.begin(env)
    x = rng.normal(size=4)
    grading.close(learner.call("double", x), 2 * x)


def half(env: Any) -> None:
    from helpers import grading

    learner, rng = grading.begin(env)
    x = float(rng.normal())
    got = grading.number(learner.call("half", x))
    grading.expect(got == x / 2, "not half of it")


def hidden(function: Callable[[Any], None], points: float) -> Hidden:
    return Hidden(function.__name__, points, inspect.getsource(function))


def master(*tests: tuple[Callable[[Any], None], float]) -> Master:
    """An assignment with one test a question: q1, q2, ..."""
    names = [f"q{place + 1}" for place in range(len(tests))]
    return Master(
        "A0",
        {
            name: Question(name, tests=[hidden(*test)])
            for name, test in zip(names, tests, strict=True)
        },
        None,
    )


MASTER = master((double, 2), (half, 1))
RIGHT = ["def double(x):\n    return 2 * x", "def half(x):\n    return x / 2"]


CONFIG = """\"\"\" # BEGIN TEST CONFIG
hidden: true
points: {points:g}
\"\"\"  # END TEST CONFIG


{source}"""


def write_master(folder: Path, *, by_hand: float = 0) -> Path:
    """MASTER as a file `A0.ipynb`; with points `by_hand`, a person reads a q3."""
    raw, code = nbformat.v4.new_raw_cell, nbformat.v4.new_code_cell
    cells = []
    for one, answer in zip(list(MASTER.questions.values()), RIGHT, strict=False):
        tests = [CONFIG.format(points=t.points, source=t.source) for t in one.tests]
        cells += [raw(f"# BEGIN QUESTION\nname: {one.name}"), raw("# BEGIN SOLUTION")]
        cells += [code(answer), raw("# END SOLUTION"), raw("# BEGIN TESTS")]
        cells += [*map(code, tests), raw("# END TESTS"), raw("# END QUESTION")]
    if by_hand:
        read = f"name: q3\nmanual: true\npoints: {by_hand:g}"
        cells += [raw(f"# BEGIN QUESTION\n{read}"), raw("# END QUESTION")]
    path = folder / "A0.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


def write(path: Path, cells: list[str], **metadata: Any) -> Path:
    notebook = nbformat.v4.new_notebook(metadata=metadata)
    notebook.cells = [nbformat.v4.new_code_cell(cell) for cell in cells]
    nbformat.write(notebook, path)
    return path


def run(
    folder: Path,
    *cells: str,
    of: Master = MASTER,
    hidden: tuple[Path, ...] = (),
    **limits: Any,
) -> Grade:
    """The grade of a notebook with these cells, written into a folder."""
    options = {"seed": 3, "run_seconds": 60, "answer_seconds": 60, "use_walls": WALLS}
    path = write(folder / "x.ipynb", list(cells))
    return grade(
        of, Submission("x.ipynb", "x", path), Limits(**options | limits), hidden
    )
