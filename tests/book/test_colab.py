"""Every chapter runs as on Colab: an empty folder, and a package it must install."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.colab import run
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
    assert (site / "helpers/models.py").exists(), "the setup cell installed nothing"
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in code)
