"""Pages that are executed side by side, for the build to find."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from jupyter_cache import get_cache
from nbformat.v4 import new_code_cell, new_notebook

from scripts.execute import execute, pages

PAGE = """---
file_format: mystnb
kernelspec:
  name: python3
---
# A page

```{code-cell}
print(6 * 7)
```
"""


def test_what_runs_is_kept_and_what_stops_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    book, folder = tmp_path / "book", tmp_path / "cache"
    book.mkdir()
    for name, source in (("fine", "print(1)"), ("wrong", "1 / 0")):
        notebook = new_notebook(cells=[new_code_cell(source)])
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python"}
        nbformat.write(notebook, book / f"{name}.ipynb")
    (book / "page.md").write_text(PAGE, "utf-8")
    (book / "plain.md").write_text("# No code", "utf-8")
    assert execute(folder, book) == 1
    told = capsys.readouterr().err
    assert "wrong.ipynb stops" in told
    assert "ZeroDivisionError" in told
    cache = get_cache(folder)
    printed = {}
    for path, notebook in pages(book):
        if path.stem != "wrong":
            record = cache.match_cache_notebook(notebook)
            (cell,) = (
                cell
                for cell in cache.get_cache_bundle(record.pk).nb.cells
                if cell.cell_type == "code"
            )
            printed[path.stem] = cell.outputs[0].text
    assert printed == {"fine": "1\n", "page": "42\n"}
    assert execute(folder, book) == 1
    assert len(cache.list_cache_records()) == 2
