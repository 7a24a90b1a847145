"""Versions, pins, package data and doors agree with each other."""

from __future__ import annotations

import json
import re
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from tests.book.reading import ROOT, text_files, texts

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def pins() -> dict[str, Version]:
    """Name and version of what constraints.txt pins."""
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    split = [line.split("==") for line in lines if line and line[0] != "#"]
    return {name.lower().replace("_", "-"): Version(pin) for name, pin in split}


def requirements() -> list[Requirement]:
    """All that pyproject.toml asks for, extras included."""
    extras = PROJECT["optional-dependencies"].values()
    texts = [*PROJECT["dependencies"], *(text for extra in extras for text in extra)]
    return [Requirement(text) for text in texts]


def test_constraints_satisfy_every_requirement() -> None:
    pinned = pins()
    for requirement in requirements():
        name = requirement.name.lower().replace("_", "-")
        if name in {"setuptools", "wheel"}:
            continue
        assert name in pinned, f"{name} is not in constraints.txt"
        assert pinned[name] in requirement.specifier
    assert pinned["torch"] == Version("2.13.0")


def test_base_dependencies_have_lower_bounds_only() -> None:
    for requirement in map(Requirement, PROJECT["dependencies"]):
        operators = {part.operator for part in requirement.specifier}
        allowed = {">=", "<"} if requirement.name == "nnsight" else {">="}
        assert operators <= allowed, f"{requirement}: Colab's own must do"
        assert ">=" in operators


def test_jupyter_book_stays_below_2() -> None:
    books = [r for r in requirements() if r.name == "jupyter-book"]
    assert books
    for requirement in books:
        assert "2.0.0" not in requirement.specifier
        assert "1.0.4" in requirement.specifier


def test_environment_is_in_step_with_pyproject() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))
    python, pip, by_pip = environment["dependencies"]
    version = Requirement(python.replace("=", "==")).specifier
    (exact,) = version
    assert Version(exact.version) in SpecifierSet(PROJECT["requires-python"])
    assert pip == "pip"
    assert by_pip["pip"] == ["-c constraints.txt", "-e .[book,real]"]
    assert {"book", "real"} <= set(PROJECT["optional-dependencies"])


def test_version_is_the_same_everywhere() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert str(citation["version"]) == PROJECT["version"]


def test_no_file_names_a_path_of_a_machine() -> None:
    pattern = re.compile(r"(?<![\w.:/-])/(?:home|Users|root|work)/[\w.]+")
    for path, text in texts():
        assert not pattern.search(text), f"{path.name}: {pattern.search(text)}"


def test_wheel_carries_the_data(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        inside = set(archive.namelist())
    tracked = {
        str(path.relative_to(ROOT))
        for path in text_files()
        if path.is_relative_to(ROOT / "helpers")
    }
    assert tracked, "no helpers"
    assert tracked <= inside
    outside = {name for name in inside if not name.startswith("helpers/")}
    assert all(".dist-info/" in name for name in outside)


def code_of(path: Path) -> str:
    """The code of a module, a page or a notebook."""
    text = path.read_text("utf-8")
    if path.suffix != ".ipynb":
        return text
    return "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"])


def test_a_room_is_entered_by_its_door() -> None:
    """Names come from a room, never from inside it."""
    inside = re.compile(r"^\s*from helpers\.(\w+)\.(?!lint import)[\w.]+ import", re.M)
    tops = ("helpers", "scripts", "book", "README.md")
    tested = [
        path
        for path in text_files()
        if path.suffix in (".py", ".ipynb", ".md")
        and path.relative_to(ROOT).parts[0] in tops
    ]
    assert len(tested) > 150
    for path in tested:
        own = path.relative_to(ROOT).parts[1:2]
        for room in inside.findall(code_of(path)):
            assert own == (room,), f"{path.relative_to(ROOT)} reaches into {room}"


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_files_that_are_linked_are_there(name: str) -> None:
    text = re.sub(r"`[^`\n]+`", "", (ROOT / name).read_text("utf-8"))
    links = re.findall(r"\]\((?!https?:|#|mailto:|\.\./\.\./)([^)\s#]+)", text)
    missing = [link for link in links if not (ROOT / link).exists()]
    assert missing == []


def test_pictures_of_the_readme_are_small_and_told_in_words() -> None:
    shown = re.findall(
        r"!\[([^\]]*)\]\((book/[^)]+)\)", (ROOT / "README.md").read_text()
    )
    assert len(shown) == 2
    for told, name in shown:
        assert len(told.split()) >= 20
        assert (ROOT / name).stat().st_size < 200_000
