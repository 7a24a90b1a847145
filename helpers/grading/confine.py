"""What both processes of a grading begin with: limits, and lines of JSON."""

from __future__ import annotations

import json
import os
import resource
import threading
from collections.abc import Iterator
from typing import Any


def confine(memory: int, user: int | None = None, tasks: int | None = None) -> None:
    """Limits of the system on this process, from now on; nothing can raise them.

    `memory`: bytes of address space. `user`: become this user, where root started us.
    `tasks`: threads and processes together. And: files of 64 MB, 256 of them open, an
    hour of CPU, no core dumps.
    """
    if user is not None:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    most_of = {"AS": memory, "FSIZE": 1 << 26, "NOFILE": 256, "CPU": 3600, "CORE": 0}
    if tasks is not None:
        most_of["NPROC"] = tasks
    for name, most in most_of.items():
        kind = getattr(resource, f"RLIMIT_{name}")
        try:
            resource.setrlimit(kind, (most, most))
        except (OSError, ValueError):  # macOS knows some of them in name only
            continue


class Pipe:
    """Lines of JSON to and from another process."""

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
