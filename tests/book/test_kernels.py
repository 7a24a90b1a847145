"""Forked kernels: what they know, whose they are, and when they end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from jupyter_client import KernelManager
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError
from nbformat.v4 import new_code_cell, new_notebook

from scripts.kernels import kernels

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks on Linux only")
ABOUT = "import os, sys; print(os.getcwd(), os.environ['WHO'], *sys.argv[:1])"
LOADED = "[name in sys.modules for name in ('torch', 'nnsight', 'pandas', 'helpers')]"


@pytest.fixture(scope="module", autouse=True)
def forked() -> Iterator[None]:
    with kernels():
        yield


def run(folder: Path, *cells: str, **environment: str) -> list[str]:
    """What cells print and return, in one kernel in a folder."""
    notebook = new_notebook(cells=[new_code_cell(cell) for cell in cells])
    where = {"metadata": {"path": str(folder)}}
    client = NotebookClient(notebook, resources=where, timeout=60)
    client.execute(env={**os.environ, **environment})
    outputs = [out for cell in notebook.cells for out in cell.outputs]
    return [out.get("text") or out["data"]["text/plain"] for out in outputs]


def ended(process: int) -> bool:
    """Whether a process is gone, or about to be collected."""
    try:
        return Path(f"/proc/{process}/stat").read_text().split(") ")[1][0] == "Z"
    except FileNotFoundError:
        return True


def wait_until_ended(process: int) -> bool:
    """Whether it ends, within a generous while."""
    end = time.monotonic() + 60
    while not ended(process) and time.monotonic() < end:
        time.sleep(0.05)
    return ended(process)


def test_libraries_are_there_and_folder_and_environment_are_the_askers(
    tmp_path: Path,
) -> None:
    (tmp_path / "own_module.py").write_text("ANSWER = 7")
    found = run(
        tmp_path,
        ABOUT,
        LOADED,
        "import own_module; own_module.ANSWER",
        "__import__('subprocess').run('exit 3', shell=True).returncode",
        WHO="somebody",
        PYTHONPATH=str(tmp_path),
    )
    assert found[0].split()[:2] == [str(tmp_path), "somebody"]
    assert found[1:] == ["[True, True, False, False]", "7", "3"]


def test_nothing_is_left_of_another_notebook(tmp_path: Path) -> None:
    run(tmp_path, "import sys, torch; sys.marked = torch.marked = True", WHO="one")
    asked = "import sys, torch; hasattr(sys, 'marked') or hasattr(torch, 'marked')"
    assert run(tmp_path, asked, "'WHO' in __import__('os').environ") == ["False"] * 2


def test_a_kernel_that_ends_is_told(tmp_path: Path) -> None:
    with pytest.raises(DeadKernelError):
        run(tmp_path, "import os; os._exit(1)")


def test_a_kernel_ends_with_who_asked_for_it() -> None:
    manager = KernelManager()
    manager.start_kernel()
    try:
        client = manager.blocking_client()
        client.start_channels()
        client.wait_for_ready(timeout=60)
        reply = client.execute_interactive(
            "", user_expressions={"pid": "__import__('os').getpid()"}, timeout=60
        )
        found = reply["content"]["user_expressions"]["pid"]["data"]["text/plain"]
        client.stop_channels()
        assert not ended(int(found))
    finally:
        manager.shutdown_kernel(now=True)
    assert wait_until_ended(int(found))


def test_nothing_stays_where_the_build_is_killed(tmp_path: Path) -> None:
    code = (
        "import subprocess, time; from scripts.kernels import kernels\n"
        "with kernels(): print('ready', flush=True); time.sleep(600)"
    )
    command = [sys.executable, "-c", code]
    build = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert build.stdout
    assert build.stdout.readline() == "ready\n"
    children = Path(f"/proc/{build.pid}/task/{build.pid}/children").read_text().split()
    build.send_signal(signal.SIGKILL)
    build.wait()
    assert children
    assert all(wait_until_ended(int(child)) for child in children)
