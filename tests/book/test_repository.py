"""Versions, pins, package data and the home agree with each other."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tomllib
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from scripts.home import Home, find, read_home, rehome, setup_cell, text_files
from tests.book.reading import CHAPTERS, ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
# In two pieces, so that this file does not name the new home itself.
ELSEWHERE = Home("https://github.com/a-school" + "/its.Book", "trunk", "v9.9.9")


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
    release = read_home().release
    assert release in {f"v{PROJECT['version']}", read_home().branch}


def test_files_name_the_home() -> None:
    home = read_home()
    config = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    assert config["repository"]["url"] == home.url
    assert config["repository"]["branch"] == home.branch
    assert PROJECT["urls"] == {
        "Repository": home.url,
        "Book": f"https://{home.pages}",
    }
    assert f"{home.url}/archive/{home.release}.zip" in setup_cell()
    readme = (ROOT / "README.md").read_text("utf-8")
    assert f"github/{home.slug}/blob/{home.branch}/" in readme
    assert home.pages in readme


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of every text file, in a repository of its own."""
    target = tmp_path / "copy"
    for path in text_files(ROOT):
        if path.suffix != ".safetensors":
            place = target / path.relative_to(ROOT)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)
    subprocess.run(["git", "init", "-q"], cwd=target, check=True)
    return target


def contents_of(root: Path) -> dict[str, bytes]:
    """Name and bytes of every file."""
    return {str(p.relative_to(root)): p.read_bytes() for p in text_files(root)}


def test_rehoming_leaves_no_trace_and_can_be_undone(copy: Path) -> None:
    old, before = read_home(copy), contents_of(copy)
    changed = {str(path.relative_to(copy)) for path in rehome(ELSEWHERE, copy)}
    notebooks = {str(path.relative_to(ROOT)) for path in CHAPTERS}
    must = {"_config.yml", "README.md", "CITATION.cff", "book/_home.toml"}
    assert changed >= must | notebooks
    assert read_home(copy) == ELSEWHERE
    traces = [old.slug.lower(), old.pages.lower()]
    for name, content in contents_of(copy).items():
        text = content.decode("utf-8", "ignore").lower()
        assert not any(trace in text for trace in traces), f"{name} has the old home"
    config = yaml.safe_load((copy / "_config.yml").read_text("utf-8"))
    assert config["repository"]["branch"] == "trunk"
    for chapter in notebooks:
        first = next(
            cell
            for cell in json.loads((copy / chapter).read_text("utf-8"))["cells"]
            if cell["cell_type"] == "code"
        )
        assert "".join(first["source"]) == setup_cell(copy, Path(chapter).stem)
    rehome(old, copy)
    assert contents_of(copy) == before


def test_rehoming_refuses_what_it_could_not_undo(copy: Path) -> None:
    (copy / "note.md").write_text(f"See {ELSEWHERE.url}.", "utf-8")
    before = contents_of(copy)
    with pytest.raises(ValueError, match=r"already stands in note\.md"):
        rehome(ELSEWHERE, copy)
    with pytest.raises(ValueError, match="give https://github"):
        rehome(replace(ELSEWHERE, url="https://example.org/book"), copy)
    assert contents_of(copy) == before


@pytest.mark.parametrize("name", ["{owner}.github.io", "book2", "its.book"])
def test_a_book_moves_to_another_place_of_its_owner(copy: Path, name: str) -> None:
    """And back: the owner's own site is how the pages of all others begin."""
    old, before = read_home(copy), contents_of(copy)
    owner = old.slug.split("/")[0]
    new = replace(old, url=f"https://github.com/{owner}/{name.format(owner=owner)}")
    assert rehome(new, copy)
    assert read_home(copy) == new
    rehome(old, copy)
    assert contents_of(copy) == before


def test_the_owners_site_must_not_be_named_elsewhere(copy: Path) -> None:
    owner = read_home(copy).slug.split("/")[0]
    (copy / "note.md").write_text(f"See {owner}.github.io for more.", "utf-8")
    new = replace(read_home(copy), url=f"https://github.com/{owner}/{owner}.github.io")
    with pytest.raises(ValueError, match=r"already stands in note\.md"):
        rehome(new, copy)


@pytest.mark.parametrize("kind", ["branch", "release"])
@pytest.mark.parametrize(
    "name", ['we"ird', "a b", "a\\b", "a\nb", "-x", "a..b", "a//b", "x.lock", "/a", "ä"]
)
def test_a_name_that_files_cannot_hold_is_refused(
    copy: Path, kind: str, name: str
) -> None:
    before = contents_of(copy)
    with pytest.raises(ValueError, match=f"is no {kind}"):
        rehome(replace(read_home(copy), **{kind: name}), copy)
    assert contents_of(copy) == before


@pytest.mark.parametrize("name", ["main", "feature/new-look", "v1.0.0", "gh_pages+1"])
def test_names_that_git_has_are_taken(copy: Path, name: str) -> None:
    old, before = read_home(copy), contents_of(copy)
    rehome(replace(ELSEWHERE, branch=name), copy)
    assert read_home(copy).branch == name
    rehome(old, copy)
    assert contents_of(copy) == before


def test_without_git_there_is_a_sentence(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents_of(copy)
    shutil.move(copy / ".git", copy.parent / "git")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(copy.parent))
    with pytest.raises(ValueError, match=r"not a git repository[\s\S]*git init"):
        rehome(ELSEWHERE, copy)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ValueError, match="git is needed"):
        rehome(ELSEWHERE, copy)
    monkeypatch.undo()
    shutil.move(copy.parent / "git", copy / ".git")
    assert contents_of(copy) == before


def test_a_user_site_is_a_home_too() -> None:
    home = Home("https://github.com/Ada/ada.github.io", "main", "v1")
    assert home.pages == "ada.github.io"


def test_no_file_names_a_path_of_a_machine() -> None:
    pattern = re.compile(r"(?<![\w.:/-])/(?:home|Users|root|work)/[\w.]+")
    for path, text in find(ROOT, ["home", "Users", "root", "work"]).items():
        assert not pattern.search(text), f"{path.name}: {pattern.search(text)}"


def test_wheel_carries_the_data(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        inside = set(archive.namelist())
    tracked = {
        str(path.relative_to(ROOT))
        for path in text_files(ROOT)
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
        for path in text_files(ROOT)
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
    text = (ROOT / name).read_text("utf-8")
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)\s#]+)", text)
    missing = [link for link in links if not (ROOT / link).exists()]
    assert missing == []
