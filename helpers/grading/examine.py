"""The process of the hidden tests: `python -m helpers.grading.examine JOB`.

Started once by `scripts.sandbox`; for each submission it forks a child that asks,
decodes and compares, with a clock and a limit on memory of its own. What a learner's
answers can do, they do there: the grader gets points and sentences. It holds the tests
that it is sent, and neither the masters nor the table. What they import and load it
has once, before it forks.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import re
import select
import signal
import socket
import sys
import time
import zlib
from collections.abc import Iterator
from typing import Any

from helpers.grading import Line, Wrong, model
from helpers.grading.confine import confine
from helpers.grading.encoding import LARGEST
from helpers.grading.hidden_tests import compiled


class Ended(Exception):
    """A submission's process that is not to be asked any more, and why."""


class Asked:
    """The near end of a submission's process. Every method may raise Ended."""

    def __init__(self, ask: int, hear: int) -> None:
        self.ask, self.hear = ask, hear
        self.reports: list[tuple[str, str]] = []
        self.count, self.rest = -1, b""

    def start(self, seconds: float) -> tuple[str, str, str]:
        """Whose it says it is, why it could not be read ("": it was), and a page."""
        self.count += 1
        found = self._hear(seconds, "started")
        told = [str(found.get(name, "")) for name in ("learner", "problem", "page")]
        return told[0], told[1], told[2]

    def run(self, seconds: float) -> list[Any]:
        """Run the notebook's cells; the error of each, or None."""
        found = self._exchange({"run": True}, seconds, "ran").get("errors")
        return found if isinstance(found, list) else []

    def request(self, text: str, seconds: float) -> str:
        """The reply to one of `helpers.grading`'s requests."""
        found = self._exchange({"request": text}, seconds, "answered").get("reply")
        return found if isinstance(found, str) else ""

    def _exchange(self, order: dict[str, Any], seconds: float, what: str) -> Any:
        self.count += 1
        line = json.dumps({"id": self.count, **order}).encode() + b"\n"
        try:
            while line:
                line = line[os.write(self.ask, line) :]
        except BrokenPipeError:
            raise Ended("ended itself before it was graded") from None
        return self._hear(seconds, what)

    def _hear(self, seconds: float, what: str) -> dict[str, Any]:
        """The next message that is no report; reports are kept."""
        until = time.monotonic() + seconds
        while True:
            line, found, self.rest = self.rest.partition(b"\n")
            if not found:
                self.rest = line + self._read(until, f"{what} for {seconds:.0f} s")
                if len(self.rest) > LARGEST + 1000:
                    raise Ended("gave an answer without end")
                continue
            try:
                message = json.loads(line)
            except (ValueError, RecursionError):
                message = None
            if not isinstance(message, dict):
                raise Ended("wrote into the grader's line")
            if "report" not in message:
                if message.get("id") != self.count:
                    raise Ended("gave an answer that nobody had asked for")
                return message
            self._keep(message["report"])

    def _keep(self, report: Any) -> None:
        if isinstance(report, list) and len(report) == 2 and len(self.reports) < 50:
            kind, what = (str(part)[:200] for part in report)
            self.reports.append((kind, what))

    def _read(self, until: float, what: str) -> bytes:
        left = until - time.monotonic()
        ready = select.select([self.hear], [], [], left)[0] if left > 0 else []
        if not ready:
            raise Ended(f"{what} and was stopped: over the time limit")
        piece = os.read(self.hear, 1 << 20)
        if not piece:
            raise Ended("ended itself before it was graded")
        return piece


def examine(job: dict[str, Any], asked: Asked) -> Iterator[dict[str, Any]]:
    """What the grader should know of one submission, as it becomes known."""
    until = time.monotonic() + job["whole_seconds"]
    try:
        learner, problem, page = asked.start(job["start_seconds"])
        yield {"learner": learner, "problem": problem}
        if problem or job["page"]:
            yield {"page": [page[i : i + 400] for i in range(0, len(page), 400)]}
            return
        errors = asked.run(job["run_seconds"])
        yield {"notes": [f"a cell: {one}" for one in errors if one][:5]}
        for question in job["questions"]:
            yield {"begin": question["name"]}
            left = until - time.monotonic()
            signal.alarm(max(1, int(min(job["question_seconds"], left))))
            lost = [_ask(test, asked, job, learner) for test in question["tests"]]
            signal.alarm(0)
            points = sum(won for won, _ in lost)
            yield {"points": points, "notes": [note for _, note in lost if note]}
        yield {"done": True}
    except Ended as end:
        yield {"ended": str(end)}
    finally:
        yield {"reports": list(dict.fromkeys(asked.reports))}


def _ask(
    test: dict[str, Any], asked: Asked, job: dict[str, Any], learner: str
) -> tuple[float, str]:
    """What a test won, and what to say about it."""
    name = test["name"]
    seed = [job["seed"], zlib.crc32(name.encode())]
    line = Line(lambda text: asked.request(text, job["answer_seconds"]), seed, learner)
    try:
        compiled(test["source"], name)(line)
        return test["points"], "; ".join(line.notes)
    except Ended:
        raise
    except Wrong as why:
        return 0.0, f"{name}: {why}"
    except Exception as error:  # an answer that the test did not foresee
        return 0.0, f"{name}: {type(error).__name__}: {error}"


def serve(line: socket.socket) -> None:
    """Fork a child for each submission whose pipes come along the line."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        message, pipes, *_ = socket.recv_fds(line, 1, 4)
        if not message:
            return
        if sys.platform == "linux":  # elsewhere what has loaded much may not fork
            job = json.loads(os.pread(pipes[0], os.fstat(pipes[0]).st_size, 0))
            tests = [t["source"] for q in job["questions"] for t in q["tests"]]
            prepare("\n".join(tests))
        if os.fork() == 0:
            line.close()
            _child(*pipes)
        for pipe in pipes:
            os.close(pipe)


def prepare(tests: str) -> None:
    """Import and load what tests name, and keep it: each child has it then."""
    for name in re.findall(r"^ *(?:from|import) ([\w.]+)", tests, re.M):
        with contextlib.suppress(ImportError):  # the test itself will say so
            importlib.import_module(name)
    if "grading.model(" in tests:
        model()
    if 'grading.model("smollm2")' in tests:
        model("smollm2")


def _child(job: int, ask: int, hear: int, tell: int) -> None:
    try:
        with os.fdopen(job) as file:
            told = json.load(file)
        for event in examine(told, Asked(ask, hear)):
            os.write(tell, json.dumps(_short(event)).encode() + b"\n")
    finally:
        os._exit(0)


def _short(value: Any) -> Any:
    """The same, with no long text in it and no long list."""
    if isinstance(value, dict):
        return {key: _short(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_short(one) for one in value[:50]]
    return value[:400] if isinstance(value, str) else value


if __name__ == "__main__":
    told = json.loads(sys.argv[1])
    confine(told["memory"], told["user"], told["tasks"])
    serve(socket.socket(fileno=told["line"]))
