"""Make the file that a learner hands in: in Jupyter, VS Code, Colab or plain Python."""

from __future__ import annotations

import json
import os
import re
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

Notebook = dict[str, Any]


def hand_in(
    assignment: str, learner: str, *, notebook: str | Path | None = None
) -> Path | None:
    """Write `<assignment>_<learner>.zip` into the current folder and say so.

    The notebook comes from Colab, from the file that is open in Jupyter or VS Code, or,
    where neither can be asked, from the cells that have run. `notebook` names a file
    instead. Nothing is written, and a sentence says why, where `learner` is still the
    stub or the file on disk is older than what has run. Taught in the assignments.
    """
    if os.environ.get("EMOTION_VECTORS_GRADING"):
        return None
    name = re.sub(r"[^\w.-]+", "-", learner.strip()).strip("-.")
    if name in ("", "your-id"):
        print("Put your own id in place of your-id, and run this cell again.")
        return None
    found, where = read_notebook(None if notebook is None else Path(notebook))
    sources = cell_sources(found)
    if where == "disk" and not any("hand_in(" in s and learner in s for s in sources):
        print("The notebook on disk is older than what you see. Save it (Ctrl+S or")
        print("Command+S), then run this cell again.")
        return None
    found.setdefault("metadata", {})["course"] = {
        "assignment": assignment,
        "learner": name,
    }
    path = Path(f"{assignment}_{name}.zip").absolute()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as box:
        text = json.dumps(found, indent=1, ensure_ascii=False)
        box.writestr(f"{assignment}_{name}.ipynb", text)
    print(f"{path.name} holds {len(sources)} cells of code. Hand in this file: {path}")
    if "google.colab" in sys.modules:
        from google.colab import files

        files.download(str(path))
    return path


def read_notebook(path: Path | None) -> tuple[Notebook, str]:
    """The notebook, and where it was found: "given", "colab", "disk" or "cells".

    Raises FileNotFoundError where no code has run and no file is known.
    """
    if path is not None:
        return read_file(path), "given"
    if "google.colab" in sys.modules:
        from google.colab import _message

        reply = _message.blocking_request("get_ipynb", timeout_sec=30)
        if reply and "ipynb" in reply:
            return dict(reply["ipynb"]), "colab"
    names = shell_names()
    for told in (names.get("__vsc_ipynb_file__"), os.environ.get("JPY_SESSION_NAME")):
        if told and told.endswith(".ipynb") and Path(told).exists():
            return read_file(Path(told)), "disk"
    if ran := [cell for cell in names.get("In", []) if cell.strip()]:
        return from_cells(ran), "cells"
    script = getattr(sys.modules["__main__"], "__file__", None)
    if script and Path(script).exists():
        return read_file(Path(script)), "given"
    raise FileNotFoundError(
        'no notebook to hand in: name the file, hand_in(..., notebook="A1.ipynb")'
    )


def shell_names() -> dict[str, Any]:
    """The names of the running IPython, or none."""
    module = sys.modules.get("IPython")
    shell = module.get_ipython() if module else None
    return shell.user_ns if shell else {}


def read_file(path: Path) -> Notebook:
    """A notebook from disk; a script becomes one, with a cell for each `# %%`."""
    text = path.read_text("utf-8")
    if path.suffix == ".ipynb":
        return dict(json.loads(text))
    return from_cells(re.split(r"(?m)^# %%.*\n", text))


def from_cells(sources: Sequence[str]) -> Notebook:
    """A notebook of these code cells."""
    cells: list[dict[str, Any]] = [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": f"cell-{place}",
            "metadata": {},
            "outputs": [],
            "source": source,
        }
        for place, source in enumerate(s for s in sources if s.strip())
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def cell_sources(notebook: Notebook) -> list[str]:
    """The code of a notebook, cell by cell."""
    cells = notebook.get("cells", [])
    return ["".join(c["source"]) for c in cells if c.get("cell_type") == "code"]
