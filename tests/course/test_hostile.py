"""Submissions that try to win without an answer: none does, and all are reported."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import nbformat
import pytest

from helpers import grading
from helpers.grading import encoding
from scripts import grade as grader
from scripts.grade import Grade, Limits, Submission, grade, read_submissions
from scripts.masters import ROOT, Hidden, Master, Question, find_master, read_master
from scripts.sandbox import Ended, Sandbox, walls

pytestmark = pytest.mark.course
KINDS = [
    pytest.param(
        True,
        id="walled",
        marks=pytest.mark.skipif(not walls(), reason="no namespaces here"),
    ),
    pytest.param(False, id="watched"),
]


def double(env: Any) -> None:
    learner, rng = grading.begin(env)
    x = rng.normal(size=4)
    grading.close(learner.call("double", x), 2 * x)


def half(env: Any) -> None:
    learner, rng = grading.begin(env)
    x = float(rng.normal())
    got = grading.number(learner.call("half", x))
    grading.expect(got == x / 2, "not half of it")


MASTER = Master(
    "A0",
    {
        "q1": Question("q1", tests=[Hidden("test_q1", 2, double)]),
        "q2": Question("q2", tests=[Hidden("test_q2", 1, half)]),
    },
    None,
)
RIGHT = ["def double(x):\n    return 2 * x", "def half(x):\n    return x / 2"]


def run(*cells: str, hidden: tuple[Path, ...] = (), **limits: Any) -> Grade:
    options = {"seed": 3, "run_seconds": 60, "answer_seconds": 60, **limits}
    submission = Submission("x.ipynb", "x", list(cells))
    return grade(MASTER, submission, Limits(**options), hidden)


@pytest.mark.parametrize("use_walls", KINDS)
def test_right_answers_win(use_walls: bool) -> None:
    result = run(*RIGHT, use_walls=use_walls)
    assert result.total == 3
    assert not result.reports


def test_an_object_equal_to_everything_wins_nothing() -> None:
    same = """
class Same(float):
    def __eq__(self, other): return True
    def __sub__(self, other): return 0.0
    def __abs__(self): return 0.0
    __hash__ = None
class Any:
    def __eq__(self, other): return True
    def __getattr__(self, name): return self
double = lambda x: Any()
half = lambda x: Same(7)
"""
    result = run(same)
    assert result.total == 0
    assert "no plain data" in " ".join(result.notes)


READS = """
import glob, os
found = {key}
names = {{}}
exec("\\n".join(c["source"] for c in __import__("json").loads(found)["cells"]), names)
double, half = names["double"], names["half"]
"""


@pytest.mark.parametrize("use_walls", KINDS)
def test_one_that_reads_the_graders_files_is_held(
    use_walls: bool, tmp_path: Path
) -> None:
    key = tmp_path / "key.ipynb"
    cells = [{"cell_type": "code", "source": cell} for cell in RIGHT]
    key.write_text(json.dumps({"cells": cells}))
    reads = READS.format(key=f"open({str(key)!r}).read()")
    assert run(reads, use_walls=False).total == 3, "it would win if it got there"
    result = run(reads, hidden=(tmp_path,), use_walls=use_walls)
    assert result.total == 0
    assert result.held
    assert str(key) in " ".join(result.reports)


@pytest.mark.parametrize("use_walls", KINDS)
def test_one_that_looks_at_the_masters_is_held(use_walls: bool) -> None:
    master = ROOT / "book/assignments/A1.ipynb"
    looks = f"try:\n    open({str(master)!r})\nexcept OSError:\n    pass"
    result = run(looks, *RIGHT, use_walls=use_walls)
    assert result.held
    assert result.total == 0
    assert "A1.ipynb" in " ".join(result.reports)


def test_a_path_that_lies_about_itself_is_seen(tmp_path: Path) -> None:
    key = tmp_path / "key.txt"
    key.write_text("the key")
    lies = f"""
class Path(str):
    def startswith(self, *_): return False
    def split(self, *_): return []
    def encode(self, *_): return b"mine.txt"
    def __fspath__(self): return str(self)
