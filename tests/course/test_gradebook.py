"""From hand-ins to one row a student: rosters as people save them, time, points."""

from __future__ import annotations

import csv
import json
import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scripts import grade as grader
from scripts import gradebook
from scripts.grade import Grade, Submission
from scripts.gradebook import Rules, moment
from scripts.masters import Question, find_master, read_master
from scripts.points import Read, read_points
from scripts.roster import Student, key, read_roster, read_sheet
from scripts.table import read_table, write_table
from tests.course.hostile import MASTER, WALLS

pytestmark = pytest.mark.course
OPEN = [] if WALLS else ["--unwalled"]
DUE = moment("2026-10-05 23:59")
CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,A0 (77),Final Score\n"
    "    Points Possible,,,,,3,(read only)\n"
    '"Lima, Ana",501,u1,ana@uni.edu,S1,,\n'
    '"Öz, Ben",502,u2,,S1,,\n'
    '"Student, Test",9,,,S1,,\n'
)


def put(path: Path, data: str | bytes) -> Path:
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


SAVED = {
    "commas": b"id,name\nana,Ana \xc3\x96z\nben,Ben\n",
    "semicolons": b"id;name\r\nana;Ana \xc3\x96z\r\nben;Ben\r\n",
    "tabs and a mark": b"\xef\xbb\xbfID\tName\nana\tAna \xc3\x96z\n\nben\tBen\n",
    "Excel's own line": b"\xef\xbb\xbfsep=;\r\nid;name\r\nana;Ana \xc3\x96z\r\nben;Ben",
    "sixteen bits": "id\tname\r\nana\tAna Öz\r\nben\tBen\r\n".encode("utf-16"),
    "quotes": b'name,id\n"Ana \xc3\x96z",ana\n"Ben",ben\n',
    "empty columns": b"id,name,,\nana,Ana \xc3\x96z,,\nben,Ben,,\n,,,\n",
}


@pytest.mark.parametrize("data", SAVED.values(), ids=SAVED)
def test_a_roster_is_read_however_it_was_saved(data: bytes, tmp_path: Path) -> None:
    found = read_roster(put(tmp_path / "roster.csv", data))
    assert [(one.id, one.name) for one in found] == [("ana", "Ana Öz"), ("ben", "Ben")]


BAD = {
    b"": "roster.csv is empty",
    b"id,name\n": "names no student",
    b"name,mail\nAna,a@b\n": r"no column id.*\['name', 'mail'\]",
    b"id,ID,name\n1,2,Ana\n": r"two columns \['id'\]",
    b"id,name,name\n1,Ana,Ana\n": r"two columns \['name'\]",
    b"id,name\nana,Ana\nANA ,Ana B\n": "student 2 .Ana B.: the id 'ANA' is 'ana' again",
    b"id,name\nana,Ana\n ,Ben\n": "student 2 .Ben.: no id",
    b"id,name\nana,Lima, Ana\n": "line 2: 3 cells under 2 names.*quotes",
    b"id,name\nana\n": "line 2: 1 cells under 2 names",
    b"id,name\nana,M\xfcller\n": "line 2: the byte fc is no UTF-8.*CSV UTF-8",
    b'id,name\nana,"Ana\n': "line 2",
    b"PK\x03\x04 a sheet": "no csv: save the sheet",
    b"id,late_days\nana,many\n": "late_days is 'many'",
}


@pytest.mark.parametrize("data", BAD)
def test_a_bad_roster_says_what_and_where(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=BAD[data]):
        read_roster(put(tmp_path / "roster.csv", data))


def test_canvas_s_export_is_a_roster(tmp_path: Path) -> None:
    ana, ben = read_roster(put(tmp_path / "grades.csv", CANVAS))
    assert (ana.id, ana.canvas, ana.name) == ("ana@uni.edu", "501", "Lima, Ana")
    assert (ben.id, ben.canvas) == ("u2", "502")
    assert ana.key == key("Ana@uni.edu") == key("ana-uni.edu"), "as a hand-in is called"


