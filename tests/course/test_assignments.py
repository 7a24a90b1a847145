"""Every assignment: the reference, the blank notebook and each wrong answer, graded."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import nbformat
import pytest

from scripts.course import student_notebook
from scripts.grade import Grade, Limits, Submission, grade
from scripts.masters import Master, masters, read_master
from tests.course.catalog import Wrong, combine, read_catalog
from tests.course.hostile import WALLS

pytestmark = pytest.mark.course
ALL = {path.stem: read_master(path) for path in masters()}
CASES = [
    pytest.param(name, group, id=f"{name}-{place + 1}")
    for name in ALL
    for place, group in enumerate(combine(read_catalog(name)))
]


def graded(master: Master, notebook: Any, folder: Path) -> Grade:
    """The grade of a notebook, with questions drawn now (the seed is in a failure)."""
    path = folder / "this.ipynb"
    nbformat.write(notebook, path)
    limits = Limits(
        seed=secrets.randbits(31),
        run_seconds=400,
        answer_seconds=200,
        question_seconds=600,
        whole_seconds=2000,
        use_walls=WALLS,
    )
    result = grade(master, Submission("this.ipynb", "somebody", path), limits)
    result.reports = [one for one in result.reports if one != "not walled"]
    print(f"seed {limits.seed}: {result.points}", result.reports, *result.notes)
    return result


@pytest.mark.parametrize("name", ALL)
def test_the_reference_has_full_marks(name: str, tmp_path: Path) -> None:
    """Handed in by somebody, with the data of their own."""
    master = ALL[name]
    notebook = master.submission()
    for cell in notebook.cells:
        cell.source = cell.source.replace('"your-id"', '"this"')
    notebook.metadata["course"] = {"assignment": name, "learner": "this"}
    result = graded(master, notebook, tmp_path)
    assert result.points == {q.name: q.points for q in master.graded()}
    assert not result.reports
    assert not result.notes


@pytest.mark.parametrize("name", ALL)
def test_the_blank_notebook_has_none(name: str, tmp_path: Path) -> None:
    master = ALL[name]
    result = graded(master, student_notebook(master), tmp_path)
    assert result.total == 0
    assert not result.reports, "blank is not suspicious"


@pytest.mark.parametrize(("name", "group"), CASES)
def test_wrong_answers_lose_what_they_should(
    name: str, group: list[Wrong], tmp_path: Path
) -> None:
    master = ALL[name]
    answers = {wrong.question: wrong.code for wrong in group}
    result = graded(master, master.submission(answers), tmp_path)
    hit = {question: wrong for wrong in group for question in wrong.hit}
    for question in master.graded():
        left, wrong = result.points[question.name], hit.get(question.name)
        if wrong is None:
            assert left == question.points, f"{question.name} should keep its points"
            continue
        assert left < question.points, f"{wrong.name}: {question.name} loses nothing"
        exact = wrong.points.get(question.name, left)
        assert left == exact, f"{wrong.name}: {question.name}"


@pytest.mark.parametrize("name", ALL)
def test_a_catalog_has_ten_and_names_questions_that_exist(name: str) -> None:
    wrongs = read_catalog(name)
    assert len(wrongs) >= 10
    assert len({wrong.name for wrong in wrongs}) == len(wrongs)
    known = {question.name for question in ALL[name].graded()}
    assert {q for wrong in wrongs for q in wrong.hit} == known, "every question is hit"
