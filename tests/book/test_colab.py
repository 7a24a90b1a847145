"""Chapters run from an empty folder, and a package that they must install."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError

from helpers.cache import digest_bytes
from helpers.datasets import load_written_stories
from helpers.models import load_model, smollm2
from helpers.vectors import extract
from scripts.colab import HOME, run, run_installed
from tests.book.reading import CHAPTERS, ROOT
from tests.conftest import Executed


def begin(chapter: Path, *code: str) -> None:
    """Write a notebook that opens with a setup cell."""
    cells = [nbformat.v4.new_code_cell(text) for text in ("", *code)]
    cells[0].metadata["tags"] = ["setup"]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), chapter)


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_runs_from_an_empty_folder(chapter: Path, executed: Executed) -> None:
    """The page's own run was one: see `built_book`."""
    about, notebook = executed(chapter)
    assert about["installed"]
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in code)


@pytest.mark.run
def test_runs_on_colab(wheel: Path, cache: Path, tmp_path: Path) -> None:
    """There panels are shown alive; all chapters run so every week."""
    own = {"EMOTION_VECTORS_CACHE": str(cache)}
    notebook = run_installed(CHAPTERS[0], wheel, tmp_path, **own)
    shown = [out for cell in notebook.cells for out in cell.get("outputs", [])]
    live = "application/vnd.jupyter.widget-view+json"
    assert any(live in out.get("data", {}) for out in shown)


OTHERS = """
import importlib.metadata, sys, torch, transformers
import helpers
from helpers.activations import residual_norm
from helpers.cache import digest_bytes
from helpers.datasets import load_neutral, load_written_stories
from helpers.vectors import extract

assert not helpers.__file__.startswith({root!r})
torch.__version__ = transformers.__version__ = "99.1.0"
importlib.metadata.version = lambda name: "99.1.0"
torch.set_num_threads(3)
other = load_model("smollm2", dtype="bfloat16")

def never(*given, **named):
    raise AssertionError("the model was run")

type(other).trace = type(other).generate = never
sys.path.append({root!r})
from scripts import kept

for ask in kept.ASKS.values():
    assert ask.answer(other, ask.texts(other)).isfinite().all()
for layer in kept.depths(other):
    residual_norm(other, load_neutral(other), layer)
vectors = extract(other, load_written_stories())
print(digest_bytes([vectors.vectors.numpy().tobytes()]), vectors.norm)
"""


@pytest.mark.run
def test_kept_results_are_found_by_other_versions(wheel: Path, tmp_path: Path) -> None:
    """Another dtype, versions, threads, and a home whose path has other separators."""
    models = tmp_path / "C:\\Users\\Ana \u00d6\\models"
    models.mkdir()
    (models / "smollm2").symlink_to(smollm2.folder())
    chapter = tmp_path / "chapter.ipynb"
    begin(chapter, OTHERS.format(root=str(ROOT)))
    notebook = run_installed(
        chapter,
        wheel,
        tmp_path,
        EMOTION_VECTORS_CACHE=str(tmp_path / "cache"),
        EMOTION_VECTORS_MODELS=str(models),
        OMP_NUM_THREADS="3",
    )
    said = "".join(out.get("text", "") for out in notebook.cells[1].outputs)
    own = extract(load_model("smollm2", device="cpu"), load_written_stories())
    found = digest_bytes([own.vectors.numpy().tobytes()])
    assert f"{found} {own.norm}" in said
    assert not list((tmp_path / "cache").glob("*.safetensors"))  # all of it ships


def test_a_setup_that_fails_says_what_to_do(tmp_path: Path) -> None:
    """There is nothing to install at the address: pip says so, and the cell goes on."""
    chapter, empty = tmp_path / "chapter.ipynb", tmp_path / "content"
    empty.mkdir()
    begin(chapter)
    with pytest.raises(CellExecutionError) as raised:
        run(chapter, tmp_path / "none.zip", empty, {"PIP_NO_INDEX": "1"})
    said = str(raised.value)
    assert "Not set up: read what pip says above." in said.splitlines()[-1]
    assert f"https://{HOME.pages}/book/troubleshooting.html" in said
