"""The bank of questions in book/questions: a page, and files for learning platforms.

A Sphinx extension: the directive `questions` shows those of one file, each with its
answer behind a fold. `pack` writes QTI 1.2 (Canvas, Blackboard, Brightspace) and GIFT
(Moodle) for `scripts.course`.
"""

from __future__ import annotations

import html
import random
import re
import tomllib
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList
from sphinx.application import Sphinx

FOLDER = Path(__file__).resolve().parent.parent / "book/questions"
LETTERS = "ABCD"
MARKS = re.compile(r"([`*])(.+?)\1")
QTI = "http://www.imsglobal.org/xsd/ims_qtiasiv1p2"
CP = "http://www.imsglobal.org/xsd/imscp_v1p1"


@dataclass(frozen=True)
class Question:
    """One question: an answer that is right, three that are not, and why."""

    name: str
    chapter: str
    ask: str
    right: str
    wrong: tuple[str, ...]
    why: str

    def options(self) -> list[str]:
        """All answers in an order that is always the same, and nobody chose."""
        every = [self.right, *self.wrong]
        return random.Random(self.name).sample(every, len(every))

    @property
    def letter(self) -> str:
        return LETTERS[self.options().index(self.right)]


def read_questions(path: Path) -> list[Question]:
    """The questions of a file; raises ValueError for one that is not whole."""
    found = []
    try:
        tables = tomllib.loads(path.read_text("utf-8"))["question"]
    except (KeyError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"{path.name}: {error}") from None
    for table in tables:
        one = {**table, "wrong": tuple(table.get("wrong", ()))}
        try:
            question = Question(**one)
        except TypeError as error:
            raise ValueError(f"{path.name}, {table.get('name')}: {error}") from None
        if len({question.right, *question.wrong}) != len(LETTERS):
            raise ValueError(f"{path.name}, {question.name}: one right, three wrong")
        found.append(question)
    return found


def banks() -> dict[str, list[Question]]:
    """The questions by file."""
    return {path.stem: read_questions(path) for path in sorted(FOLDER.glob("*.toml"))}


def markdown(questions: Sequence[Question], first: int) -> list[str]:
    """The lines of a page."""
    lines: list[str] = []
    for number, one in enumerate(questions, first):
        lines += ["", f"**{number}.** {one.ask} ([chapter]({one.chapter}))", ""]
        lines += [
            f"- **{letter}** {option}"
            for letter, option in zip(LETTERS, one.options(), strict=True)
        ]
        lines += ["", "<details><summary>Answer</summary>", ""]
        lines += [f"**{one.letter}.** {one.why}", "", "</details>"]
    return lines


class Questions(Directive):
    """The questions of the file that the argument names."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """The parsed lines."""
        first = 1
        for name, questions in banks().items():
            if name == self.arguments[0]:
                break
            first += len(questions)
        else:
            raise self.error(f"no questions {self.arguments[0]!r} in {FOLDER.name}")
        self.state.document.settings.record_dependencies.add(
            str(FOLDER / f"{name}.toml")
        )
        box = nodes.container(classes=["questions"])
        lines = StringList(markdown(questions, first), f"{name}.toml")
        self.state.nested_parse(lines, self.content_offset, box)
        return [box]


def marked_up(text: str) -> str:
    """A sentence's stars and backticks as HTML."""
    safe = html.escape(text, quote=False)
    tags = {"`": "code", "*": "em"}
    return MARKS.sub(lambda m: f"<{tags[m[1]]}>{m[2]}</{tags[m[1]]}>", safe)


def qti(title: str, questions: Sequence[Question]) -> bytes:
    """An assessment in QTI 1.2, as Canvas writes and reads it."""
    root = ET.Element("questestinterop", xmlns=QTI)
    test = ET.SubElement(root, "assessment", ident=title, title=title)
    section = ET.SubElement(test, "section", ident="root_section")
    for one in questions:
        add_item(section, one)
    return bytes(ET.tostring(root, "utf-8", xml_declaration=True))