found = open(Path({str(key)!r})).read()
"""
    result = run(lies, *RIGHT, hidden=(tmp_path,), use_walls=False)
    assert result.held
    assert result.total == 0


@pytest.mark.parametrize("use_walls", KINDS)
def test_one_that_writes_elsewhere_changes_nothing(
    use_walls: bool, tmp_path: Path
) -> None:
    table, helper = tmp_path / "grades.csv", ROOT / "helpers/written-by-a-learner.py"
    table.write_text("x,0\n")
    writes = [f"open({str(path)!r}, 'w').write('x,100')" for path in (table, helper)]
    result = run(*writes, hidden=(tmp_path,), use_walls=use_walls)
    assert table.read_text() == "x,0\n"
    assert not helper.exists()
    assert result.total == 0
    assert len(result.reports) >= 2


@pytest.mark.skipif(not walls(), reason="no namespaces here")
def test_walls_hold_where_the_guard_is_gone(tmp_path: Path) -> None:
    """Below Python nothing is watched: the operating system has to refuse it."""
    (tmp_path / "secret.txt").write_text("the key")
    below = f"""
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
def opened(path, flags):
    return libc.open(path.encode(), flags, 0o600) >= 0
secret = opened({str(tmp_path / "secret.txt")!r}, os.O_RDONLY)
master = opened({str(ROOT / "book/assignments/A1.ipynb")!r}, os.O_RDONLY)
helper = opened({str(ROOT / "README.md")!r}, os.O_WRONLY)
own = opened("mine.txt", os.O_CREAT | os.O_WRONLY)
parent = opened("/proc/{os.getpid()}/environ", os.O_RDONLY)
unmounted = libc.umount2({str(tmp_path)!r}.encode(), 2) == 0
lines = open("/proc/net/dev").readlines()[2:]
devices = [line.split(":")[0].strip() for line in lines]
"""
    with Sandbox(hidden=[tmp_path], use_walls=True) as sandbox:
        sandbox.start()
        assert sandbox.run([below], 60) == [None]

        def value(name: str) -> Any:
            text = encoding.encode({"do": "value", "name": name})
            return encoding.decode(sandbox.request(text, 60))["value"]

        assert value("own"), "its own folder is its own"
        for name in ("secret", "master", "helper", "parent", "unmounted"):
            assert not value(name), name
        assert set(value("devices")) <= {"lo"}, "no network"


@pytest.mark.parametrize("use_walls", KINDS)
def test_other_programs_and_the_network_are_refused(use_walls: bool) -> None:
    tries = [
        "import os; os.system('true')",
        "import socket; socket.create_connection(('127.0.0.1', 9), 1)",
    ]
    result = run(*tries, *RIGHT, use_walls=use_walls)
    assert result.total == 3, "reported, and not held for it"
    assert "program" in result.reports[0]
    assert "network" in result.reports[1]


def test_one_that_never_ends_is_stopped() -> None:
    result = run("while True: pass", *RIGHT, run_seconds=2)
    assert result.total == 0
    assert "over the time limit" in result.reports[0]


def test_a_function_that_never_ends_costs_its_question() -> None:
    never = "def double(x):\n    while True: pass"
    result = run(never, RIGHT[1], answer_seconds=2)
    assert result.points == {"q1": 0, "q2": 1}
    assert "q1: answered" in result.reports[0]


@pytest.mark.parametrize(
    "leave", ["import os; os._exit(0)", "import sys; sys.exit(0)", "exit()"]
)
def test_one_that_exits_at_once_wins_nothing(leave: str) -> None:
    result = run(leave, *RIGHT)
    assert result.total == 0
    assert "ended itself" in result.reports[0]


def test_one_that_writes_into_the_graders_line_wins_nothing() -> None:
    forges = """
import os, json
for fd in range(3, 64):
    for n in range(2, 9):
        value = json.dumps({"value": 0.0})
        line = json.dumps({"id": n, "reply": value}) + "\\n"
        try:
            os.write(fd, line.encode())
        except OSError:
            pass
"""
    result = run(forges, use_walls=False)
    assert result.total == 0


def test_one_that_takes_all_memory_ends_alone() -> None:
    eats = "held = []\nwhile True:\n    held.append(bytearray(1 << 29))"
    result = run(eats, memory=3 << 30)
    assert result.total == 0
    assert "MemoryError" in " ".join(result.notes) or result.reports


def test_nothing_of_the_graders_environment_gets_in() -> None:
    os.environ["GRADER_SECRET"] = "the key"
    try:
        with Sandbox() as sandbox:
            sandbox.start()
            sandbox.run(["import os\nseen = dict(os.environ)"], 60)
            reply = sandbox.request(
                encoding.encode({"do": "value", "name": "seen"}), 60
            )
    finally:
        del os.environ["GRADER_SECRET"]
    assert "GRADER_SECRET" not in encoding.decode(reply)["value"]


def test_nothing_of_a_submission_lives_on(tmp_path: Path) -> None:
    """Also not where it has left the grader's session, out of a signal's reach."""
    runs = f"import os, time; os.setsid()\nwhile True: time.sleep(0.01)  # {tmp_path}"
    with Sandbox() as sandbox:
        sandbox.start()
        with pytest.raises(Ended, match="over the time limit"):
            sandbox.run([runs], 2)
        top = str(sandbox.top)
        assert commands_with(top), "while it runs it is seen"
    assert not commands_with(top)


def commands_with(word: str) -> list[str]:
    """The command lines, of all processes, that name `word`."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found.append(path.read_bytes().decode("utf-8", "replace"))
    return [line for line in found if word in line]


