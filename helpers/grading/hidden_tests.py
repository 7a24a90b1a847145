"""What the hidden tests of an assignment use; the same test serves two graders.

A test is a function `test_q1_something(env)`. It never looks into `env` itself:
`begin(env)` gives a Learner to ask and random numbers to ask with. Under otter `env`
is the dict of the learner's names, and the answers are made in the same process. Under
`scripts.grade` it is a Line to a process of the learner's own, which is asked for
values and knows nothing else. Either way an answer has been through `encoding`
before a test sees it, so that no object of the learner's takes part in a comparison.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from helpers.grading import encoding

if TYPE_CHECKING:
    import pandas as pd  # read where it is used: a submission starts sooner


class Wrong(AssertionError):
    """An answer that wins nothing, and why."""


class Line:
    """A way to a learner's process: text out, text back; the seed of a test; whose."""

    def __init__(
        self, send: Callable[[str], str], seed: Sequence[int], learner: str = ""
    ) -> None:
        self.send, self.seed, self.learner = send, list(seed), learner
        self.notes: list[str] = []


class Learner:
    """Asks a learner's code for values, and hands them on as plain data."""

    def __init__(self, send: Callable[[str], str], known: str = "") -> None:
        self._send, self._known = send, known

    @property
    def id(self) -> str:
        """Whose hand-in it is: as its file says, or else as its cells do."""
        return self._known or text(self.value("LEARNER"))

    def _ask(self, **request: Any) -> Any:
        reply = self._send(encoding.encode(request, outgoing=True))
        try:
            found = encoding.decode(reply)
        except ValueError as error:
            raise Wrong(f"the answer could not be read: {error}") from None
        if not isinstance(found, dict) or "value" not in found:
            found = found if isinstance(found, dict) else {}
            raise Wrong(str(found.get("error", "there was no answer")))
        return found["value"]

    def call(self, name: str, *args: Any, **kwargs: Any) -> Any:
        """What the learner's function `name` returns."""
        return self._ask(do="call", name=name, args=list(args), kwargs=kwargs)

    def value(self, name: str) -> Any:
        """The learner's variable `name`."""
        return self._ask(do="value", name=name)

    def run(self, code: str) -> None:
        """Run a line of the teacher's among the learner's names."""
        self._ask(do="run", name="", code=code)


def begin(env: Any) -> tuple[Learner, np.random.Generator]:
    """Whom a test asks, and the random numbers that it draws its questions from."""
    if isinstance(env, Line):
        return Learner(env.send, env.learner), np.random.default_rng(env.seed)
    return Learner(lambda request: answer(request, env)), np.random.default_rng()


def tell(env: Any, sentence: str) -> None:
    """Write a sentence into the teacher's notes; it costs nothing."""
    if isinstance(env, Line):
        env.notes.append(sentence)


def answer(request: str, names: dict[str, Any]) -> str:
    """The reply to one request, on the learner's side; never raises an Exception."""
    try:
        task = encoding.decode(request, names)
        if task["do"] == "run":
            exec(task["code"], names)
            return encoding.encode({"value": None})
        if task["name"] not in names:
            raise NameError(f"there is no {task['name']!r}")
        value = names[task["name"]]
        if task["do"] == "call":
            value = value(*task["args"], **task["kwargs"])
        return encoding.encode({"value": value})
    except (Exception, SystemExit) as error:
        return encoding.encode({"error": f"{type(error).__name__}: {error}"[:400]})


def compiled(source: str, name: str) -> Callable[[Any], None]:
    """The test `name` that a cell of a master defines."""
    found: dict[str, Any] = {}
    exec(compile(source, f"<{name}>", "exec"), found)
    return found[name]


def expect(condition: bool | np.bool_, sentence: str) -> None:
    """Raise Wrong with `sentence` unless the condition holds."""
    if not condition:
        raise Wrong(sentence)


