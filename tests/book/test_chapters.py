"""Every chapter keeps to the rules that readers rely on."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from scripts.home import setup_cell
from tests.book.reading import (
    BOOK,
    CHAPTERS,
    HIDING,
    ROOT,
    cells,
    contents,
    parse,
    source,
    tags,
)

each_chapter = pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
EXERCISE = re.compile(r"^(?:`{3,}|:{3,})\{exercise\}", re.MULTILINE)
FOLD = re.compile(r":class:.*\bdropdown\b|\{dropdown\}|<details")


def test_contents_and_files_agree() -> None:
    files = {str(BOOK.relative_to(ROOT) / path.stem) for path in CHAPTERS}
    found = [*BOOK.glob("*.md"), *BOOK.glob("assignments/*.md")]
    pages = {str(path.relative_to(ROOT).with_suffix("")) for path in found}
    listed = contents()
    assert len(listed) == len(set(listed)), "a file is listed twice in _toc.yml"
    assert set(listed) == files | pages
    numbered = [path.stem for path in CHAPTERS if path.name[0].isdigit()]
    assert numbered == sorted(numbered)
    numbers = {int(name[:2]) for name in numbered}
    assert numbers == set(range(len(numbers)))


@each_chapter
def test_no_outputs_are_stored(chapter: Path) -> None:
    stored = [
        source(cell)
        for cell in cells(chapter, "code")
        if cell["outputs"] or cell["execution_count"] is not None
    ]
    assert not stored


@each_chapter
def test_kernel_is_plain_python(chapter: Path) -> None:
    notebook = json.loads(chapter.read_text("utf-8"))
    assert notebook["nbformat"] == 4
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"


@each_chapter
def test_setup_cell_is_the_same_everywhere(chapter: Path) -> None:
    code = cells(chapter, "code")
    assert source(code[0]) == setup_cell(chapter=chapter.stem), "run `make setup-cells`"
    assert "setup" in tags(code[0])
    assert sum("setup" in tags(cell) for cell in code) == 1


def test_setup_cell_is_short_and_leaves_numpy_alone() -> None:
    lines = setup_cell().splitlines()
    assert 3 <= len([line for line in lines if line.strip()]) <= 12
    assert "troubleshooting" in setup_cell()
    assert "numpy" not in setup_cell()
    assert "--upgrade" not in setup_cell()


@each_chapter
def test_code_cells_are_short_and_narrow(chapter: Path) -> None:
    for cell in cells(chapter, "code"):
        lines = source(cell).splitlines()
        most = 30 if tags(cell) & HIDING else 20
        assert len(lines) <= most, f"{len(lines)} lines, {most} at most:\n{lines[0]}"
        # A fork's address may be longer than ours.
        own = [line for line in lines if not line.lstrip().startswith("%pip")]
        wide = [line for line in own if len(line) > 79]
        assert not wide, f"wider than 79 columns: {wide}"


@each_chapter
def test_code_cells_parse_and_none_is_empty(chapter: Path) -> None:
    for cell in cells(chapter, "code"):
        assert source(cell).strip(), "an empty cell"
        parse(cell)


@each_chapter
def test_opening_says_what_and_how_long(chapter: Path) -> None:
    opening = []
    for cell in cells(chapter):
        if cell["cell_type"] == "code":
            break
        opening.append(source(cell))
    text = "\n".join(opening)
    assert re.match(r"# \S", text), "a chapter opens with its title"
    assert re.search(r"\bable to\b", text), "no objectives before the setup cell"
    assert len(re.findall(r"^\s*[-*] ", text, re.MULTILINE)) >= 2
    assert re.search(r"\b\d+ minutes\b", text), "no minutes before the setup cell"


@each_chapter
def test_ends_with_summary_questions_and_doubt(chapter: Path) -> None:
    text = "\n".join(source(cell) for cell in cells(chapter, "markdown"))
    headings = re.findall(r"^#{2,3} +(.+?)\s*$", text, re.MULTILINE)
    assert "What would change our mind" in headings[-1]
    assert any(heading.startswith("Summary") for heading in headings)
    place = next(i for i, h in enumerate(headings) if re.search(r"[Qq]uestions", h))
    questions = re.split(r"\n## |\n`{3,}|<details", text.split(headings[place])[-1])[0]
    assert len(re.findall(r"^\s*\d+\. ", questions, re.MULTILINE)) == 3


@each_chapter
def test_exercises_have_a_check_and_a_folded_solution(chapter: Path) -> None:
    every = cells(chapter)
    starts = [
        place
        for place, cell in enumerate(every)
        if cell["cell_type"] == "markdown" and EXERCISE.search(source(cell))
    ]
    assert len(starts) >= 2, "two exercises at least, each in a cell of its own"
    for start, end in zip(starts, [*starts[1:], len(every)], strict=True):
        title = source(every[start]).splitlines()[0]
        span = every[start:end]
        code = [cell for cell in span if cell["cell_type"] == "code"]
        assert any("checks." in source(cell) for cell in code), f"no check: {title}"
        folded = any(
            FOLD.search(source(cell))
            if cell["cell_type"] == "markdown"
            else tags(cell) & {"hide-input", "hide-cell"}
            for cell in span
        )
        assert folded, f"no solution behind a fold: {title}"


@each_chapter
def test_asks_for_a_prediction(chapter: Path) -> None:
    text = "\n".join(source(cell) for cell in cells(chapter, "markdown"))
    assert re.search(r"\b[Pp]redict|\b[Gg]uess|before you run", text)


@each_chapter
def test_pictures_have_alternative_text(chapter: Path) -> None:
    for cell in cells(chapter, "markdown"):
        assert not re.search(r"!\[\s*\]\(", source(cell)), "a picture without alt text"


@each_chapter
def test_no_bare_interact(chapter: Path) -> None:
    for cell in cells(chapter, "code"):
        assert not re.search(r"\binteract(ive)?(_manual)?\(", source(cell)), (
            "on a page its slider moves and nothing happens: use helpers.show.widgets"
        )