def test_a_process_that_has_ended_is_told_of() -> None:
    with Sandbox() as sandbox:
        sandbox.start()
        sandbox.kill()
        with pytest.raises(Ended, match="ended itself"):
            sandbox.run(["1"], 60)


def write(path: Path, cells: list[str], **metadata: Any) -> None:
    notebook = nbformat.v4.new_notebook(metadata=metadata)
    notebook.cells = [nbformat.v4.new_code_cell(cell) for cell in cells]
    nbformat.write(notebook, path)


def test_whatever_is_handed_in_gets_a_line(tmp_path: Path) -> None:
    write(tmp_path / "A1_ana.ipynb", RIGHT)
    told = {"assignment": "A1", "learner": "ben"}
    write(tmp_path / "any.ipynb", RIGHT, course=told)
    with zipfile.ZipFile(tmp_path / "A1_carla.zip", "w") as box:
        box.write(tmp_path / "A1_ana.ipynb", "../../A1_carla.ipynb")
    write(tmp_path / "A1_dan.ipynb", RIGHT, course={"assignment": "A2"})
    (tmp_path / "A1_eve.ipynb").write_text("[]")
    (tmp_path / "A1_finn.zip").write_bytes(b"no zip")
    (tmp_path / "A1_gil.ipynb").symlink_to("/etc/passwd")
    found = {one.learner: one for one in read_submissions(tmp_path, "A1")}
    assert sorted(found) == ["ana", "ben", "carla", "dan", "eve", "finn", "gil"]
    good = {name for name, one in found.items() if not one.problem}
    assert good == {"ana", "ben", "carla"}
    assert found["carla"].cells == RIGHT
    assert "A2" in found["dan"].problem


def test_the_command_writes_a_table(tmp_path: Path) -> None:
    folder, out = tmp_path / "handed-in", tmp_path / "grades.csv"
    folder.mkdir()
    one = read_master(find_master("A1")).submission()
    cells = [cell.source for cell in one.cells if cell.cell_type == "code"]
    write(folder / "A1_ana.ipynb", cells)
    (folder / "A1_=1+1.ipynb").write_text("{}")
    given = ["A1", str(folder), "--out", str(out), "--seconds", "400", "--seed", "5"]
    assert grader.main(given) == 0
    rows = {row["learner"]: row for row in csv.DictReader(out.open())}
    ana = rows["ana"]
    assert ana["total"] == ana["possible"]
    assert ana["report"] == "ok"
    assert rows["'=1+1"]["total"] == "0", "no formula for a spreadsheet"
    assert "could not be read" in rows["'=1+1"]["report"]


def test_several_at_a_time_keep_their_order(tmp_path: Path) -> None:
    folder, out = tmp_path / "handed-in", tmp_path / "grades.csv"
    folder.mkdir()
    for name in "cab":
        (folder / f"A1_{name}.ipynb").write_text("no notebook")
    assert grader.main(["A1", str(folder), "--out", str(out), "--jobs", "2"]) == 0
    assert [row["learner"] for row in csv.DictReader(out.open())] == ["a", "b", "c"]


def test_an_unknown_assignment_is_named(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="A1"):
        grader.main(["A99", str(tmp_path)])


