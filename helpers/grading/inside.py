"""The process in which one submission runs: `python -m helpers.grading.inside JOB`.

Started by `scripts.sandbox` in an empty folder, beside `helpers` and nothing of the
grader's. It reads what was handed in, runs the cells when it is told to, then answers
for values until the pipe closes. A guard (Python's audit hook) refuses and reports
files of the grader's, files written elsewhere, other programs and the network. The
guard tells what a curious learner tries; the walls are those of the operating system.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from helpers.grading import answer
from helpers.grading.confine import Pipe, confine
from helpers.grading.notebook import read_notebook, read_page

PROGRAMS = {
    "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork",
    "os.forkpty", "os.kill", "os.killpg", "pty.spawn", "os.startfile",
}  # fmt: skip
NETWORK = {"socket.connect", "socket.bind", "socket.sendto", "socket.getaddrinfo"}
LISTING = {"os.listdir", "os.scandir", "os.chdir", "glob.glob", "os.walk"}
CHANGING = {
    "os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink",
    "os.truncate", "os.chmod", "os.chown", "os.utime", "shutil.move",
}  # fmt: skip
LONGEST_PAGE = 20_000  # characters
DEVICES = ("/dev/null", "/dev/tty", "/dev/shm")


def watch(pipe: Pipe, own: str, forbidden: list[str]) -> None:
    """Refuse and report, from now on, what no submission needs."""
    real, separator, told = os.path.realpath, os.sep, 0
    inside, process = threading.local(), os.path.basename(real("/proc/self"))
    watched = frozenset({"open"} | LISTING | CHANGING | PROGRAMS | NETWORK)

    def under(path: str, top: str) -> bool:
        return path == top or path.startswith(top.rstrip(separator) + separator)

    def refuse(kind: str, what: str) -> None:
        nonlocal told
        told += 1
        if told <= 20:
            pipe.send(report=[kind, what[:200]])
        raise PermissionError(f"not while being graded: {what[:200]}")

    def look(path: Any, writing: bool) -> None:
        if isinstance(path, str):  # a subclass's own methods are not to be called
            path = str.encode(path, "utf-8", "surrogateescape")
        if not isinstance(path, bytes):
            return
        full = real(bytes.decode(path, "utf-8", "surrogateescape"))
        parts = full.split(separator)
        if parts[1:2] == ["proc"] and parts[2:3] and parts[2].isdigit():
            if parts[2] != process:
                refuse("files", full)
        elif any(under(full, top) for top in forbidden):
            refuse("files", full)
        elif writing and not any(under(full, top) for top in (own, *DEVICES)):
            refuse("writing", full)

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if event not in watched or getattr(inside, "busy", False):
            return
        inside.busy = True
        try:
            if event == "open":
                flags = args[2] if isinstance(args[2], int) else 0
                looks = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
                look(args[0], bool(flags & looks))
            elif event in LISTING:
                look(args[0], False)
            elif event in CHANGING:
                for path in args[:2]:
                    look(path if isinstance(path, str | bytes) else None, True)
            elif event in PROGRAMS:
                refuse("program", event)
            elif event in NETWORK:
                refuse("network", event)
        finally:
            inside.busy = False

    sys.addaudithook(hook)


def shell() -> tuple[Callable[[str], str | None], dict[str, Any]]:
    """A function from a cell to its error, and the names that cells fill."""
    from IPython.core.history import HistoryManager
    from IPython.core.interactiveshell import InteractiveShell

    HistoryManager.enabled = False
    ipython = InteractiveShell.instance()
    ipython.ask_exit = lambda: os._exit(77)  # what exit() calls

    def run(source: str) -> str | None:
        done = ipython.run_cell(source, store_history=False)
        error = done.error_before_exec or done.error_in_exec
        if isinstance(error, SystemExit | KeyboardInterrupt):
            os._exit(77)
        return f"{type(error).__name__}: {error}"[:300] if error else None

    return run, ipython.user_ns


def main() -> None:
    """Read the hand-in, say so, run the cells, answer until nobody asks."""
    job = json.loads(sys.argv[1])
    pipe = Pipe(job["source"], job["target"])
    confine(job["memory"], job["user"], job["tasks"])
    try:
        data = Path(job["hand_in"]).read_bytes()
        learner, cells = read_notebook(data, job["assignment"])
        page = read_page(data, job["page"]) if job["page"] else ""
    except Exception as error:  # whatever was handed in gets a line in the table
        pipe.send(id=0, learner="", problem=f"{error}"[:200])
        return
    if job["page"]:  # a person reads it; nothing is run
        pipe.send(id=0, learner=learner, problem="", page=page[:LONGEST_PAGE])
        return
    run, names = shell()
    pipe.send(id=0, learner=learner, problem="")
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 2)  # where a failed start is told
    os.close(quiet)
    watch(pipe, os.path.realpath(os.getcwd()), job["forbidden"])
    for order in pipe.messages():
        if "run" in order:
            pipe.send(id=order["id"], errors=[run(cell) for cell in cells])
        else:
            pipe.send(id=order["id"], reply=answer(order["request"], names))


if __name__ == "__main__":
    main()
