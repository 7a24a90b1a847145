"""Drawings are small, told in words, readable on a phone, in the theme's colors."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from scripts.drawings import ADDRESS, FOLDER, inline
from scripts.home import link, read_home
from tests.book.reading import BOOK, CHAPTERS, cells, source

SPACE = "{http://www.w3.org/2000/svg}"
PHONE = 328  # pixels that a phone of 360 leaves
SMALLEST = 12  # pixels of text there
each_drawing = pytest.mark.parametrize(
    "path", sorted(FOLDER.glob("*.svg")), ids=lambda path: path.stem
)
LINK = re.compile(r"!\[([^\]]*)\]\(([^)\s]+\.svg)\)")


def colors() -> dict[str, str]:
    """The variables of the theme that drawings use, with their colors in light."""
    css = (BOOK / "_static/book.css").read_text("utf-8")
    light = css.split('html[data-theme="light"] {')[1].split("}")[0]
    return {**dict(re.findall(r"(--book-[\w-]+): (#\w+);", light))}


@each_drawing
def test_drawing_is_small_and_told_in_words(path: Path) -> None:
    assert path.stat().st_size <= 6000
    top = ElementTree.parse(path).getroot()
    assert top.tag == f"{SPACE}svg"
    title, about = top.find(f"{SPACE}title"), top.find(f"{SPACE}desc")
    assert title is not None
    assert about is not None
    assert len(title.text or "") >= 10
    assert len((about.text or "").split()) >= 20
    shown = inline(path.stem)
    for ids in re.findall(r'aria-labelledby="([^"]+)"', shown):
        assert all(f'id="{each}"' in shown for each in ids.split())


@each_drawing
def test_drawing_has_the_colors_of_the_theme(path: Path) -> None:
    theme = colors() | {"--drawing-paper": "#ffffff"}
    allowed = {"none", "currentColor"}
    allowed |= {f"var({name}, {color})" for name, color in theme.items()}
    for element in ElementTree.parse(path).iter():
        for name in ("fill", "stroke", "color"):
            assert element.get(name, "none") in allowed
        assert "style" not in element.attrib


@each_drawing
def test_drawing_reads_on_a_phone(path: Path) -> None:
    top = ElementTree.parse(path).getroot()
    left, _, width, _ = map(float, top.attrib["viewBox"].split())
    assert left == 0
    scale = min(1, PHONE / width)
    sizes = [e.get("font-size") for e in top.iter() if e.get("font-size")]
    assert sizes, "no font-size at the top"
    assert min(map(float, sizes)) * scale >= SMALLEST


@each_drawing
def test_names_inside_are_its_own(path: Path) -> None:
    """Several drawings stand in one page: their ids must not meet."""
    ids = re.findall(r' id="([^"]+)"', path.read_text("utf-8"))
    assert all(each.startswith(f"{path.stem}-") for each in ids)


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_a_chapter_links_drawings_so_that_colab_finds_them(chapter: Path) -> None:
    home = read_home()
    for cell in cells(chapter, "markdown"):
        for alt, address in LINK.findall(source(cell)):
            found = ADDRESS.fullmatch(address)
            if found is None:
                continue
            assert address == link(found[1], home), "write the address of `link`"
            assert (FOLDER / f"{found[1]}.svg").exists()
            assert alt
