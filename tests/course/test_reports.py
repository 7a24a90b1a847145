"""Reports on one page: read within walls, without names, and with a form that saves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from helpers.grading.notebook import read_page
from scripts import reports
from scripts.grade import Grade, Submission, rows
from scripts.masters import find_master, read_master
from scripts.points import read_points
from scripts.table import write_table
from tests.course.hostile import WALLS

pytestmark = pytest.mark.course
OPEN = [] if WALLS else ["--unwalled"]
A4 = read_master(find_master("A4"))
RAN = "raise SystemExit"


def handed_in(*texts: str) -> str:
    kinds = ["code" if text == RAN else "markdown" for text in texts]
    cells = [{"cell_type": k, "source": t} for k, t in zip(kinds, texts, strict=True)]
    return json.dumps({"cells": cells, "metadata": {}})


def test_a_page_goes_from_its_heading_to_the_next() -> None:
    data = handed_in("## 6. x", "no", "## 7. One page (12 points)", "### A\n\na", RAN,
                     "b\n## not a cell's beginning", "## 8. y", "no")  # fmt: skip
    assert (
        read_page(data.encode(), "## 7. One")
        == "### A\n\na\n\nb\n## not a cell's beginning"
    )
    assert read_page(data.encode(), "## 9.") == ""


def test_the_headings_are_those_of_the_report() -> None:
    name, heading, inside, points = reports.parts(A4)
    assert (name, points, len(inside)) == ("q7", 12, 6)
    assert heading.startswith("## 7. One page")
    with pytest.raises(ValueError, match="no report"):
        reports.parts(read_master(find_master("A1")))


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """The page of three hand-ins, of which one is hostile and one no notebook."""
    folder, out = tmp_path / "handed-in", tmp_path / "grades.csv"
    folder.mkdir()
    _, heading, *_ = reports.parts(A4)
    texts = {
        "ana": "### Result\n\nAna Lima, that is ANA, found nothing. Banana."
        + " x" * 99,
        "eve": "</pre><script>alert(1)</script> $question {x} é",
    }
    for name, text in texts.items():
        whole = handed_in(RAN, heading, text, "## Before you hand in")
        (folder / f"A4_{name}.ipynb").write_text(whole, "utf-8")
    (folder / "A4_bad.ipynb").write_text("{")
    grades = []
    for place, name in enumerate(("ana", "bad", "eve")):
        one = Grade(
            Submission(f"A4_{name}.ipynb", name), dict.fromkeys(A4.questions, 0.0)
        )
        one.stamp = f"{place}{'c0de' * 4}"
        grades.append(one)
    write_table(out, rows(A4, grades, 1))
    students = "id,name,file\nana,Ana Lima,A4_ana.ipynb\neve,Eve,A4_eve.ipynb\nx,X,\n"
    (tmp_path / "grades-students.csv").write_text(students)
    assert reports.main(["A4", str(folder), "--out", str(out), *OPEN]) == 0
    return tmp_path / "grades-reports.html"


def test_what_counts_is_read_and_nothing_of_it_acts(made: Path) -> None:
    text = made.read_text("utf-8")
    assert text.count("<article") == 2, "the one that counts for nobody is left out"
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; $question {x} é" in text
    assert "▒▒ ▒▒, that is ▒▒, found nothing. Banana." in text
    assert "default-src 'none'" in text
    assert text.count("data-heading") == 2 * 6 + 2, (
        "six fields each, and the script's own"
    )


def test_without_walls_nothing_is_read_unless_told(
    tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr(reports, "no_walls", lambda: "this is a test")
    with pytest.raises(SystemExit, match="this is a test"):
        reports.main(["A4", str(tmp_path)])


def test_the_form_saves_what_grading_reads(made: Path, chromium: Any) -> None:
    """In a browser: points add up, survive a reload, and come back as a sheet."""
    browser, said = chromium(), []
    page = browser.new_page()
    page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    page.goto(made.as_uri())
    first = page.locator("article").first
    for place, points in enumerate((2, 1.5, 1, 2, 0, 1)):
        first.locator("[data-heading]").nth(place).fill(str(points))
    first.locator("textarea").fill('A "null", well told\nand short')
    page.reload()
    assert page.locator("#count").inner_text() == "1 of 2 read"
    with page.expect_download() as download:
        page.locator("#save").click()
    path = made.with_name("points.csv")
    download.value.save_as(path)
    browser.close()
    (read,) = read_points(path, A4)
    assert (read.key, read.question, read.points) == ("0c0dec0d", "q7", 7.5)
    assert read.comment == 'A "null", well told and short'
    assert not said
