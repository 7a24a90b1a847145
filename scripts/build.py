"""Build the book: `python -m scripts.build`; `--links` looks after its links instead.

Every chapter is executed on both models; with `--installed WHEEL` from that wheel
alone, which its setup cell has to install into an empty folder. Executed cells are
cached under a name that depends on helpers/ too, so that no page is older than the
code it shows.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import yaml

from scripts.home import Home, read_home
from scripts.vendor import ensure_vendor

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "_build"
HTML = BUILD / "html"
STAMP = BUILD / "built"
CODE = ["helpers", "constraints.txt"]
PAGES = ["book", "live", "_config.yml", "_toc.yml", "scripts"]
CACHES = {"__pycache__", ".ipynb_checkpoints", ".jupyter_cache", ".ruff_cache"}
SKIPPED = CACHES | {"vendor"}


def digest(names: Iterable[str]) -> str:
    """A short hash of the files and folders `names`: their paths and bytes."""
    total = hashlib.sha256(sys.version.encode())
    for name in names:
        top = ROOT / name
        for path in [top] if top.is_file() else sorted(top.rglob("*")):
            if path.is_file() and not SKIPPED & set(path.relative_to(ROOT).parts):
                total.update(str(path.relative_to(ROOT)).encode() + b"\0")
                total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()[:16]


def buttons(table: dict[str, Any], home: Home) -> None:
    """Put the buttons that lead to the repository and to Colab into a configuration."""
    place = {"url": home.url, "branch": home.branch, "path_to_book": ""}
    table["repository"] = place
    table["launch_buttons"] = {"colab_url": "https://colab.research.google.com"}
    table["html"] |= {"use_repository_button": True, "use_issues_button": True}


def configuration(cache: Path, *, vendored: bool) -> dict[str, Any]:
    """`_config.yml` with the execution cache, the home's buttons, what is vendored."""
    table = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    table["execute"]["cache"] = str(cache)
    if home := read_home(ROOT):
        buttons(table, home)
    if not vendored:
        config = table["sphinx"]["config"]
        for key in ("mathjax_path", "nb_ipywidgets_js"):
            config.pop(key)
        config["html_js_files"] = config["html_js_files"][1:]
    return table


def run(*arguments: str) -> int:
    """Run Python from the top of the repository, offline and with one thread."""
    environment = {
        "OMP_NUM_THREADS": "1",
        "HF_HUB_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "false",
        **os.environ,
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment).returncode


def clear(builder: str) -> None:
    """Remove what an earlier run of Sphinx left."""
    for stale in (BUILD / ".doctrees", BUILD / builder):
        shutil.rmtree(stale, ignore_errors=True)


def run_sphinx(config: Path, builder: str = "html") -> int:
    """Jupyter Book on cleared pages: warnings are errors, and all of them are told."""
    jupyter_book = "from jupyter_book.cli.main import main; main()"
    options = ["--config", str(config), "--builder", builder]
    options += ["-W", "--keep-going", "-n"]
    return run("-c", jupyter_book, "build", str(ROOT), *options)


def furnish() -> int:
    """Put the laboratory's engine and models beside the pages, as they are now.

    The real model may have come into the cache since the pages were built.
    """
    return run("-m", "scripts.laboratory", str(HTML / "_static"))


def write_pages(config: Path) -> int:
    """All pages, and beside Sphinx what the laboratory needs; an exit status."""
    clear("html")
    with ThreadPoolExecutor() as pool:
        jobs = [pool.submit(run_sphinx, config), pool.submit(furnish)]
    return max(job.result() for job in jobs)


def cache_of(code: str) -> Path:
    """Where pages that helpers of this digest executed are kept."""
    return BUILD / f".jupyter_cache_{code}"


def prepare(cache: Path, *, vendored: bool) -> Path:
    """Write the configuration that reads this cache; drop all others."""
    for old in set(BUILD.glob(".jupyter_cache_*")) - {cache}:
        shutil.rmtree(old)
    BUILD.mkdir(exist_ok=True)
    config = BUILD / "_config.yml"
    table = configuration(cache, vendored=vendored)
    config.write_text(yaml.safe_dump(table, sort_keys=False), "utf-8")
    return config


def build(*wheel: str) -> int:
    """Build what is out of date, say where the result is, return an exit status.

    With a `wheel` every chapter has to have run from it.
    """
    start = time.monotonic()
    code = digest(CODE)
    vendored = ensure_vendor()
    wanted = [code, digest(PAGES), str(vendored), *(["installed"] if wheel else [])]
    where = f"The book is at {HTML.relative_to(ROOT)}/index.html"
    built = STAMP.read_text().split() if STAMP.exists() and HTML.exists() else []
    if set(wanted) <= set(built):
        print(f"Nothing changed. {where}")
        return furnish()
    STAMP.unlink(missing_ok=True)
    cache = cache_of(code)
    config = prepare(cache, vendored=vendored)
    status = run("-m", "scripts.execute", str(cache), *wheel) or write_pages(config)
    seconds = time.monotonic() - start
    if status:
        print(f"The book did not build ({seconds:.0f} s): see the messages above.")
        return status
    STAMP.write_text(" ".join(wanted))
    print(f"Built in {seconds:.0f} s. {where}")
    return 0


def check_links() -> int:
    """Ask for every link of the book; what is broken stands in linkcheck/output.txt."""
    config = prepare(cache_of(digest(CODE)), vendored=ensure_vendor())
    clear("linkcheck")
    return run_sphinx(config, "linkcheck")


def main() -> int:
    """Command line: see the top of this file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--links", action="store_true")
    parser.add_argument("--installed", metavar="WHEEL", nargs=1, default=[])
    given = parser.parse_args()
    return check_links() if given.links else build(*given.installed)


if __name__ == "__main__":
    sys.exit(main())
