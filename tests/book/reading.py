"""Read chapters for the tests: notebooks, cells, tags, the table of contents."""

from __future__ import annotations

import ast
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from scripts.toc import chapters

ROOT = Path(__file__).resolve().parent.parent.parent
BOOK = ROOT / "book"
CHAPTERS = chapters()
HIDING = {"hide-input", "hide-cell", "remove-input", "remove-cell"}


def cells(chapter: Path, kind: str | None = None) -> list[dict[str, Any]]:
    """The cells of a notebook, all or those of one kind (`code`, `markdown`)."""
    found = json.loads(chapter.read_text("utf-8"))["cells"]
    return [cell for cell in found if kind in (None, cell["cell_type"])]


def source(cell: dict[str, Any]) -> str:
    """A cell's text."""
    return "".join(cell["source"])


def tags(cell: dict[str, Any]) -> set[str]:
    """A cell's tags."""
    return set(cell["metadata"].get("tags", []))


def parse(cell: dict[str, Any]) -> ast.Module:
    """A code cell's syntax tree; IPython's magics are left out."""
    lines = source(cell).splitlines()
    kept = [
        line[: len(line) - len(line.lstrip())] + "pass"
        if line.lstrip().startswith(("%", "!"))
        else line
        for line in lines
    ]
    return ast.parse("\n".join(kept))


def contents() -> list[str]:
    """The files that `_toc.yml` names, without suffix, the root first."""
    table = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    parts = [chapter["file"] for part in table["parts"] for chapter in part["chapters"]]
    return [table["root"], *parts]


def text_files(root: Path = ROOT) -> Iterator[Path]:
    """The files of a repository that git tracks or would track, folders sorted."""
    command = ["git", "ls-files", "-co", "--exclude-standard", "-z"]
    done = subprocess.run(command, cwd=root, capture_output=True, check=True)
    for name in sorted(set(os.fsdecode(done.stdout).split("\0")) - {""}):
        path = root / name
        if path.is_file() and not path.is_symlink():
            yield path


def texts(root: Path = ROOT) -> Iterator[tuple[Path, str]]:
    """Path and text of those that are text."""
    for path in text_files(root):
        try:
            yield path, path.read_bytes().decode("utf-8")
        except UnicodeDecodeError:
            continue
