"""Files and the table: every file has a row, whatever it holds or is called."""

from __future__ import annotations

import csv
import io
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import nbformat
import pytest

from helpers.grading.notebook import read_notebook
from scripts import grade as grader
from scripts.grade import Grade, Limits, Submission, grade, read_submissions
from scripts.table import plain
from scripts.walls import ROOT
from tests.course.hostile import MASTER, WALLS, walled, write

pytestmark = pytest.mark.course
OPEN = [] if WALLS else ["--unwalled"]
TEXT = json.dumps(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x")]))


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_file_has_a_row(tmp_path: Path) -> None:
    """As browsers, systems and mail programs name them; only a system's have none."""
    good = ["a.IPYNB", "b.ipynb.txt", "c.ipynb.json", "d (1).ipynb", "g", "sub/i.ipynb"]
    for name in [*good, ".A1_hidden.ipynb", "--out", "=1+1.ipynb"]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(TEXT)
    (tmp_path / "m.ipynb").symlink_to(tmp_path / "nowhere")
    (tmp_path / "p").symlink_to(tmp_path / "sub")
    os.mkfifo(tmp_path / "n.ipynb")
    (tmp_path / "grades.csv").write_text("of an earlier run")
    for beside in (".DS_Store", "._a.ipynb", ".ipynb_checkpoints/a", "Thumbs.db"):
        (tmp_path / beside).parent.mkdir(exist_ok=True)
        (tmp_path / beside).write_text(TEXT)
    found = {one.file: one for one in read_submissions(
        tmp_path, "A1", [tmp_path / "grades.csv"])}  # fmt: skip
    bad = ["m.ipynb", "n.ipynb", "p"]
    odd = [".A1_hidden.ipynb", "--out", "=1+1.ipynb"]
    assert sorted(found) == sorted([*good, *bad, *odd])
    for name in bad:
        with pytest.raises((OSError, ValueError)):
            found[name].read()
    assert found["b.ipynb.txt"].learner == "b"
    assert found["sub/i.ipynb"].read() == TEXT.encode()


@pytest.mark.skipif(os.geteuid() == 0, reason="root opens every folder")
def test_a_folder_that_does_not_open_has_a_row(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0)
    (one,) = read_submissions(tmp_path, "A1")
    assert "does not open" in one.problem


BOX = {
    "__MACOSX/._A1.ipynb", ".ipynb_checkpoints/A1-checkpoint.ipynb", "._A1.ipynb",
    "__MACOSX\\._A1.ipynb", "A1/.ipynb_checkpoints/A1.ipynb", "A1/",
}  # fmt: skip


@pytest.mark.parametrize("own", ["A1.ipynb", "A1/A1.IPYNB", "../A1.ipynb.txt"])
def test_what_a_system_puts_into_a_zip_does_not_count(own: str) -> None:
    data = boxed({**dict.fromkeys(BOX, "\0\5"), own: TEXT})
    assert read_notebook(data, "A1") == ("", ["x"])
    with pytest.raises(ValueError, match="2 notebooks in the zip"):
        read_notebook(boxed({own: TEXT, "other.ipynb": TEXT}), "A1")


def boxed(files: dict[str, str], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as box:
        for name, text in files.items():
            box.writestr(name, text)
    return made.getvalue()


def course(**told: Any) -> str:
    return json.dumps({"cells": [], "metadata": {"course": told}})


BOMBS = {
    "no zip": b"PK no zip",
    "a zip bomb": boxed({"A1.ipynb": "0" * (30 << 20)}),
    "many files": boxed({f"{n}.ipynb": "" for n in range(5000)}, zipfile.ZIP_STORED),
    "a link in a zip": boxed({"A1.ipynb": "/etc/passwd"}),
    "brackets": b"[" * 200_000,
    "a list": b"[]",
    "nothing": b"",
    "a document": b"\xd0\xcf",
    "a script": b"x = 1",
    "cells that are none": b'{"cells": {"a": 1}}',
    "a cell of numbers": b'{"cells": [{"cell_type": "code", "source": [1]}]}',
    "a long number": b'{"cells": ' + b"9" * 100_000 + b"}",
    "another assignment": course(assignment="A2").encode(),
    "metadata that are none": b'{"cells": [], "metadata": 3}',
}


@pytest.mark.parametrize("data", BOMBS.values(), ids=BOMBS)
def test_what_is_no_notebook_says_so(data: bytes) -> None:
    with pytest.raises(Exception, match=r"."):
        read_notebook(data, "A1")


def test_odd_notebooks_are_read() -> None:
    assert read_notebook(b"\xef\xbb\xbf" + TEXT.encode(), "A1") == ("", ["x"])
    assert read_notebook(course(learner=12345).encode(), "A1")[0] == "12345"
    assert read_notebook(course(learner={"x": 1}).encode(), "A1")[0] == ""
    assert len(read_notebook(course(learner="x" * (1 << 20)).encode(), "A1")[0]) == 200


def test_a_bomb_has_a_row_and_opens_elsewhere(tmp_path: Path, monkeypatch: Any) -> None:
    """The process that holds the key reads bytes, and never looks into them."""
    for name in ("json.loads", "zipfile.ZipFile.__init__"):
        monkeypatch.setattr(name, watched(name))
    path = tmp_path / "A0_x.zip"
    for kind in ("a zip bomb", "brackets", "another assignment"):
        path.write_bytes(BOMBS[kind])
        limits = Limits(1, use_walls=WALLS)
        result = grade(MASTER, Submission(path.name, "x", path), limits)
        assert result.total == 0
        assert "could not be read" in result.reports[-1], kind


def watched(name: str) -> Any:
    real = json.loads

    def call(text: Any, *args: Any, **options: Any) -> Any:
        assert name == "json.loads", "opened by the grader"
        assert len(text) < 10_000, "read by the grader"
        return real(text, *args, **options)

    return call


ODD = {
    "\ud800": "\\ud800", "a\udcfcb": "a\\udcfcb", "a\0b": "a\\x00b", "🙂": "🙂",
    "a\r\nb": "a b", '"a"': '"a"', "\u2028x": "x", "=1+1\ud800": "'=1+1\\ud800",
    " \t=1+1": "'=1+1", "+1": "'+1", "@x": "'@x", "\uff1d1": "'\uff1d1",
    "\x1b[2J\x1b]0;t\x07": "\\x1b[2J\\x1b]0;t\\x07", "a\u202eb": "a\\u202eb",
    "<script>x</script>": "‹script›x‹/script›", "x" * 999: "x" * 300,
}  # fmt: skip


def test_odd_characters_never_end_the_table_nor_leave_it(tmp_path: Path) -> None:
    """In a name, a report or a note; the others keep theirs, and all can be read."""
    told = [Submission("A1_a.ipynb", "ana")]
    told += [Submission(odd, odd, problem=odd) for odd in ODD]
    grades = [
        Grade(one, {"q1": 1.0, "q2": 0.0}, [one.problem], [one.problem]) for one in told
    ]
    out = tmp_path / "grades.csv"
    grader.write_table(out, grader.rows(MASTER, grades, 1))
    first, *others = table(out)
    assert first["learner"] == "ana"
    for row, shown in zip(others, ODD.values(), strict=True):
        assert row["file"] == shown
        assert row["learner"] == shown[:100]
        assert row["report"].startswith(shown)
        assert row["notes"].startswith(shown)
    assert plain("\n".join("ab")) == "a b"


def test_the_command_writes_a_table(small: Any, tmp_path: Path, capfd: Any) -> None:
    """One that is right, and what strangers do to names; nobody's row is lost."""
    folder, out = tmp_path / "handed-in", tmp_path / "grades.csv"
    folder.mkdir()
    cells = [cell.source for cell in small.submission().cells]
    write(folder / "A0_ana.ipynb", cells, course={"assignment": "A0", "learner": "ana"})
    (folder / "A0_=1+1.ipynb").write_text("{}")
    (folder / "A0_\x1b[2J\n.ipynb").write_text("{}")
    (folder / "A0_ANA (1).zip").write_bytes(boxed({"A0.ipynb": course(learner="Ana")}))
    (folder / "A0_eve.ipynb").write_text(course(learner="ana"))
    (folder / "A0_tag.ipynb").write_text(course(learner="<b>x</b>\n=1+1\ud800"))
    name = os.fsencode(folder) + b"/A0_M\xfcller.ipynb"
    Path(os.fsdecode(name)).write_text(course())
    given = ["A0", str(folder), "--out", str(out), "--seed", "5"]
    assert grader.main([*given, *OPEN]) == 0
    rows = {row["file"]: row for row in table(out)}
    assert len(rows) == 7
    ana = rows["A0_ana.ipynb"]
    assert ana["total"] == ana["possible"] == "3"
    assert ana["report"] == ("ok" if WALLS else "not walled")
    assert {rows[f"A0_{x}"]["hand_ins"] for x in ("ana.ipynb", "ANA (1).zip")} == {"3"}
    assert "says it is ana" in rows["A0_eve.ipynb"]["report"]
    assert rows["A0_tag.ipynb"]["learner"] == "‹b›x‹/b› =1+1\\ud800"
    assert rows["A0_M\\udcfcller.ipynb"]["hand_ins"] == "1"
    learners = {row["learner"] for row in rows.values()}
    assert "'=1+1" in learners, "no formula for a spreadsheet"
    assert "\\x1b[2J" in learners
    assert "\x1b" not in capfd.readouterr().out


@pytest.mark.usefixtures("small")
def test_a_run_goes_on_where_it_stopped(tmp_path: Path, capsys: Any) -> None:
    """Rows of the same files stay; what is new, other, or lost is graded."""
    folder, out = tmp_path / "handed-in", tmp_path / "grades.csv"
    folder.mkdir()
    for name in "abc":
        (folder / f"A0_{name}.ipynb").write_text(f"no notebook of {name}")
    given = ["A0", str(folder), "--out", str(out), "--jobs", "2", *OPEN]
    assert grader.main(given) == 0
    whole = table(out)
    assert [row["learner"] for row in whole] == ["a", "b", "c"]
    assert "could not be read" in whole[0]["report"]
    whole[0]["notes"] = whole[1]["notes"] = "graded before"
    grader.write_table(out, whole[:2])
    (folder / "A0_b.ipynb").write_text("another")
    (folder / "A0_late.ipynb").write_text("late")
    capsys.readouterr()
    assert grader.main(given) == 0
    assert "1 of 4 are in" in capsys.readouterr().out
    again = table(out)
    assert [row["file"][3:-6] for row in again] == ["a", "b", "c", "late"]
    assert [row["notes"] for row in again] == ["graded before", "", "", ""]
    assert len({row["seed"] for row in again}) == 1, "the same questions for all"
    assert grader.main([*given, "--seed", "7"]) == 0
    assert {row["seed"] for row in table(out)} == {"7"}
    assert {row["notes"] for row in table(out)} == {""}


@pytest.mark.usefixtures("small")
def test_without_walls_nothing_is_run_unless_told(
    tmp_path: Path, monkeypatch: Any
) -> None:
    (tmp_path / "A0_a.ipynb").write_text("no notebook")
    given = ["A0", str(tmp_path), "--out", str(tmp_path / "grades.csv")]
    monkeypatch.setattr(grader, "no_walls", lambda: "this is a test")
    with pytest.raises(SystemExit, match=r"this is a test\. With --unwalled"):
        grader.main(given)
    assert not (tmp_path / "grades.csv").exists()
    assert grader.main([*given, "--unwalled"]) == 0
    (row,) = table(tmp_path / "grades.csv")
    assert row["report"].startswith("not walled; could not be read")


@walled
def test_what_submissions_could_read_is_not_graded(tmp_path: Path) -> None:
    inside = ROOT / "helpers/world"
    with pytest.raises(SystemExit, match="submissions could read"):
        grader.main(["A1", str(inside), "--out", str(tmp_path / "grades.csv")])


def test_an_unknown_assignment_is_named(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="A1"):
        grader.main(["A99", str(tmp_path)])