def table_of(folder: Path, *handed_in: tuple[str, str, float, list[str]]) -> Any:
    """The table of hand-ins (file, learner, points of q1, reports), read back."""
    grades = []
    for file, learner, points, reports in handed_in:
        one = Submission(file, "of-the-file")
        grades.append(Grade(one, {"q1": points, "q2": 0.0}, reports, ["half: wrong"]))
        grades[-1].named, grades[-1].stamp = learner, f"{len(grades):016x}"
        grades[-1].held = any("held" in report for report in reports)
    write_table(folder / "grades.csv", grader.rows(MASTER, grades, 1))
    return read_table(folder / "grades.csv")


def sheet(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def booked(folder: Path, table: Any, times: Any, rules: Rules) -> Any:
    said = gradebook.write(folder / "grades.csv", table, times, MASTER, rules)
    rows = {row["id"]: row for row in sheet(folder / "grades-students.csv")}
    return rows, said


def students(*ids: str) -> list[Student]:
    return [Student(one, one.title(), {"id": one, "name": one.title()}) for one in ids]


def hours(*after: float) -> list[datetime]:
    return [DUE + timedelta(hours=one) for one in after]


def test_the_last_before_the_deadline_counts(tmp_path: Path) -> None:
    """Where there is none, the last one that late days pay for does."""
    files = ("A0_ana.zip", "A0_ana-1.zip", "A0_ana-2.zip", "A0_ben.zip", "A0_ben-1.zip",
             "A0_cem.zip")  # fmt: skip
    points = (2.0, 1.0, 2.0, 1.0, 2.0, 2.0)
    owners = ("ana", "ana", "ana", "ben", "ben", "cem")
    table = table_of(
        tmp_path, *zip(files, owners, points, [[]] * 6, strict=True)
    )  # fmt: skip
    times = dict(zip(files, hours(-9, -1, 5, 30, 47, 49), strict=True))
    rules = Rules(students("ana", "ben", "cem", "dan"), DUE, late_days=2)
    rows, said = booked(tmp_path, table, times, rules)
    assert rows["ana"]["file"] == "A0_ana-1.zip"
    assert (rows["ana"]["total"], rows["ana"]["days_late"]) == ("1", "0")
    assert (rows["ben"]["file"], rows["ben"]["late_days_left"]) == ("A0_ben-1.zip", "0")
    assert rows["cem"]["to_decide"] == "3 days late, and 2 late days left"
    assert rows["cem"]["late_days_left"] == "2", "nothing is taken for what is refused"
    assert rows["dan"]["to_decide"] == "nothing was handed in"
    assert "2 of 4 students settled" in said[-1]
    left = read_roster(tmp_path / "grades-roster.csv")
    assert {one.id: one.late_days for one in left} == {
        "ana": 2, "ben": 0, "cem": 2, "dan": 2,
    }  # fmt: skip
    again, _ = booked(tmp_path, table, times, Rules(left, DUE, late_days=9))
    assert again["ben"]["to_decide"] == "2 days late, and 0 late days left"


def test_without_a_deadline_the_last_counts(tmp_path: Path) -> None:
    table = table_of(
        tmp_path, ("A0_ana.zip", "ana", 2.0, []), ("1/A0_ana.zip", "Ana", 1.0, [])
    )
    times = {"A0_ana.zip": hours(1)[0], "1/A0_ana.zip": hours(99)[0]}
    rows, _ = booked(tmp_path, table, times, Rules(students("ana")))
    assert (rows["ana"]["total"], rows["ana"]["settled"]) == ("1", "yes")


def test_whose_a_file_is(tmp_path: Path) -> None:
    """The platform's word counts more than the notebook's; a person's most of all."""
    roster = read_roster(put(tmp_path / "roster.csv", CANVAS))
    files = {
        "limaana_501_900_A0_ana-uni.edu.zip": ("ana-uni.edu", []),
        "zben_LATE_502_901_A0_ana-uni.edu.zip": ("ana-uni.edu", []),
        "limaana_501_902_essay.docx": ("essay", ["could not be read: no notebook"]),
        "Öz, Ben_77_assignsubmission_file_/A0_u2.zip": ("u2", []),
        "homework.zip": ("u2", []),
        "A0_u22.zip": ("u22", []),
        "mine.zip": ("nobody", []),
    }
    table = table_of(tmp_path, *[(f, who, 2.0, r) for f, (who, r) in files.items()])
    whose = [gradebook.owner(row, Rules(roster)) for row in table]
    assert [one.id if one else why for one, why in whose] == [
        "ana@uni.edu",
        "handed in by u2, and says it is ana-uni.edu",
        "ana@uni.edu",
        "u2",
        "says it is u2, which its file's name does not",
        "the roster has no 'u22' (is it u2?)",
        "the roster has no 'nobody'",
    ]
    told = {"mine.zip": {"file": "mine.zip", "id": "U2", "time": "2026-10-01 10:00"}}
    times = dict.fromkeys(files, DUE)
    rows, said = booked(tmp_path, table, times, Rules(roster, DUE, told=told))
    assert rows["u2"]["file"] == "Öz, Ben_77_assignsubmission_file_/A0_u2.zip"
    assert len(said) == 3 + 1, "three files are still nobody's"
    assert rows["ana@uni.edu"]["file"].endswith("A0_ana-uni.edu.zip"), (
        "what can be read"
    )


def test_canvas_gets_its_own_column_and_no_doubtful_points(tmp_path: Path) -> None:
    roster = read_roster(put(tmp_path / "roster.csv", CANVAS))
    table = table_of(
        tmp_path,
        ("limaana_501_900_A0.zip", "ana@uni.edu", 2.0, []),
        ("zben_502_901_A0.zip", "u2", 2.0, ["held, looked for the grader's files: x"]),
    )
    booked(
        tmp_path, table, dict.fromkeys((r["file"] for r in table), DUE), Rules(roster)
    )
    ana, ben = sheet(tmp_path / "grades-canvas.csv")
    assert list(ana) == [
        "Student",
        "ID",
        "SIS User ID",
        "SIS Login ID",
        "Section",
        "A0 (77)",
    ]
    assert list(ana.values()) == ["Lima, Ana", "501", "u1", "ana@uni.edu", "S1", "2"]
    assert ben["A0 (77)"] == ""


def test_each_student_has_a_file_to_read(tmp_path: Path) -> None:
    table = table_of(tmp_path, ("A0_ana.zip", "ana", 2.0, ["ok"]))
    booked(tmp_path, table, {"A0_ana.zip": DUE}, Rules(students("ana", "=1+1")))
    text = (tmp_path / "grades-feedback/ana.md").read_text("utf-8")
    assert "| q1 | 2 | 2 |" in text
    assert "| **all** | **2** | 3 |" in text
    assert "- half: wrong" in text
    other = (tmp_path / "grades-feedback/1-1.md").read_text("utf-8")
    assert "Nothing was handed in." in other
    assert "ana" not in other
    assert sheet(tmp_path / "grades-canvas.csv")[1]["SIS Login ID"] == "'=1+1"


@pytest.fixture
def by_hand() -> Any:
    """The small assignment with a page that a person reads."""
    MASTER.questions["q3"] = Question("q3", manual=True, stated=12)
    yield MASTER
    del MASTER.questions["q3"]


def test_readers_points_are_merged(tmp_path: Path, by_hand: Any) -> None:
    table = table_of(
        tmp_path, *[(f"A0_{x}.zip", x, 2.0, []) for x in ("ana", "ben", "cem")]
    )
    times = {row["file"]: DUE for row in table}
    rules = Rules(students("ana", "ben", "cem"))
    rows, _ = booked(tmp_path, table, times, rules)
    assert rows["ana"]["to_decide"] == "q3: not read yet"
    assert (rows["ana"]["total"], rows["ana"]["possible"]) == ("2", "3")
    assert sheet(tmp_path / "grades-canvas.csv")[0]["A0"] == ""
    one = "code;points;comment\n00000000;8;no such\n"
    assert table[0]["stamp"][:8] == table[1]["stamp"][:8], "made alike by this test"
    for place, row in enumerate(table):
        row["stamp"] = f"{place}abcdefg-{place}"
    one = "code;points;comment\n0abcdefg;8;A fine null\n1abcdefg;12;\n9abcdefg;1;\n"
    two = "id,points\nana,10,5\n".replace("10,5", '"10,5"') + "ben,4\ncem,\n"
    rules.points = read_points(put(tmp_path / "one.csv", one), by_hand)
    rules.points += read_points(put(tmp_path / "two.csv", two), by_hand)
    rows, said = booked(tmp_path, table, times, rules)
    assert (rows["ana"]["q3"], rows["ana"]["total"]) == ("9.25", "11.25")
    assert (rows["ana"]["possible"], rows["ana"]["settled"]) == ("15", "yes")
    assert rows["ben"]["to_decide"] == "q3: its readers differ"
    assert rows["cem"]["to_decide"] == "q3: not read yet"
    assert "--points: nobody's hand-in that counts is 9abcdefg" in said
    assert "A fine null" in (tmp_path / "grades-feedback/ana.md").read_text("utf-8")


def test_a_prediction_is_held_against_what_was_locked(tmp_path: Path) -> None:
    table = table_of(tmp_path, *[(f"A0_{x}.zip", x, 2.0, []) for x in "abcd"])
    for row, code in zip(table, ("abcdefgh", "aaaaaaaa", "", "bbbbbbbb"), strict=True):
        row["notes"] = f"prediction locked as {code}" if code else "half: wrong"
    locks = put(tmp_path / "locks.csv", "id,lock\nA,ABCDEFGH\nb,bbbbbbbb\nc,cccccccc\n")
    rules = Rules(students(*"abcd"), locks=gradebook.read_locks(locks))
    rows, _ = booked(tmp_path, table, {row["file"]: DUE for row in table}, rules)
    assert [rows[x]["prediction"] for x in "abcd"] == [
        "locked", "another than was locked", "no prediction", "not locked",
    ]  # fmt: skip
    assert "locked as" not in (tmp_path / "grades-feedback/a.md").read_text("utf-8")


WRONG = {
    "code,points\na,13\n": "'13' points, where 0 to 12",
    "code,points\na,-1\n": "'-1' points",
    "code,points\na,nan\n": "'nan' points",
    "code,points\na,lots\n": "'lots' points",
    "code,points\na,1\nA,2\n": "q3 stands there twice",
    "code,points,question\na,1,q1\n": "by hand q3 is graded, not 'q1'",
    "points\n1\n": "neither id nor code",
    "code,mark\na,1\n": r"no column \['points'\]",
}


@pytest.mark.parametrize("text", WRONG)
def test_bad_points_say_what_and_where(text: str, tmp_path: Path, by_hand: Any) -> None:
    with pytest.raises(ValueError, match=WRONG[text]):
        read_points(put(tmp_path / "points.csv", text), by_hand)
    assert Read("a", "q3", 1.0) in read_points(
        put(tmp_path / "good.csv", "code,points\na,1\n"), by_hand
    )


@pytest.mark.usefixtures("small")
def test_the_command_books_what_it_graded(tmp_path: Path, capsys: Any) -> None:
    """Files' own times, a roster that is no hand-in, and nothing graded twice."""
    folder, out = tmp_path / "handed-in", tmp_path / "grades.csv"
    folder.mkdir()
    for name, after in (("ana", -60), ("ana (1)", 59), ("ben", 61)):
        course = {"assignment": "A0", "learner": name.partition(" ")[0]}
        text = json.dumps({"cells": [], "metadata": {"course": course}})
        path = put(folder / f"A0_{name}.ipynb", text)
        os.utime(path, (DUE.timestamp() + after,) * 2)
    roster = put(folder / "roster.csv", "id;name\nana;Ana\nben;Ben\n")
    given = ["A0", str(folder), "--out", str(out), "--roster", str(roster), *OPEN]
    given += ["--due", "2026-10-05 23:59"]
    assert grader.main(given) == 0
    rows = {row["id"]: row for row in sheet(tmp_path / "grades-students.csv")}
    assert rows["ana"]["file"] == "A0_ana (1).ipynb", "the deadline's minute counts"
    late = "1 day late, and 0 late days left; q3: not read yet"
    assert rows["ben"]["to_decide"] == late
    assert len(read_table(out)) == 3
    capsys.readouterr()
    heard = put(tmp_path / "talk.csv", "id,question,points\nben,q3,15\n")
    given += ["--late-days", "1", "--points", str(heard)]
    assert grader.main(given) == 0
    assert "3 of 3 are in" in capsys.readouterr().out
    rows = {row["id"]: row for row in sheet(tmp_path / "grades-students.csv")}
    assert (rows["ben"]["settled"], rows["ben"]["total"]) == ("yes", "15")


def test_without_the_open_model_its_question_waits(
    tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    """It is said beforehand, all else is graded, and nobody is suspected."""
    monkeypatch.setenv("EMOTION_VECTORS_MODELS", str(tmp_path / "none"))
    (answer,) = read_master(find_master("A1")).questions["q4"].solution
    cells = read_master(find_master("A1")).notebook.cells
    code = ["import re", 'real = load_model("smollm2")', cells[answer].source]
    code[1] = f"from helpers.models import load_model\n{code[1]}"
    course = {"assignment": "A1", "learner": "ana"}
    told = [{"cell_type": "code", "source": one} for one in code]
    (folder := tmp_path / "handed-in").mkdir()
    text = json.dumps({"cells": told, "metadata": {"course": course}})
    put(folder / "A1_ana.ipynb", text)
    given = ["A1", str(folder), "--out", str(out := tmp_path / "grades.csv"), *OPEN]
    assert grader.main(given) == 0
    assert "q8 (8) cannot be graded here" in capsys.readouterr().out
    (row,) = read_table(out)
    assert (row["q4"], row["q8"], row["possible"]) == ("4", "", "38")
    assert row["report"] == ("ok" if WALLS else "not walled")
    assert "needs nothing of this" in row["notes"], "the cell's own error"


def test_a_bad_option_ends_before_anything_is_graded(tmp_path: Path) -> None:
    put(tmp_path / "A1_ana.ipynb", "{}")
    roster = put(tmp_path / "roster.csv", "id\nana\n")
    files = put(tmp_path / "files.csv", "file,id\nA1_ana.ipynb,anna\n")
    base = ["A1", str(tmp_path), *OPEN, "--out", str(tmp_path.parent / "g.csv")]
    for options, told in {
        ("--roster", "nowhere.csv"): "nowhere.csv",
        ("--due", "2026-10-05"): "need a --roster",
        ("--roster", str(roster), "--due", "Monday"): "'Monday' is no time",
        ("--roster", str(roster), "--files", str(files)): "no 'anna' .is it ana",
        ("--roster", str(roster), "--out", str(tmp_path / "g.csv")): "another --out",
    }.items():
        with pytest.raises(SystemExit, match=told):
            grader.main([*base, *options])


def test_a_sheet_keeps_what_stands_in_quotes(tmp_path: Path) -> None:
    path = put(tmp_path / "x.csv", 'file,id\n"a, b\nc.zip",ana\n')
    assert read_sheet(path) == [{"file": "a, b\nc.zip", "id": "ana"}]
