"""The chapters, in order, as _toc.yml lists them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent


def chapters(root: Path = ROOT) -> list[Path]:
    """The notebooks of the table of contents: the pages that a reader runs."""
    table = yaml.safe_load((root / "_toc.yml").read_text("utf-8"))
    notebooks = (root / f"{name}.ipynb" for name in files(table))
    return [path for path in notebooks if path.exists()]


def files(part: Any) -> Iterator[str]:
    """Every `file` of a part of the table, in reading order."""
    if isinstance(part, list):
        for each in part:
            yield from files(each)
    elif isinstance(part, dict):
        if "file" in part:
            yield part["file"].removesuffix(".ipynb")
        for each in part.values():
            yield from files(each)
