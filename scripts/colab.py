"""Run chapters as Colab would: `python scripts/colab.py`, from any folder.

Each runs in an empty folder of its own, in a kernel where `google.colab` is loaded
and `helpers` is not, so that its setup cell has to install the package: the cell of a
published notebook, whose address is replaced by this copy of the repository.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # for a run from any folder

from scripts.home import Home, package, read_home, setup_cell  # noqa: E402
from scripts.toc import chapters  # noqa: E402

LEAVE = "\nsys.modules.pop('google.colab')"
HOME = read_home() or Home("https://github.com/OWNER/REPOSITORY")

STARTUP = """
import importlib.machinery, importlib.util, sys
sys.meta_path[:] = [
    finder for finder in sys.meta_path
    if "editable" not in str(getattr(finder, "__module__", ""))
]
try:
    import google.colab
except ImportError:
    for name in ("google", "google.colab"):  # with a spec: accelerate asks for it
        spec = importlib.machinery.ModuleSpec(name, None)
        sys.modules[name] = importlib.util.module_from_spec(spec)
    sys.modules["google"].colab = sys.modules["google.colab"]
"""


def published(chapter: Path, install: Path) -> tuple[Any, Any]:
    """A notebook as it is published, and its setup cell, which installs `install`.

    Raises ValueError where a notebook has no setup cell.
    """
    notebook: Any = nbformat.read(chapter, as_version=4)
    found = [c for c in notebook.cells if "setup" in c.metadata.get("tags", [])]
    if len(found) != 1:
        raise ValueError(f"{chapter.name} has {len(found)} setup cells in place of one")
    address = package(HOME).partition(" @ ")[2]
    cell = setup_cell(chapter=chapter.stem, home=HOME)
    found[0].source = cell.replace(address, install.as_uri())
    return notebook, found[0]


def run(
    chapter: Path,
    install: Path,
    folder: Path,
    environment: Mapping[str, str],
    *,
    colab: bool = True,
) -> Any:
    """Run `chapter` in the empty `folder` and return it with its outputs.

    `install` is a wheel or a source folder. Without `colab` the cells after the setup
    find any Jupyter's kernel, as a page needs. Raises nbclient's CellExecutionError.
    """
    notebook, setup = published(chapter, install)
    setup.source += "" if colab else LEAVE
    with tempfile.TemporaryDirectory() as ipython:
        startup = Path(ipython, "profile_default/startup")
        startup.mkdir(parents=True)
        startup.joinpath("00.py").write_text(STARTUP, "utf-8")
        client = NotebookClient(
            notebook,
            timeout=900,
            record_timing=False,
            resources={"metadata": {"path": str(folder)}},
        )
        inherited = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        client.execute(env={**inherited, "IPYTHONDIR": ipython, **environment})
    return notebook


def run_installed(
    chapter: Path, wheel: Path, folder: Path, *, colab: bool = True, **environment: str
) -> Any:
    """Run `chapter` with nothing but what its setup cell installs under `folder`."""
    empty, site = folder / "content", folder / "site"
    empty.mkdir()
    site.mkdir()
    pip = {"PIP_NO_DEPS": "1", "PIP_TARGET": str(site), "PYTHONPATH": str(site)}
    pip["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    notebook = run(chapter, wheel, empty, pip | environment, colab=colab)
    if not (site / "helpers/models/load.py").exists():
        raise RuntimeError(f"the setup cell of {chapter.name} installed nothing")
    return notebook


def main() -> int:
    """Run every chapter, or those that are named; non-zero where one failed."""
    failed = []
    for chapter in [Path(name) for name in sys.argv[1:]] or chapters():
        start = time.monotonic()
        try:
            with tempfile.TemporaryDirectory() as folder:
                run(chapter, ROOT, Path(folder), {})
            status = "passed"
        except Exception as error:  # every chapter is tried, whatever goes wrong
            status = f"FAILED\n{error}"
            failed.append(chapter.name)
        print(f"{chapter.name}: {status} ({time.monotonic() - start:.0f} s)")
    print(json.dumps({"failed": failed}))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
