"""Make the course: `python -m scripts.course`; everything lands in _build/course.

From each master in book/assignments, by `otter assign`:
  students/A1.ipynb              without solutions and hidden tests, with a cell that
                                 makes the file to hand in; needs no otter
  keys/A1.ipynb                  the answer key
  gradescope/A1-autograder.zip   for Gradescope, or for `otter run`
and, as weeks.toml says, week-1.zip with the week's chapters and assignments, and
week-1-teacher.zip with its keys and autograders. Otter runs every solution against its
hidden tests on the way and stops where one fails (`--quick` leaves that out). To grade
on a machine of your own, `scripts.grade` is the safe way.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import io
import shutil
import sys
import tempfile
import time
import tomllib
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import nbformat
import yaml

from scripts import questions
from scripts.home import DRAWING, package, read_home, setup_cell
from scripts.masters import FOLDER, ROOT, Master, find_master, masters, read_master

OUT = ROOT / "_build/course"
HAND_IN = """## Hand in

Is your id above in place of `your-id`? Run the cell. It makes one file; hand that in.
Run everything once more from the top before you do (Runtime or Kernel: Restart and run
all), so that what you hand in works from the start.
"""
HAND_IN_CODE = """from helpers.checks import hand_in

hand_in("{name}", LEARNER);
"""
WEEK = """Week {number}: {title}

Read and run the chapters: {chapters}.
Then do: {assignments}.

{where}
Minutes are estimates. Put your id into LEARNER at the top of an assignment; its last
cell makes the file that you hand in.
"""
HOW = """
  python -m venv course
  course/bin/pip install jupyterlab "{package}"
  course/bin/jupyter lab

(On Windows: course\\Scripts\\pip and course\\Scripts\\jupyter.) On Linux without a GPU
install torch first, with the command that https://pytorch.org/get-started/locally
gives for CPU; pip would otherwise fetch some gigabytes for a GPU that is not there.
"""
WHERE = f"""On Colab: File, Upload notebook. On a laptop with Python 3.11 or newer:
{HOW}
The book: https://{{pages}}
"""
NOWHERE = f"""The notebooks need the book's package: clone its repository (your teacher
knows where it is), and in that folder, with Python 3.11 or newer:
{HOW.replace("{package}", ".[real]")}"""
HOMELESS = (
    "The book has no home here, so nothing of this installs the package on Colab or "
    "Gradescope: make rehome URL=https://github.com/OWNER/REPOSITORY, then this again."
)


def where() -> str:
    """What a week's README says of getting the package."""
    home = read_home()
    return home.fill(WHERE.replace("{package}", package(home))) if home else NOWHERE


def shown(chapter: Path) -> dict[str, Path]:
    """The drawings that a chapter shows from its own folder: name and file."""
    text = chapter.read_text("utf-8") if read_home() is None else ""
    names = [f"drawings/{name}.svg" for name in DRAWING.findall(text)]
    return {name: chapter.parent / name for name in names}


def prepared(master: Master) -> Any:
    """The master as otter gets it: this home's setup cell, and a cell to hand in."""
    notebook = copy.deepcopy(master.notebook)
    first, _, text = notebook.cells[0].source.partition("\n")
    config = yaml.safe_load(text)
    config.pop("name", None)  # otter would refuse a notebook that has lost its metadata
    if home := read_home():
        config["requirements"] = [package(home)]
    config["python_version"] = "3.11"
    notebook.cells[0].source = f"{first}\n{yaml.safe_dump(config)}"
    for cell in notebook.cells:
        if "setup" in cell.metadata.get("tags", []):
            cell.source = setup_cell()
    code = nbformat.v4.new_code_cell(HAND_IN_CODE.format(name=master.name))
    notebook.cells += [nbformat.v4.new_markdown_cell(HAND_IN), code]
    return notebook


@contextlib.contextmanager
def assigned(master: Master, *, run_tests: bool) -> Iterator[Path]:
    """The folder that `otter assign` makes; raises RuntimeError if a solution fails."""
    from otter.assign import main as assign

    with tempfile.TemporaryDirectory() as folder:
        source, result = Path(folder, f"{master.name}.ipynb"), Path(folder, "made")
        nbformat.write(prepared(master), source)
        said = io.StringIO()
        try:
            with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
                assign(str(source), str(result), no_run_tests=not run_tests)
        except Exception as error:
            raise RuntimeError(f"{master.name}: {error}\n{said.getvalue()}") from error
        yield result


