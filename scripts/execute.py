"""Execute the book's pages side by side: `python -m scripts.execute CACHE [WHEEL]`.

What was executed stands in CACHE, a jupyter-cache, where the build finds it. Pages
without code are left alone, and so are those that stand there already. With the
package's WHEEL, chapters run from it alone: their setup cells have to install it.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbformat
import yaml
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from jupyter_cache.executors.utils import ExecutionResult, single_nb_execution
from myst_nb.core.read import is_myst_markdown_notebook, read_myst_markdown_notebook
from nbclient.exceptions import CellExecutionError, CellTimeoutError
from tqdm.auto import tqdm

from scripts import colab
from scripts.kernels import kernels
from scripts.toc import chapters

ROOT = Path(__file__).resolve().parent.parent
Job = Callable[[], ExecutionResult]
MOST = 4  # pages at a time: each takes up to 2 GB


def pages(book: Path) -> Iterator[tuple[Path, Any]]:
    """The pages of a folder that have code, as notebooks; the longest first."""
    for path in sorted(book.glob("*.*"), key=size, reverse=True):
        if path.suffix == ".ipynb":
            yield path, nbformat.read(path, as_version=4)
        elif path.suffix == ".md":
            text = path.read_text("utf-8")
            if is_myst_markdown_notebook(text):
                yield path, read_myst_markdown_notebook(text)


def size(path: Path) -> int:
    """Bytes of a file."""
    return path.stat().st_size


def run(notebook: Any, timeout: int) -> ExecutionResult:
    """Execute a notebook in an empty folder of its own; `timeout` in seconds a cell."""
    with TemporaryDirectory() as folder:
        return single_nb_execution(
            notebook, cwd=folder, timeout=timeout, allow_errors=False
        )


def run_installed(path: Path, notebook: Any, wheel: Path) -> ExecutionResult:
    """Execute what the setup cell installs, and show the page's own setup cell."""
    start = time.monotonic()
    with TemporaryDirectory() as folder:
        try:
            done = colab.run_installed(path, wheel, Path(folder), colab=False)
        except (CellExecutionError, CellTimeoutError, RuntimeError) as error:
            return ExecutionResult(notebook, folder, 0.0, error, str(error))
    for page, cell in zip(notebook.cells, done.cells, strict=True):
        if "setup" in cell.metadata.get("tags", []):
            cell.source, cell.outputs = page.source, []
    return ExecutionResult(done, folder, time.monotonic() - start)


def stands(cache: Any, notebook: Any, installed: bool) -> bool:
    """Whether a page was executed already, from the wheel where that is asked."""
    try:
        record = cache.match_cache_notebook(notebook)
    except KeyError:
        return False
    return record.data.get("installed", False) or not installed


def jobs(book: Path, cache: Any, wheel: Path | None) -> Iterator[tuple[Path, Job]]:
    """What is left to execute: each page, and what does it."""
    options = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))["execute"]
    for path, notebook in pages(book):
        install = wheel if path in chapters() else None
        if stands(cache, notebook, install is not None):
            continue
        if install:
            yield path, partial(run_installed, path, notebook, install)
        else:
            yield path, partial(run, notebook, options["timeout"])


def execute(folder: Path, book: Path = ROOT / "book", wheel: Path | None = None) -> int:
    """Execute what is not in the cache yet; returns how many pages failed."""
    cache, failed = get_cache(folder), 0
    at_once = max(1, min(MOST, os.cpu_count() or 1))
    with kernels(), ThreadPoolExecutor(at_once) as pool:
        waiting = {pool.submit(job): path for path, job in jobs(book, cache, wheel)}
        for done in tqdm(as_completed(waiting), total=len(waiting), unit="page"):
            path, result = waiting[done], done.result()
            if result.err is not None:
                failed += 1
                print(f"{path.name} stops:\n{result.exc_string}", file=sys.stderr)
                continue
            about = {"execution_seconds": result.time, "installed": wheel is not None}
            bundle = CacheBundleIn(result.nb, str(path), data=about)
            cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
    return failed


if __name__ == "__main__":
    place, *wheel = map(Path, sys.argv[1:])
    sys.exit(min(execute(place, wheel=wheel[0] if wheel else None), 1))
