"""What `make course` makes, and what a learner hands in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import nbformat
import pytest
from filelock import FileLock

from helpers import checks
from helpers.checks import hand_in
from helpers.checks.hand_in import from_cells
from scripts import course
from scripts.home import setup_cell
from scripts.masters import ROOT, find_master, masters, read_master

pytestmark = pytest.mark.course
NAMES = [path.stem for path in masters()]


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The course, made once for all workers; otter's own run of it is tested apart."""
    folder = tmp_path_factory.getbasetemp()
    shared = folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder
    out = shared / "course"
    with FileLock(shared / "course.lock"):
        if not (out / "week-1.zip").exists():
            assert course.main(["--quick", "--out", str(out)]) == 0
    return out


def code_of(path: Path) -> list[str]:
    notebook: Any = nbformat.read(path, as_version=4)
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


@pytest.mark.parametrize("name", NAMES)
def test_a_students_notebook_holds_no_answer(name: str, made: Path) -> None:
    path, master = made / f"students/{name}.ipynb", read_master(find_master(name))
    text, code = path.read_text("utf-8"), "\n".join(code_of(path))
    nbformat.validate(nbformat.read(path, as_version=4))
    for question in master.questions.values():
        for test in question.tests:
            assert test.name not in text
        for place in question.solution:
            cell = master.notebook.cells[place]
            lines = [line for line in cell.source.splitlines() if len(line) > 24]
            inside = cell.source.partition("# BEGIN SOLUTION")[2]
            hidden = [x for x in lines if x in inside.partition("# END SOLUTION")[0]]
            if cell.cell_type == "markdown":
                hidden = lines
            assert not [line for line in hidden if line in text]
    for word in ("otter", "grading", "SOLUTION", "BEGIN", "hidden: true"):
        assert word not in code
    assert "otter" not in text.replace("No otter needed", "")


@pytest.mark.parametrize("name", NAMES)
def test_a_students_notebook_opens_as_chapters_do(name: str, made: Path) -> None:
    path = made / f"students/{name}.ipynb"
    code = code_of(path)
    assert code[0] == setup_cell()
    assert f'hand_in("{name}", LEARNER)' in code[-1]
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            assert not cell.outputs
    called = [line for cell in code for line in cell.splitlines() if "checks." in line]
    graded = read_master(find_master(name)).graded()
    checked = [q for q in graded if "yours" not in str(q.tests)]  # own data have none
    assert len(called) >= len(checked)
    for line in called:
        check = line.strip().removeprefix("checks.").partition("(")[0]
        assert hasattr(checks, check), f"helpers.checks has no {check}"


@pytest.mark.parametrize("name", NAMES)
def test_otter_gives_the_key_full_marks(name: str, made: Path, tmp_path: Path) -> None:
    """Gradescope's zip, run by `otter run` on what a learner hands in."""
    key = nbformat.read(made / f"keys/{name}.ipynb", as_version=4)
    for cell in key.cells:
        cell.source = cell.source.replace('"your-id"', '"ana"')
    nbformat.write(key, tmp_path / f"{name}.ipynb")
    box = made / f"gradescope/{name}-autograder.zip"
    command = [sys.executable, "-m", "otter", "run", "-a", str(box), "-o", "."]
    command += [f"{name}.ipynb"]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=500,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    results = json.loads((tmp_path / "results.json").read_text("utf-8"))
    lost = [t for t in results["tests"] if t.get("score", 0) < t.get("max_score", 0)]
    assert not lost
    graded = read_master(find_master(name)).graded()
    assert sum(t.get("max_score", 0) for t in results["tests"]) == sum(
        question.points for question in graded
    )


def test_otter_stops_where_a_solution_fails(tmp_path: Path) -> None:
    """Of A1 the first question is enough."""
    master = read_master(masters()[0])
    first = master.graded()[0]
    cells = master.notebook.cells
    ends = [cell.source for cell in cells].index("# END QUESTION")
    del cells[ends + 1 :]
    broken = "def layer_rows(model, text, layers):\n    return 0"
    master.notebook.cells[first.solution[0]].source = broken
    with (
        pytest.raises(RuntimeError, match="A1"),
        course.assigned(master, run_tests=True),
    ):
        pass


