"""A grading run, killed at any write, leaves whole rows; again, it gives the same."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from helpers.checks.hand_in import from_cells
from tests.course.hostile import RIGHT, write_master
from tests.unit.kills import check

pytestmark = pytest.mark.course
WHAT = "grading ten submissions"
SETUP = """
from pathlib import Path
from scripts import grade, masters
masters.FOLDER = Path({masters!r})
grade.no_walls()  # known, and the open model's room imported, before any run
"""
WORK = """
walls = [] if not grade.no_walls() else ["--unwalled"]
out = str(folder / "grades.csv")
grade.main(["A0", {handed!r}, "--out", out, "--seed", "1", *walls])
"""


def table(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("n", [3, pytest.param(20, marks=pytest.mark.kills)])
def test_a_killed_grading_keeps_what_is_graded(n: int, tmp_path: Path) -> None:
    handed = tmp_path / "handed-in"
    handed.mkdir()
    (handed / "A0_ana.ipynb").write_text(json.dumps(from_cells(["1 / 0", *RIGHT])))
    for name in "bcdefghij":
        (handed / f"A0_{name}.ipynb").write_text("no notebook")
    (folder := tmp_path / "masters").mkdir()
    write_master(folder)
    setup, work = SETUP.format(masters=str(folder)), WORK.format(handed=str(handed))
    alone, runs = check(WHAT, setup, work, tmp_path / "runs", n)
    whole = table(alone / "grades.csv")
    assert [row["total"] for row in whole] == ["3", *["0"] * 9]
    assert "ZeroDivisionError" in whole[0]["notes"]
    for run in runs:
        left = table(run.left / "grades.csv")
        assert left == whole[: len(left)], run
        assert len(left) == (run.at - 1) // 2, run  # a write and a move each
        assert table(run.again / "grades.csv") == whole, run
        assert [p.name for p in run.again.iterdir()] == ["grades.csv"], run
