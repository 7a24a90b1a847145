"""A small site with laboratory, atlas and a chapter, built by Sphinx as the book is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import yaml

from scripts.build import ROOT, configuration
from scripts.directions import Shown, shown
from scripts.laboratory import put
from scripts.vendor import ensure_vendor

CHAPTER = """# A chapter

Here an instrument stands.

<!-- laboratory: push a=calm strength=0.1 -->

## A heading

<!-- laboratory: pull -->
"""


def build(top: Path, models: list[Shown]) -> Path:
    """Build the pages below `top`; returns the folder to serve."""
    assert ensure_vendor(), "the scripts of the pages could not be had"
    book = top / "book"
    book.mkdir(parents=True)
    (book / "_static").symlink_to(ROOT / "book/_static")
    for name in ("laboratory.md", "atlas.md", "references.bib"):
        (book / name).write_text((ROOT / "book" / name).read_text("utf-8"))
    (book / "chapter.md").write_text(CHAPTER)
    pages = [{"file": "book/atlas"}, {"file": "book/chapter"}]
    toc = {"format": "jb-book", "root": "book/laboratory", "chapters": pages}
    (top / "_toc.yml").write_text(yaml.safe_dump(toc))
    table = configuration(top / "cache", vendored=True)
    table["execute"] = {"execute_notebooks": "off"}
    (top / "_config.yml").write_text(yaml.safe_dump(table))
    program = "from jupyter_book.cli.main import main; main()"
    command = [sys.executable, "-c", program, "build", str(top), "-q"]
    own = {**os.environ, "PYTHONPATH": str(ROOT)}  # the book's own extensions
    done = subprocess.run(command, cwd=top, env=own, capture_output=True, text=True)
    html = top / "_build/html"
    assert (html / "book/laboratory.html").exists(), done.stderr[-3000:]
    put(html / "_static", models)
    return html


if __name__ == "__main__":
    print(build(Path(sys.argv[1]), shown()))