def test_every_file_has_a_row(tmp_path: Path) -> None:
    """As browsers, systems and mail programs name them; only hidden files have none."""
    text = json.dumps(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x")]))
    read = ["a.IPYNB", "b.ipynb.txt", "c.ipynb.json", "d (1).ipynb", "e.Ipynb.TXT"]
    for name in [*read, "f.py", "g", "h.ipynb.docx", "sub/i.ipynb"]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text if name != "f.py" else "x = 1", "utf-8")
    (tmp_path / "j.ipynb").write_text("\ufeff" + text, "utf-8")
    (tmp_path / "k.ipynb").write_text("[" * 100_000)
    (tmp_path / "l.docx").write_bytes(b"\xd0\xcf")
    (tmp_path / "m.ipynb").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "n.ipynb")
    (tmp_path / "o.ipynb").touch()
    (tmp_path / "grades.csv").write_text("of an earlier run")
    for hidden in (".DS_Store", "._a.ipynb", ".ipynb_checkpoints/a.ipynb", "Thumbs.db"):
        (tmp_path / hidden).parent.mkdir(exist_ok=True)
        (tmp_path / hidden).write_text(text)
    found = read_submissions(tmp_path, "A1", [tmp_path / "grades.csv"])
    good = [*read, "g", "h.ipynb.docx", "j.ipynb", "sub/i.ipynb"]
    assert [one.file for one in found if not one.problem] == sorted(good)
    bad = ["f.py", "k.ipynb", "l.docx", "m.ipynb", "n.ipynb", "o.ipynb"]
    assert [one.file for one in found if one.problem] == bad
    learners = {one.file: one.learner for one in found}
    assert learners["b.ipynb.txt"] == "b"
    assert learners["e.Ipynb.TXT"] == "e"


@pytest.mark.parametrize(
    "beside",
    ["__MACOSX/._A1.ipynb", ".ipynb_checkpoints/A1-checkpoint.ipynb", "._A1.ipynb",
     "__MACOSX\\._A1.ipynb", "A1/.ipynb_checkpoints/A1.ipynb", "A1/"],
)  # fmt: skip
@pytest.mark.parametrize("own", ["A1.ipynb", "A1/A1.IPYNB", "../A1.ipynb.txt"])
def test_what_a_system_puts_into_a_zip_does_not_count(
    own: str, beside: str, tmp_path: Path
) -> None:
    text = json.dumps(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x")]))
    with zipfile.ZipFile(tmp_path / "A1_ana.ZIP", "w") as box:
        box.writestr(beside, "\0\5")
        box.writestr(own, text)
    (one,) = read_submissions(tmp_path, "A1")
    assert (one.learner, one.cells, one.problem) == ("ana", ["x"], "")
    with zipfile.ZipFile(tmp_path / "A1_ana.ZIP", "a") as box:
        box.writestr("other.ipynb", text)
    (one,) = read_submissions(tmp_path, "A1")
    assert "2 notebooks in the zip" in one.problem


ODD = ["\ud800", "a\udcfcb", "a\0b", "🙂", "a\r\nb", '"a"', "\u2028", "=1+1\ud800"]


@pytest.mark.parametrize("odd", ODD, ids=ascii)
def test_odd_characters_never_end_the_table(odd: str, tmp_path: Path) -> None:
    """In a name, a report or a note; the others keep theirs, and all can be read."""
    told = [Submission("A1_a.ipynb", "ana"), Submission(odd, odd, problem=odd)]
    grades = [Grade(one, {"q1": 1.0, "q2": 0.0}, [odd], [odd]) for one in told]
    out = tmp_path / "grades.csv"
    grader.write_table(out, grader.rows(MASTER, grades, 1))
    with out.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert rows[0]["learner"] == "ana"
    kept = odd.encode("utf-8", "backslashreplace").decode()
    assert rows[1]["learner"].removeprefix("'") == kept
    assert rows[1]["notes"].removeprefix("'") == kept
    assert not rows[1]["file"].startswith("=")


def test_a_name_that_is_not_utf8_is_graded(tmp_path: Path, capsys: Any) -> None:
    """Through the command, with an error in the middle that holds half a character."""
    name = os.fsencode(tmp_path) + b"/A1_M\xfcller.ipynb"
    write(tmp_path / "A1_z.ipynb", ["raise ValueError('\\ud800')"])
    os.rename(tmp_path / "A1_z.ipynb", name)
    (tmp_path / "A1_b.py").write_text("x = 1")
    told = {"assignment": "A1", "learner": "\ud800"}
    (tmp_path / "A1_c.txt").write_text(
        json.dumps({"cells": [], "metadata": {"course": told}})
    )
    out = tmp_path / "grades.csv"
    assert grader.main(["A1", str(tmp_path), "--out", str(out), "--seed", "1"]) == 0
    with out.open(newline="", encoding="utf-8") as file:
        rows = {row["file"]: row for row in csv.DictReader(file)}
    assert set(rows) == {"A1_M\\udcfcller.ipynb", "A1_b.py", "A1_c.txt"}
    assert "ValueError" in rows["A1_M\\udcfcller.ipynb"]["notes"]
    assert rows["A1_c.txt"]["learner"] == "\\ud800"
    assert "could not be read" in rows["A1_b.py"]["report"]