def add_item(section: ET.Element, one: Question) -> None:
    """One question with a single right answer, and what is told after it."""
    item = ET.SubElement(section, "item", ident=one.name, title=one.name)
    fields = ET.SubElement(ET.SubElement(item, "itemmetadata"), "qtimetadata")
    for label, entry in (
        ("question_type", "multiple_choice_question"),
        ("points_possible", "1"),
    ):
        field = ET.SubElement(fields, "qtimetadatafield")
        ET.SubElement(field, "fieldlabel").text = label
        ET.SubElement(field, "fieldentry").text = entry
    shown = ET.SubElement(item, "presentation")
    say(shown, one.ask)
    asked = ET.SubElement(shown, "response_lid", ident="it", rcardinality="Single")
    choice = ET.SubElement(asked, "render_choice")
    for letter, option in zip(LETTERS, one.options(), strict=True):
        say(ET.SubElement(choice, "response_label", ident=letter), option)
    rules = ET.SubElement(item, "resprocessing")
    ET.SubElement(
        ET.SubElement(rules, "outcomes"), "decvar",
        maxvalue="100", minvalue="0", varname="SCORE", vartype="Decimal",
    )  # fmt: skip
    told = ET.SubElement(rules, "respcondition", {"continue": "Yes"})
    ET.SubElement(ET.SubElement(told, "conditionvar"), "other")
    ET.SubElement(
        told, "displayfeedback", feedbacktype="Response", linkrefid="general_fb"
    )
    won = ET.SubElement(rules, "respcondition", {"continue": "No"})
    right = ET.SubElement(won, "conditionvar")
    ET.SubElement(right, "varequal", respident="it").text = one.letter
    ET.SubElement(won, "setvar", action="Set", varname="SCORE").text = "100"
    after = ET.SubElement(item, "itemfeedback", ident="general_fb")
    say(ET.SubElement(after, "flow_mat"), one.why)


def say(parent: ET.Element, text: str) -> None:
    """A text as HTML within `material`."""
    material = ET.SubElement(parent, "material")
    ET.SubElement(material, "mattext", texttype="text/html").text = marked_up(text)


def manifest(names: Sequence[str]) -> bytes:
    """What an IMS content package holds."""
    root = ET.Element("manifest", xmlns=CP, identifier="emotion-vectors")
    about = ET.SubElement(root, "metadata")
    ET.SubElement(about, "schema").text = "IMS Content"
    ET.SubElement(about, "schemaversion").text = "1.1.3"
    ET.SubElement(root, "organizations")
    files = ET.SubElement(root, "resources")
    for name in names:
        one = {"identifier": name, "type": "imsqti_xmlv1p2", "href": f"{name}.xml"}
        file = ET.SubElement(files, "resource", one)
        ET.SubElement(file, "file", href=f"{name}.xml")
    return bytes(ET.tostring(root, "utf-8", xml_declaration=True))


def gift(questions: Sequence[Question]) -> str:
    """The same for Moodle, each chapter a category."""
    parts, chapter = [], ""
    for one in questions:
        if one.chapter != chapter:
            chapter = one.chapter
            parts.append(f"$CATEGORY: emotion-vectors/{chapter}\n")
        options = [
            f"\t{'=' if option == one.right else '~'}{escaped(option)}"
            for option in one.options()
        ]
        asked = f"::{one.name}::[html]{escaped(one.ask)} {{"
        parts.append("\n".join([asked, *options, f"\t####{escaped(one.why)}", "}\n"]))
    return "\n".join(parts)


def escaped(text: str) -> str:
    return re.sub(r"([~=#{}:\\])", r"\\\1", marked_up(text))


def pack(out: Path) -> list[Path]:
    """Write both files into a folder."""
    every = banks()
    box_path, text_path = out / "questions-qti.zip", out / "questions-moodle.gift"
    with zipfile.ZipFile(box_path, "w", zipfile.ZIP_DEFLATED) as box:
        box.writestr("imsmanifest.xml", manifest(list(every)))
        for name, questions in every.items():
            box.writestr(f"{name}.xml", qti(name, questions))
    text_path.write_text(gift([q for some in every.values() for q in some]), "utf-8")
    return [box_path, text_path]


def setup(app: Sphinx) -> dict[str, Any]:
    """What Sphinx asks of an extension."""
    app.add_directive("questions", Questions)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
