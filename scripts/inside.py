"""The process in which one submission runs: `python inside.py IN OUT`, two pipes.

Started by `scripts.sandbox` in an empty folder, beside a copy of `helpers` and nothing
of the grader's. It runs the cells that it is sent, then answers for values until the
pipe closes. A guard (Python's audit hook) refuses and reports files of the grader's,
files written elsewhere, other programs and the network. The guard catches what a
curious learner tries; the walls are those of the operating system in `sandbox`.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

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
DEVICES = ("/dev/null", "/dev/tty", "/dev/shm")


class Pipe:
    """Lines of JSON to and from the grader."""

    def __init__(self, source: int, target: int) -> None:
        self.source = os.fdopen(source, "rb")
        self.target, self.lock, self.write = target, threading.RLock(), os.write

    def send(self, **message: Any) -> None:
        line = json.dumps(message).encode() + b"\n"
        with self.lock:
            while line:
                line = line[self.write(self.target, line) :]

    def messages(self) -> Iterator[dict[str, Any]]:
        while line := self.source.readline():
            yield json.loads(line)


def watch(pipe: Pipe, own: str, forbidden: list[str]) -> None:
    """Refuse and report, from now on, what no submission needs."""
    real, separator, told = os.path.realpath, os.sep, 0
    inside, process = threading.local(), os.path.basename(real("/proc/self"))

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
        if getattr(inside, "busy", False):
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


def limit(memory: int) -> None:
    """At most this many bytes of memory, files of 64 MB, an hour, no core dumps."""
    most_of = {"AS": memory, "FSIZE": 1 << 26, "CPU": 3600, "CORE": 0}
    for name, most in most_of.items():
        kind = getattr(resource, f"RLIMIT_{name}")
        try:
            resource.setrlimit(kind, (most, most))
        except (OSError, ValueError):  # macOS knows some of them in name only
            continue


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
    """Say that the libraries are there, run the cells, answer until nobody asks."""
    pipe = Pipe(int(sys.argv[1]), int(sys.argv[2]))
    orders = pipe.messages()
    setup = next(orders)
    limit(setup["memory"])
    from helpers import grading

    run, names = shell()
    pipe.send(ready=True)
    watch(pipe, os.path.realpath(os.getcwd()), setup["forbidden"])
    for order in orders:
        if "cells" in order:
            pipe.send(id=order["id"], errors=[run(cell) for cell in order["cells"]])
        else:
            pipe.send(id=order["id"], reply=grading.answer(order["request"], names))


if __name__ == "__main__":
    main()
