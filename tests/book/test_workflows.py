"""Workflows: pinned, with few rights, and the published branch is what they say."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.home import Home, package, read_home
from tests.book.reading import CHAPTERS, ROOT, cells, source, text_files
from tests.book.test_home import ELSEWHERE, foreign

FILES = sorted((ROOT / ".github").rglob("*.yml"))
each_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
PINNED = re.compile(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
MAY_WRITE = {("publish", "notebooks"), ("release", "release")}


def read(path: Path) -> dict[str, Any]:
    """A workflow or an action."""
    return yaml.safe_load(path.read_text("utf-8"))


def jobs() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Workflow, name and content of every job."""
    for path in (ROOT / ".github/workflows").glob("*.yml"):
        for name, job in read(path)["jobs"].items():
            yield path.stem, name, job


def steps(table: dict[str, Any]) -> list[dict[str, Any]]:
    """The steps of a workflow's jobs, or of an action."""
    parts = [table["runs"]] if "runs" in table else table["jobs"].values()
    return [step for part in parts for step in part["steps"]]


@each_file
def test_actions_are_pinned_by_commit(path: Path) -> None:
    used = re.findall(r"uses: *(.+)", path.read_text("utf-8"))
    assert len(used) == sum("uses" in step for step in steps(read(path)))
    for action in used:
        own = action.startswith("./") and (ROOT / action / "action.yml").exists()
        assert own or PINNED.fullmatch(action), action


def test_one_action_has_one_pin() -> None:
    text = "\n".join(path.read_text("utf-8") for path in FILES)
    pins = {tuple(use.split("@")) for use in re.findall(r"[\w-]+/[\w-]+@[^\n]+", text)}
    assert len(pins) == len({name for name, _ in pins})


@each_file
def test_no_shell_line_is_put_together_from_what_others_name(path: Path) -> None:
    for step in steps(read(path)):
        assert "${{" not in step.get("run", "")


def test_jobs_have_few_rights() -> None:
    for workflow, name, job in jobs():
        table = read(ROOT / f".github/workflows/{workflow}.yml")
        rights = table["permissions"] | job.get("permissions", {})
        assert table["permissions"]["contents"] == "read"
        writes = rights.get("contents") == "write"
        assert writes == ((workflow, name) in MAY_WRITE), (workflow, name)
        for step in job["steps"]:
            if "checkout" in step.get("uses", "") and not writes:
                assert step["with"]["persist-credentials"] is False


def test_what_takes_long_is_cached() -> None:
    action = read(ROOT / ".github/actions/setup/action.yml")
    kept = [step["with"] for step in steps(action) if "cache@" in step.get("uses", "")]
    keys = {each["path"]: each["key"] for each in kept}
    assert set(keys) == {".venv", "~/.cache/emotion-vectors/models"}
    for name in ("pyproject.toml", "constraints.txt", "python-version"):
        assert name in keys[".venv"]
    uses = [(w, s.get("uses", "")) for w, _, job in jobs() for s in job["steps"]]
    used = {workflow for workflow, name in uses if name == "./.github/actions/setup"}
    assert used == {"ci", "publish", "weekly"}


def test_a_release_is_tried_on_three_pythons() -> None:
    made = read(ROOT / ".github/workflows/release.yml")["jobs"]
    assert len(made["tried"]["strategy"]["matrix"]["python"]) == 3
    assert made["release"]["needs"] == "tried"
    assert made["tried"]["needs"] == "wheel"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A shallow clone of this tree, as a workflow has it; `origin` takes pushes."""
    tree, origin, clone = (tmp_path / name for name in ("tree", "origin", "clone"))
    for path in text_files():
        if path.suffix != ".safetensors":
            place = tree / path.relative_to(ROOT)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, place)
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    for command in (
        ["init", "-q", "-b", "main", tree],
        ["-C", tree, "add", "-A"],
        ["-C", tree, *who, "commit", "-q", "-m", "All"],
        ["clone", "-q", "--bare", tree, origin],
        ["clone", "-q", "--depth", "1", origin.as_uri(), clone],
    ):
        subprocess.run(["git", *map(str, command)], check=True)
    return clone


def git(folder: Path, *command: str) -> str:
    """What git says in a folder."""
    run = ["git", *command]
    done = subprocess.run(run, cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def go(checkout: Path, job: str, repository: str) -> int:
    """Run a job's shell lines of publish.yml; the status of the last that ran."""
    programs = checkout.parent / "bin"
    programs.mkdir(exist_ok=True)
    if not (programs / "python3").exists():
        (programs / "python3").symlink_to(sys.executable)
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    own = {**os.environ, "GITHUB_REPOSITORY": repository, "PATH": path}
    own["GITHUB_SHA"] = git(checkout, "rev-parse", "HEAD")
    status = 0
    for step in read(ROOT / ".github/workflows/publish.yml")["jobs"][job]["steps"]:
        if "run" in step and not status:
            shell = ["bash", "-eo", "pipefail", "-c", step["run"]]
            status = subprocess.run(shell, cwd=checkout, env=own).returncode
    return status


def test_notebooks_are_published_where_pages_send_colab(checkout: Path) -> None:
    main = git(checkout, "rev-parse", "HEAD")
    for _ in range(2):  # a second run writes the branch anew
        assert go(checkout, "notebooks", ELSEWHERE.slug) == 0
        git(checkout, "reset", "-q", "--hard", main)
    there = checkout.parent / "there"
    origin = (checkout.parent / "origin").as_uri()
    git(checkout.parent, "clone", "-q", "-b", "published", origin, str(there))
    assert git(there, "rev-list", "--count", "HEAD") == "1"
    assert git(there, "rev-parse", "origin/main") == main
    home = read_home(there)
    assert home == Home(ELSEWHERE.url, "published", main)
    assert home is not None
    assert not (there / ".github").exists()
    address = package(home).partition(" @ ")[2]
    for chapter in CHAPTERS:
        opening = source(cells(there / chapter.relative_to(ROOT), "code")[0])
        assert opening.count(address) == 1
    for path in there.rglob("*"):
        if path.suffix in (".ipynb", ".md", ".cff", ".toml"):
            assert not foreign(path.read_text("utf-8"), home), path


def test_pages_and_notebooks_get_the_same_home() -> None:
    made = read(ROOT / ".github/workflows/publish.yml")["jobs"]
    first = [step["run"] for step in made["pages"]["steps"] if "run" in step]
    second = [step["run"] for step in made["notebooks"]["steps"] if "run" in step]
    assert first == ["bash .ci/home", "make book"]
    assert second[0] == first[0]
    assert made["deploy"]["needs"] == "notebooks"
    assert made["notebooks"]["needs"] == "pages"


def test_a_strange_repository_publishes_nothing(checkout: Path) -> None:
    for name in ('a/b"; import os #', "a/b\nimport os", "a", "../b", ""):
        assert go(checkout, "notebooks", name) != 0
    assert git(checkout, "status", "--porcelain") == ""
    assert "published" not in git(checkout, "ls-remote", "origin")
