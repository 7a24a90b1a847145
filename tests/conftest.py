"""What all tests share: shapes checked at run time, no network, one built book."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

# Set before torch and transformers are imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_OFFLINE"] = "1"
os.environ["EMOTION_VECTORS_CACHE"] = tempfile.mkdtemp(prefix="emotion-vectors-")

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import beartype  # noqa: E402, F401 (before nnsight, which changes its import)
import jaxtyping  # noqa: E402

jaxtyping.install_import_hook("helpers", "beartype.beartype")

import pytest  # noqa: E402
from filelock import FileLock  # noqa: E402
from jupyter_cache import get_cache  # noqa: E402
from playwright.sync_api import Browser, sync_playwright  # noqa: E402

from scripts.wheel import build  # noqa: E402

Executed = Callable[[Path], tuple[dict[str, Any], Any]]
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist, which reads the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep a file's tests on one worker, so that what they share is made once.

    Chapters and gradings are spread over the workers. The pages stay on one, so that
    no other waits while it builds the book.
    """
    for item in items:
        if not any(map(item.get_closest_marker, ("run", "course"))):
            item.add_marker(pytest.mark.xdist_group(str(item.path)))


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of this run share."""
    folder = tmp_path_factory.getbasetemp()
    return folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder


@pytest.fixture(scope="session")
def cache(shared: Path) -> Path:
    """Where all chapters of this run keep what they computed: as one reader would."""
    return shared / "cache"


@pytest.fixture(scope="session")
def wheel(shared: Path) -> Path:
    """The package's wheel, built once for all workers."""
    folder = shared / "wheel"
    with FileLock(shared / "wheel.lock"):
        if not list(folder.glob("*.whl")):
            build(folder, "--no-build-isolation")
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="session")
def built_book(cache: Path, wheel: Path) -> Path:
    """The folder of the book's pages, built by the command of `make book`.

    Its chapters have run from an empty folder and the wheel, which they installed.
    """
    folder = ROOT / "_build"
    folder.mkdir(exist_ok=True)
    with FileLock(folder / "lock"):
        command = [sys.executable, "-m", "scripts.build", "--installed", str(wheel)]
        environment = {**os.environ, "EMOTION_VECTORS_CACHE": str(cache)}
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True
        )
    if done.returncode:
        output = (done.stdout + done.stderr)[-6000:]
        pytest.fail(f"The book did not build:\n{output}", pytrace=False)
    return folder / "html"


@pytest.fixture(scope="session")
def executed(built_book: Path) -> Executed:
    """How a chapter was run for its page, and the notebook with its outputs."""
    (folder,) = built_book.parent.glob(".jupyter_cache_*")
    cache = get_cache(folder)

    def find(chapter: Path) -> tuple[dict[str, Any], Any]:
        record = cache.match_cache_file(chapter)
        return record.data, cache.get_cache_bundle(record.pk).nb

    return find


@pytest.fixture(scope="session")
def chromium() -> Iterator[Callable[..., Browser]]:
    """Launches Debian's Chromium, with more flags where a test has some.

    One for all tests of a worker: Playwright takes no second in the same process.
    """
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        pytest.fail("No Chromium: apt-get install chromium", pytrace=False)
    with sync_playwright() as playwright:

        def launch(*flags: str) -> Browser:
            args = [*FLAGS, *flags]
            return playwright.chromium.launch(executable_path=path, args=args)

        yield launch
