"""The bank of questions: whole, fair, on its page, and readable by platforms."""

from __future__ import annotations

import re
import shutil
import zipfile
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from sphinx.application import Sphinx

from scripts.questions import (
    FOLDER,
    LETTERS,
    Question,
    banks,
    gift,
    marked_up,
    pack,
    read_questions,
)  # fmt: skip
from tests.book.reading import BOOK, CHAPTERS

ALL = [question for some in banks().values() for question in some]
NS = {"q": "http://www.imsglobal.org/xsd/ims_qtiasiv1p2",
      "c": "http://www.imsglobal.org/xsd/imscp_v1p1"}  # fmt: skip


def test_there_are_sixty_and_some_of_every_chapter() -> None:
    assert len(ALL) >= 60
    assert len({one.name for one in ALL}) == len({one.ask for one in ALL}) == len(ALL)
    each = Counter(one.chapter for one in ALL)
    assert set(each) == {path.stem for path in CHAPTERS}
    assert min(each.values()) >= 3


def test_nobody_can_tell_the_answer_without_reading() -> None:
    """Neither by its letter nor by its length."""
    letters = Counter(one.letter for one in ALL)
    assert set(letters) == set(LETTERS)
    assert max(letters.values()) < 0.4 * len(ALL)
    longest = sum(len(one.right) > max(map(len, one.wrong)) for one in ALL)
    assert longest < 0.4 * len(ALL)
    for one in ALL:
        assert len(one.why) > 80, one.name
        assert one.right.rstrip(".") not in one.ask


def test_the_page_has_them_all() -> None:
    text = (BOOK / "questions.md").read_text("utf-8")
    assert re.findall(r"^```\{questions\} (\S+)", text, re.M) == list(banks())


def test_a_question_that_is_not_whole_says_so(tmp_path: Path) -> None:
    whole = (FOLDER / "1_begin.toml").read_text("utf-8")
    path = tmp_path / "x.toml"
    path.write_text(whole.replace("why =", "because =", 1), "utf-8")
    with pytest.raises(ValueError, match=r"x.toml, pushes-need-company: .*because"):
        read_questions(path)
    path.write_text(whole.replace('"Another sentence under the same push", ', "", 1))
    with pytest.raises(ValueError, match="one right, three wrong"):
        read_questions(path)


def test_the_page_folds_each_answer(tmp_path: Path) -> None:
    """Built by Sphinx, with the extension alone."""
    shutil.copy(BOOK / "questions.md", tmp_path / "index.md")
    conf = 'extensions = ["myst_nb", "scripts.questions"]\nnb_execution_mode = "off"\n'
    (tmp_path / "conf.py").write_text(conf)
    app = Sphinx(tmp_path, tmp_path, tmp_path / "html", tmp_path / "trees", "html",
                 status=None, warning=None, freshenv=True)  # fmt: skip
    app.build()
    page = (tmp_path / "html/index.html").read_text("utf-8")
    parts = page.split("<details><summary>Answer</summary>")
    assert len(parts) == len(ALL) + 1
    for number, (before, after, one) in enumerate(
        zip(parts, parts[1:], ALL, strict=False), 1
    ):
        assert f"<strong>{number}.</strong>" in before
        assert f"<strong>{one.letter}.</strong>" in after.partition("</details>")[0]


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    box, text = pack(tmp_path_factory.mktemp("bank"))
    return box, text


def test_the_package_lists_what_it_holds(packed: tuple[Path, Path]) -> None:
    with zipfile.ZipFile(packed[0]) as box:
        root = ET.fromstring(box.read("imsmanifest.xml"))
        resources = root.findall("c:resources/c:resource", NS)
        assert {one.get("type") for one in resources} == {"imsqti_xmlv1p2"}
        files = {one.find("c:file", NS).get("href") for one in resources}  # type: ignore[union-attr]
        assert files == {one.get("href") for one in resources}
        assert {*files, "imsmanifest.xml"} == set(box.namelist())


def test_a_platform_reads_the_right_answer(packed: tuple[Path, Path]) -> None:
    """From the XML alone: what is asked, the four answers, which wins, and why."""
    with zipfile.ZipFile(packed[0]) as box:
        roots = [ET.fromstring(box.read(f"{name}.xml")) for name in banks()]
    items = [item for root in roots for item in root.iter(f"{{{NS['q']}}}item")]
    assert len(items) == len(ALL)
    for item, one in zip(items, ALL, strict=True):
        texts = [node.text for node in item.iter(f"{{{NS['q']}}}mattext")]
        assert texts == [*map(marked_up, [one.ask, *one.options(), one.why])]
        right = item.find(".//q:respcondition[@continue='No']", NS)
        assert right is not None
        letter = right.findtext("q:conditionvar/q:varequal", None, NS)
        label = item.find(f".//q:response_label[@ident='{letter}']//q:mattext", NS)
        assert label is not None
        assert label.text == marked_up(one.right)
        assert right.findtext("q:setvar", None, NS) == "100"
        idents = [lid.get("ident") for lid in item.findall(".//q:response_lid", NS)]
        asked = right.find("q:conditionvar/q:varequal", NS)
        assert asked is not None
        assert idents == [asked.get("respident")]
        link = item.find(".//q:displayfeedback", NS)
        after = item.find("q:itemfeedback", NS)
        assert link is not None
        assert after is not None
        assert link.get("linkrefid") == after.get("ident")


def test_moodle_s_file_reads_back(packed: tuple[Path, Path]) -> None:
    """Read by GIFT's own rules: a backslash keeps the next character from acting."""
    text = packed[1].read_text("utf-8")
    bare = re.sub(r"\\.", "", text)
    assert bare.count("{") == bare.count("}") == len(ALL)
    for block in bare.split("}\n")[:-1]:
        assert block.partition("{")[2].count("=") == 1, "one right answer"
        assert block.partition("{")[2].count("~") == 3
        assert block.count("####") == 1
    strange = Question("a", "c", "x {y} = 1?", "a=b", ("~", "#", ":"), "because")
    assert r"x \{y\} \= 1? {" in gift([strange])
    assert marked_up("*a* < `b*c`") == "<em>a</em> &lt; <code>b*c</code>"
