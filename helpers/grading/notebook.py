"""Read what was handed in, a notebook or a zip with one, in the learner's process."""

from __future__ import annotations

import io
import json
import re
import zipfile

LARGEST = 20 << 20  # bytes of one notebook, or of a zip
NOTEBOOK = re.compile(r"\.ipynb(\.(txt|json))?$", re.IGNORECASE)  # as browsers save it
SYSTEM = {
    "__MACOSX", "__pycache__", "Thumbs.db", "desktop.ini", ".DS_Store", ".git",
    ".ipynb_checkpoints",
}  # fmt: skip


def of_system(name: str) -> bool:
    """Whether a path is of what a system puts beside its files."""
    parts = re.split(r"[/\\]", name)
    return any(part in SYSTEM or part.startswith("._") for part in parts)


def read_notebook(data: bytes, assignment: str) -> tuple[str, list[str]]:
    """Whose it says it is ("" if it says nothing), and its code cells.

    Raises an Exception that says why, for whatever is no notebook of `assignment`.
    """
    notebook = json.loads(_unzipped(data))
    told = notebook.get("metadata", {}).get("course", {})
    if told.get("assignment", assignment) != assignment:
        raise ValueError(f"this is {told['assignment']}, not {assignment}")
    cells = [
        "".join(cell["source"])
        for cell in notebook["cells"]
        if cell["cell_type"] == "code"
    ]
    learner = told.get("learner")
    return str(learner)[:200] if isinstance(learner, str | int) else "", cells


def read_page(data: bytes, heading: str) -> str:
    """The Markdown below a heading of the second level, up to the next such heading."""
    found, inside = [], False
    for cell in json.loads(_unzipped(data))["cells"]:
        text = "".join(cell["source"])
        if cell["cell_type"] == "markdown" and text.startswith("## "):
            inside = text.startswith(heading)
        elif cell["cell_type"] == "markdown" and inside:
            found.append(text)
    return "\n\n".join(found)


def _unzipped(data: bytes) -> bytes:
    """The notebook itself, whatever the file's name; a zip begins with PK."""
    if data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as box:
            names = [one for one in box.infolist() if not _hidden(one.filename)]
            inside = [one for one in names if NOTEBOOK.search(one.filename)]
            if len(inside) != 1:
                raise ValueError(f"{len(inside)} notebooks in the zip instead of one")
            with box.open(inside[0]) as part:
                data = part.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise ValueError("larger than 20 MB")
    return data


def _hidden(name: str) -> bool:
    parts = {part for part in re.split(r"[/\\]", name) if part.strip(".")}
    return of_system(name) or any(part.startswith(".") for part in parts)
