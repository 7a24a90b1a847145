"""Execute the book's pages side by side: `python -m scripts.execute CACHE`.

What was executed stands in CACHE, a jupyter-cache, where the build finds it. Pages
without code are left alone, and so are those that stand there already.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbformat
import yaml
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from jupyter_cache.executors.utils import ExecutionResult, single_nb_execution
from myst_nb.core.read import is_myst_markdown_notebook, read_myst_markdown_notebook
from tqdm.auto import tqdm

ROOT = Path(__file__).resolve().parent.parent
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


def execute(folder: Path, book: Path = ROOT / "book") -> int:
    """Execute what is not in the cache yet; returns how many pages failed."""
    cache, waiting, failed = get_cache(folder), {}, 0
    options = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))["execute"]
    at_once = max(1, min(MOST, os.cpu_count() or 1))
    with ThreadPoolExecutor(at_once) as pool:
        for path, notebook in pages(book):
            with suppress(KeyError):
                cache.match_cache_notebook(notebook)
                continue
            waiting[pool.submit(run, notebook, options["timeout"])] = path
        for done in tqdm(as_completed(waiting), total=len(waiting), unit="page"):
            path, result = waiting[done], done.result()
            if result.err is not None:
                failed += 1
                print(f"{path.name} stops:\n{result.exc_string}", file=sys.stderr)
                continue
            seconds = {"execution_seconds": result.time}
            bundle = CacheBundleIn(result.nb, str(path), data=seconds)
            cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
    return failed


if __name__ == "__main__":
    sys.exit(min(execute(Path(sys.argv[1])), 1))