def tidy(path: Path) -> Any:
    """A notebook of otter's without its marks, with fixed cell ids and no outputs."""
    notebook: Any = nbformat.read(path, as_version=4)
    notebook.metadata.pop("otter", None)
    for place, cell in enumerate(notebook.cells):
        tags = [t for t in cell.metadata.get("tags", []) if not t.startswith("otter")]
        cell.metadata = nbformat.from_dict({"tags": tags} if tags else {})
        cell["id"] = f"cell-{place}"
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    notebook.nbformat_minor = 5
    return notebook


def student_notebook(master: Master) -> Any:
    """The notebook that a learner gets."""
    with assigned(master, run_tests=False) as made:
        return tidy(made / "student" / f"{master.name}.ipynb")


def make(master: Master, out: Path, *, run_tests: bool) -> None:
    """Write the student's notebook, the key and the autograder of one assignment."""
    name = master.name
    for folder in ("students", "keys", "gradescope"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    with assigned(master, run_tests=run_tests) as made:
        student = tidy(made / "student" / f"{name}.ipynb")
        key = tidy(made / "autograder" / f"{name}.ipynb")
        (box,) = (made / "autograder").glob("*.zip")
        shutil.copy(box, out / "gradescope" / f"{name}-autograder.zip")
    nbformat.write(student, out / "students" / f"{name}.ipynb")
    nbformat.write(key, out / "keys" / f"{name}.ipynb")


def weeks(folder: Path = FOLDER) -> list[dict[str, Any]]:
    """The weeks of weeks.toml."""
    text = (folder / "weeks.toml").read_text("utf-8")
    return list(tomllib.loads(text)["week"])


def pack(week: dict[str, Any], out: Path) -> list[Path]:
    """Write a week's zips; an assignment that is not made yet is left out."""
    here = [a for a in week["assignments"] if (out / f"students/{a}.ipynb").exists()]
    about = WEEK.format(
        number=week["number"],
        title=week["title"],
        chapters=", ".join(week["chapters"]),
        assignments=", ".join(here) or "no assignment",
        where=where(),
    )
    chapters = {f"{c}.ipynb": ROOT / f"book/{c}.ipynb" for c in week["chapters"]}
    chapters |= {n: p for c in list(chapters.values()) for n, p in shown(c).items()}
    students = {f"{a}.ipynb": out / f"students/{a}.ipynb" for a in here}
    teacher = {f"{a}-key.ipynb": out / f"keys/{a}.ipynb" for a in here}
    teacher |= {
        f"{a}-autograder.zip": out / f"gradescope/{a}-autograder.zip" for a in here
    }
    made = []
    for name, files in (("", chapters | students), ("-teacher", teacher)):
        path = out / f"week-{week['number']}{name}.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as box:
            for inside, file in files.items():
                box.write(file, f"{path.stem}/{inside}")
            if not name:
                box.writestr(f"{path.stem}/README.txt", about)
        made.append(path)
    return made


def pack_lab(out: Path) -> Path:
    """Write the zip of the one-meeting lab: the notebook, the page, the script."""
    text = (ROOT / "book/lab.md").read_text("utf-8")
    path = out / "lab.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as box:
        box.write(ROOT / "book/quick_start.ipynb", "lab/quick_start.ipynb")
        for name, kind in (("page.md", "markdown"), ("concept.py", "python")):
            inside = text.partition(f"```{kind}\n")[2].partition("```")[0]
            box.writestr(f"lab/{name}", inside)
    return path


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line: see the top of this file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split(";")[0])
    parser.add_argument("names", nargs="*", help="assignments (all if none is named)")
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--quick", action="store_true", help="do not run solutions")
    given = parser.parse_args(arguments)
    try:
        wanted = [find_master(name) for name in given.names] or masters()
    except FileNotFoundError as error:
        sys.exit(str(error))
    chosen = [read_master(path) for path in wanted]
    for master in chosen:
        start = time.monotonic()
        print(f"{master.name} ...", end=" ", flush=True)
        try:
            make(master, given.out, run_tests=not given.quick)
        except RuntimeError as error:
            print("failed")
            sys.exit(str(error))
        points = sum(question.points for question in master.questions.values())
        print(f"{points:g} points ({time.monotonic() - start:.0f} s)")
    for week in weeks():
        pack(week, given.out)
    pack_lab(given.out)
    questions.pack(given.out)
    print(f"The course is in {given.out}: students, keys, gradescope, a zip per week,")
    print("the lab, and the bank of questions (questions-qti.zip, -moodle.gift).")
    if read_home() is None:
        print(HOMELESS)
    return 0


if __name__ == "__main__":
    sys.exit(main())
