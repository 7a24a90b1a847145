"""What the pages for teachers and learners promise is so."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.masters import masters, read_master
from scripts.sandbox import Limits
from scripts.walls import DISK, FILES, TASKS
from tests.book.reading import BOOK, CHAPTERS, ROOT, cells, contents, source

PAGES = (
    "teachers", "self_learners", "lab", "questions", "assistants",
    "assignments/project", "assignments/examples",
)  # fmt: skip
TEXT = {name: (BOOK / f"{name}.md").read_text("utf-8") for name in PAGES}
WORDS = {name: re.sub(r"\s+", " ", text) for name, text in TEXT.items()}
MINUTES = {
    path.stem: int(
        re.search(
            r"takes about (\d+) minutes",
            re.sub(r"\s+", " ", "\n".join(source(c) for c in cells(path)[:2])),
        )[1]  # type: ignore[index]
    )
    for path in CHAPTERS
}


def rows(text: str) -> list[list[str]]:
    """The rows of the tables in a page: their cells."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


@pytest.mark.parametrize("name", PAGES)
def test_is_in_the_book_and_linked(name: str) -> None:
    assert f"book/{name}" in contents()


def test_the_front_pages_lead_there() -> None:
    intro = (BOOK / "intro.md").read_text("utf-8")
    assert "](teachers)" in intro
    assert "](self_learners)" in intro
    readme = (ROOT / "README.md").read_text("utf-8")
    assert "For teachers" in readme
    assert "Learning by yourself" in readme


def test_minutes_are_those_of_the_chapters() -> None:
    intro = rows((BOOK / "intro.md").read_text("utf-8"))
    told = {}
    for row in intro:
        if found := re.search(r"\]\((\d\d\w+|quick_start|your_model)\)", row[0]):
            told[found[1]] = int(row[-1])
    assert told == {name: MINUTES[name] for name in told}
    assert set(told) == set(MINUTES)


def test_the_weeks_are_those_of_the_zips() -> None:
    weeks = tomllib.loads((BOOK / "assignments/weeks.toml").read_text("utf-8"))["week"]
    plan = {row[0]: row for row in rows(TEXT["teachers"]) if re.match(r"\d$", row[0])}
    plan = {n: row for n, row in plan.items() if "](" in row[1]}
    assert len(plan) == len(weeks) == 4
    for week in weeks:
        _, read, minutes, _, hand_in, _ = plan[str(week["number"])]
        assert re.findall(r"\]\((\w+)\)", read) == week["chapters"]
        assert [hand_in] == week["assignments"]
        must = [MINUTES[chapter] for chapter in week["chapters"]]
        if "one of" in read:
            must = [must[0], max(must[1:])]
        assert int(minutes) == sum(must)


def test_points_are_those_of_the_masters() -> None:
    told = {
        row[0]: (int(row[3]), int(row[4]))
        for row in rows(TEXT["teachers"])
        if re.fullmatch(r"A\d", row[0])
    }
    real = {}
    for path in masters():
        questions = read_master(path).questions.values()
        hand = sum(q.points for q in questions if q.manual)
        real[path.stem] = (sum(q.points for q in questions), hand)
    assert told == real


def test_functions_are_a_third_at_most() -> None:
    """What a helper or an assistant writes: all but one's own data and what is read."""
    for path in masters():
        questions = read_master(path).questions.values()
        free = [q for q in questions if not q.manual and "yours" not in str(q.tests)]
        assert len(questions) - len(free) >= 2
        assert 3 * sum(q.points for q in free) <= sum(q.points for q in questions)


def test_examples_of_reports_add_up() -> None:
    """Each has the headings of the report, and its marks are those of its reasons."""
    (a4,) = (path for path in masters() if path.stem == "A4")
    template = "\n".join(c.source for c in read_master(a4).notebook.cells)
    headings = re.findall(r"^### (.+)$", template, re.MULTILINE)
    examples = re.split(r"^## ", TEXT["assignments/examples"], flags=re.MULTILINE)[1:]
    totals = []
    for example in examples:
        assert re.findall(r"^> \*\*(.+?)\.\*\*", example, re.M) == headings
        total = int(re.findall(r"Marks: (\d+) of 12", example)[0])
        each = [int(n) for n in re.findall(r"^- \*.+?\*: (\d)\.", example, re.M)]
        assert sum(each) == total or (not each and total == 12)
        totals.append(total)
    assert min(totals) <= 3
    assert max(totals) == 12