def array(value: Any, shape: Sequence[int | None] | None = None) -> np.ndarray:
    """Numbers, all finite, as float64; `shape` may leave a size open with None."""
    if isinstance(value, list) and value and not isinstance(value[0], str):
        try:
            value = np.array(value)
        except ValueError:
            raise Wrong("a list whose rows differ in length is no array") from None
    good = isinstance(value, np.ndarray) and value.dtype.kind in "iuf"
    expect(good, f"expected an array of numbers, got {_kind(value)}")
    if shape is not None:
        fits = len(shape) == value.ndim and all(
            want in (None, size) for want, size in zip(shape, value.shape, strict=True)
        )
        expect(fits, f"expected the shape {tuple(shape)}, got {value.shape}")
    expect(bool(np.isfinite(value).all()), "some numbers are not finite")
    return value.astype(np.float64)


def number(value: Any) -> float:
    """One finite number; an array of one number counts, a truth value does not."""
    if isinstance(value, np.ndarray) and value.size == 1 and value.dtype.kind in "iuf":
        value = value.item()
    good = isinstance(value, int | float) and not isinstance(value, bool)
    expect(good, f"expected a number, got {_kind(value)}")
    expect(bool(np.isfinite(value)), f"{value} is not finite")
    return float(value)


def flag(value: Any) -> bool:
    """True or False and nothing else."""
    if isinstance(value, np.ndarray) and value.size == 1 and value.dtype.kind == "b":
        value = value.item()
    expect(isinstance(value, bool), f"expected True or False, got {_kind(value)}")
    return bool(value)


def text(value: Any) -> str:
    """One text."""
    expect(isinstance(value, str), f"expected a text, got {_kind(value)}")
    return str(value)


def names(value: Any) -> list[str]:
    """A list of texts."""
    good = isinstance(value, list) and all(isinstance(one, str) for one in value)
    expect(good, f"expected a list of texts, got {_kind(value)}")
    return list(value)


def table(value: Any, columns: Sequence[str]) -> pd.DataFrame:
    """A table that has these columns."""
    import pandas as pd

    expect(isinstance(value, pd.DataFrame), f"expected a table, got {_kind(value)}")
    lost = [name for name in columns if name not in value.columns]
    expect(not lost, f"the table lacks {lost}")
    return value[list(columns)]


def _kind(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"an array of {value.dtype} with shape {value.shape}"
    return f"{type(value).__name__} {str(value)[:60]!r}"


def close(got: Any, right: Any, tol: float = 1e-3, what: str = "the result") -> None:
    """Raise Wrong unless the arrays differ by at most `tol` of the right one's size."""
    right = np.asarray(right, dtype=np.float64)
    got = array(got, right.shape) if right.ndim else np.float64(number(got))
    gap = float(np.abs(got - right).max(initial=0))
    size = float(np.abs(right).max(initial=0))
    expect(
        gap <= tol * max(size, 1e-9),
        f"{what} is off by {gap:.3g}, where values go up to {size:.3g}",
    )


@functools.cache
def model(name: str = "tiny") -> Any:
    """The grader's own embedded model, or the open one ("smollm2")."""
    from helpers.models import load_model

    return load_model(name, device="cpu")


WHO = ("Ana", "Ben", "Chloe", "Dan", "Elif", "Finn", "Grace", "Hugo", "Ines", "Kemi")
DID = ("carried", "washed", "found", "left", "moved", "painted", "sold", "watched")
WHAT = ("the box", "a lamp", "two chairs", "the old map", "a bag of rice", "the coat")
WHERE = ("in the kitchen", "by the river", "on the bus", "at the market", "at school")
THEN = ("Then it rained.", "Nobody spoke.", "The door closed.", "A dog barked.")


def sentences(rng: np.random.Generator, n: int) -> list[str]:
    """`n` made-up texts of 6 to about 30 words, of different lengths."""

    def pick(words: Sequence[str]) -> str:
        return words[int(rng.integers(len(words)))]

    def one(count: int) -> str:
        parts = [
            f"{pick(WHO)} {pick(DID)} {pick(WHAT)} {pick(WHERE)}. {pick(THEN)}"
            for _ in range(count)
        ]
        return " ".join(parts)

    counts = rng.permutation([1 + i % 3 for i in range(n)])
    return [one(int(count)) for count in counts]
