"""The two processes of one submission: the learner's, and that of the hidden tests.

`session` starts `helpers.grading.inside` for what was handed in, and has a child of
`helpers.grading.examine` ask it; the two talk over pipes of their own. The grader only
watches the clock and reads what the tests tell, points and sentences: nothing of the
learner's is read, decoded, formatted or compared where the masters and the table are.
Both stand within `walls`. Without walls (`Limits.use_walls`) they are told apart by
processes alone: that keeps honest people honest.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from scripts.process import Process, unnamed_file
from scripts.walls import no_walls, real_model

LONGEST = 1 << 20  # bytes that the tests may tell of one submission
TESTS_MEMORY = 6 << 30


@dataclass(frozen=True)
class Limits:
    """What a submission may use, and the seed of the questions that it is asked."""

    seed: int
    run_seconds: float = 180
    answer_seconds: float = 60
    question_seconds: float = 300
    whole_seconds: float = 900
    start_seconds: float = 180
    memory: int = 8 << 30
    restarts: int = 2
    use_walls: bool = True


class Stopped(Exception):
    """Hidden tests that are over a limit of theirs, or of the whole submission."""


class Examiner:
    """The process of the hidden tests, started once; a child of it for each session."""

    def __init__(self, use_walls: bool) -> None:
        self.line, theirs = socket.socketpair()
        job = {"line": theirs.fileno(), "memory": TESTS_MEMORY}
        self.process = Process(
            "examine", job, [theirs.fileno()], use_walls=use_walls, fork=True
        )
        theirs.close()

    def ask(self, job: dict[str, Any], pipes: Sequence[int]) -> None:
        """Have a child do `job`, over pipes to ask, to hear and to tell."""
        with unnamed_file() as file:
            file.write(json.dumps(job).encode())
            file.seek(0)
            try:
                socket.send_fds(self.line, [b"-"], [file.fileno(), *pipes])
            except OSError:
                why = f"the tests did not start: {self.process.why()}"
                raise Stopped(why) from None


EXAMINERS: dict[tuple[bool, Path | None], Examiner] = {}
LOCK = threading.Lock()


def examiner(use_walls: bool) -> Examiner:
    """The process of the hidden tests, anew where it has ended."""
    with LOCK:
        kind = use_walls, real_model()
        one = EXAMINERS.get(kind)
        if one is None or one.process.process.poll() is not None:
            one = EXAMINERS[kind] = Examiner(use_walls)
        return one


@contextlib.contextmanager
def session(
    job: dict[str, Any], data: bytes, limits: Limits, until: float
) -> Iterator[tuple[Iterator[dict[str, Any]], Callable[[], str]]]:
    """What the tests of a `job` tell of a hand-in; both processes end with the `with`.

    The iterator raises Stopped where time is up or the tests' process has ended.
    """
    if limits.use_walls and (why := no_walls()):
        raise RuntimeError(f"no walls: {why}")
    with contextlib.ExitStack() as stack:
        source, ask = _pipe(stack)
        hear, target = _pipe(stack)
        listen, tell = _pipe(stack)
        theirs = [source, ask, hear, target, tell]
        hand_in = stack.enter_context(unnamed_file())
        hand_in.write(data)
        hand_in.seek(0)
        inside = Process(
            "inside",
            {
                "source": source.fileno(), "target": target.fileno(),
                "memory": limits.memory, "assignment": job["assignment"],
                "forbidden": job["forbidden"], "page": job["page"],
            },
            [source.fileno(), target.fileno()],
            use_walls=limits.use_walls,
            hand_in=hand_in,
        )  # fmt: skip
        stack.callback(inside.kill)
        examiner(limits.use_walls).ask(job, [end.fileno() for end in (ask, hear, tell)])
        for end in theirs:
            end.close()
        yield _events(listen.fileno(), until), inside.why


def _pipe(stack: contextlib.ExitStack) -> tuple[IO[bytes], IO[bytes]]:
    source, target = os.pipe()
    return (
        stack.enter_context(os.fdopen(source, "rb", 0)),
        stack.enter_context(os.fdopen(target, "wb", 0)),
    )


def _events(listen: int, until: float) -> Iterator[dict[str, Any]]:
    told, rest = 0, b""
    while True:
        left = until - time.monotonic()
        if left <= 0 or not select.select([listen], [], [], left)[0]:
            raise Stopped("over the time limit of a whole submission")
        piece = os.read(listen, 1 << 16)
        told += len(piece)
        if not piece or told > LONGEST:
            raise Stopped("a hidden test was over its limit of time or memory")
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            yield json.loads(line)