def test_rubrics_add_up() -> None:
    project = [row for row in rows(TEXT["assignments/project"]) if row[1].isdigit()]
    total = 3 * sum(int(row[1]) for row in project)
    assert f"{total} points in all" in WORDS["assignments/project"]
    (a4,) = (path for path in masters() if path.stem == "A4")
    report = read_master(a4).questions["q7"]
    template = "\n".join(c.source for c in read_master(a4).notebook.cells)
    headings = re.findall(r"^### (.+)$", template, re.MULTILINE)
    assert 2 * len(headings) == report.points
    table = {row[0] for row in rows(TEXT["teachers"].split("(a4-rubric)=")[1])}
    assert set(headings) <= table


def targets() -> set[str]:
    text = (ROOT / "Makefile").read_text("utf-8")
    return set(re.findall(r"^([a-z-]+):", text, re.MULTILINE))


@pytest.mark.parametrize("name", PAGES)
def test_commands_exist(name: str) -> None:
    for target in re.findall(r"\bmake ([a-z][a-z-]+)", WORDS[name]):
        if f"`make {target}" in WORDS[name] or f"\nmake {target}" in TEXT[name]:
            assert target in targets(), f"make {target}"
    for module in re.findall(r"python -m (scripts\.\w+)", TEXT[name]):
        assert (ROOT / f"{module.replace('.', '/')}.py").exists(), module
    for path in re.findall(r"`((?:book|tests|helpers)/[\w/.*]+)`", TEXT[name]):
        assert list(ROOT.glob(path)), f"there is no {path}"


def test_options_of_grading_exist() -> None:
    source_text = (ROOT / "scripts/grade.py").read_text("utf-8")
    options = set(
        re.findall(r"--(?:jobs|seed|out|seconds|unwalled)\b", TEXT["teachers"])
    )
    assert len(options) == 5
    for option in options:
        assert f'"{option}"' in source_text
    booking = (ROOT / "scripts/gradebook.py").read_text("utf-8")
    told = re.findall(
        r"--(?:roster|due|late-days|files|points|locks)\b", TEXT["teachers"]
    )
    assert set(told) == set(re.findall(r'add_argument\("(--[a-z-]+)"', booking))
    limits = Limits(seed=0)
    assert f"{limits.run_seconds} seconds for the notebook" in WORDS["teachers"]
    assert f"{limits.answer_seconds} for an answer" in WORDS["teachers"]
    assert f"{limits.question_seconds} for a question" in WORDS["teachers"]
    assert f"{limits.whole_seconds} for everything" in WORDS["teachers"]
    assert f"{limits.memory >> 30} GB together, {TASKS} threads" in WORDS["teachers"]
    assert f"{DISK >> 20} MB, {FILES:,} files, 256 open" in WORDS["teachers"]
    gradescope = WORDS["teachers"].partition("### On Gradescope")[2].strip()
    assert gradescope.startswith("**Points on Gradescope are unprotected.**")


def test_keys_are_on_no_page() -> None:
    config: dict[str, Any] = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    assert config["only_build_toc_files"] is True
    listed = {ROOT / name for name in contents()}
    assert not [path for path in masters() if path.with_suffix("") in listed]
    built = ROOT / "_build/html"
    keys = [p for p in built.rglob("A[1-9]*") if "assignments" in p.parts]
    assert not keys, "an answer key is in the built book"


def test_project_ideas_say_all_that_is_needed() -> None:
    ideas = re.split(r"^### \d+\. ", TEXT["assignments/project"], flags=re.MULTILINE)
    ideas = [idea.split("\n## ")[0] for idea in ideas[1:]]
    assert len(ideas) >= 6
    parts = ("Question", "Begin with", "Data", "Compute", "The control that must lose")
    for idea in ideas:
        for part in (*parts, "Nothing was found"):
            assert f"**{part}" in idea, (idea.splitlines()[0], part)


def test_links_lead_to_files() -> None:
    for name, text in TEXT.items():
        here = (BOOK / f"{name}.md").parent
        for target in re.findall(r"\]\(([\w./-]+)\)", text):
            pages = [here / f"{target}{end}" for end in (".md", ".ipynb")]
            label = any(f"({target})=" in page for page in TEXT.values())
            assert label or any(Path(page).exists() for page in pages), target