def test_the_weeks_hold_every_chapter_once_and_every_assignment(made: Path) -> None:
    weeks = course.weeks()
    chapters = [c for week in weeks for c in week["chapters"]]
    assert len(set(chapters)) == len(chapters)
    for chapter in chapters:
        assert (ROOT / f"book/{chapter}.ipynb").exists(), chapter
    assert {a for week in weeks for a in week["assignments"]} >= set(NAMES)
    for week in weeks:
        number = week["number"]
        with zipfile.ZipFile(made / f"week-{number}.zip") as box:
            names = box.namelist()
            about = box.read(f"week-{number}/README.txt").decode()
        with zipfile.ZipFile(made / f"week-{number}-teacher.zip") as box:
            teacher = box.namelist()
        for assignment in set(week["assignments"]) & set(NAMES):
            assert f"week-{number}/{assignment}.ipynb" in names
            assert assignment in about
            assert f"week-{number}-teacher/{assignment}-key.ipynb" in teacher
        assert not any("key" in name or "autograder" in name for name in names)


def test_a_script_and_a_notebook_can_be_handed_in(
    tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    script = tmp_path / "work.py"
    script.write_text("# %%\nx = 1\n# %% [markdown]\n\n# %%\ny = 2\n")
    path = hand_in("A1", "Ana Lima", notebook=script)
    assert path == tmp_path / "A1_Ana-Lima.zip"
    with zipfile.ZipFile(path) as box:
        (inside,) = box.namelist()
        notebook = nbformat.reads(box.read(inside).decode(), as_version=4)
    nbformat.validate(notebook)
    assert [cell.source.strip() for cell in notebook.cells] == ["x = 1", "y = 2"]
    assert notebook.metadata["course"] == {"assignment": "A1", "learner": "Ana-Lima"}


def test_a_stub_of_an_id_is_not_handed_in(
    tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    for stub in ("your-id", "  ", "../.."):
        assert hand_in("A1", stub, notebook=tmp_path / "none.ipynb") is None
        assert "your own id" in capsys.readouterr().out
    assert not list(tmp_path.iterdir())


def test_a_notebook_that_was_not_saved_is_not_handed_in(
    tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    """Jupyter tells which file is open; the file may be older than the page."""
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "A1.ipynb"
    monkeypatch.setenv("JPY_SESSION_NAME", str(file))
    file.write_text(json.dumps(from_cells(["x = 1", 'hand_in("A1", "your-id")'])))
    assert hand_in("A1", "ana") is None
    assert "Save it" in capsys.readouterr().out
    cells = ["x = 1", 'LEARNER = "ana"\nhand_in("A1", LEARNER)']
    file.write_text(json.dumps(from_cells(cells)))
    path = hand_in("A1", "ana")
    assert path
    assert path.name == "A1_ana.zip"


def test_in_any_notebook_the_cells_that_ran_are_handed_in(tmp_path: Path) -> None:
    """In IPython that no page belongs to, as where a file cannot be asked for."""
    code = "x = 1\n\nfrom helpers.checks import hand_in; hand_in('A1', 'ben')\n"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "IPYTHONDIR": str(tmp_path)}
    environment.pop("JPY_SESSION_NAME", None)
    command = [sys.executable, "-m", "IPython", "--simple-prompt", "--no-banner"]
    subprocess.run(
        command, input=code, cwd=tmp_path, env=environment, text=True, check=True,
        capture_output=True,
    )  # fmt: skip
    with zipfile.ZipFile(tmp_path / "A1_ben.zip") as box:
        notebook = json.loads(box.read("A1_ben.ipynb"))
    assert notebook["cells"][0]["source"].strip() == "x = 1"
