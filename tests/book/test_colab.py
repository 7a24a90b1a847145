"""Every chapter runs as on Colab: an empty folder, and a package it must install."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError

from scripts.colab import run
from scripts.home import read_home, setup_cell
from tests.book.reading import CHAPTERS


@pytest.mark.run
@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_runs_from_an_empty_folder(
    chapter: Path, wheel: Path, cache: Path, tmp_path: Path
) -> None:
    empty, site = tmp_path / "content", tmp_path / "site"
    empty.mkdir()
    site.mkdir()
    notebook = run(
        chapter,
        wheel,
        empty,
        {
            "EMOTION_VECTORS_CACHE": str(cache),
            "PIP_NO_DEPS": "1",
            "PIP_TARGET": str(site),
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PYTHONPATH": str(site),
        },
    )
    assert (site / "helpers/models/load.py").exists(), (
        "the setup cell installed nothing"
    )
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in code)


def test_a_setup_that_fails_says_what_to_do(tmp_path: Path) -> None:
    """There is nothing to install at the address: pip says so, and the cell goes on."""
    chapter, empty = tmp_path / "chapter.ipynb", tmp_path / "content"
    empty.mkdir()
    cell = nbformat.v4.new_code_cell(setup_cell())
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), chapter)
    with pytest.raises(CellExecutionError) as raised:
        run(chapter, tmp_path / "none.zip", empty, {"PIP_NO_INDEX": "1"})
    said = str(raised.value)
    assert "Not set up: read what pip says above." in said.splitlines()[-1]
    assert f"https://{read_home().pages}/book/troubleshooting.html" in said
