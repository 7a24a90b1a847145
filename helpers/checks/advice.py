"""How a check runs: stages that stop at the first failure, and say what to look at."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Sequence
from typing import Any, ParamSpec

import numpy as np
from torch import Tensor

P = ParamSpec("P")


class Advice(Exception):
    """What a learner should look at next."""


def staged(name: str, steps: Callable[[], None]) -> bool:
    """Run a check's stages; print what passed or the first advice."""
    try:
        steps()
    except NotImplementedError:
        print(f"{name}: not written yet. Fill in the function and run again.")
    except Advice as advice:
        print(f"{name}: not yet. {advice}")
    except Exception as error:  # whatever a learner's code raises is advice too
        print(f"{name}: your function stopped with {type(error).__name__}: {error}")
    else:
        print(f"{name}: passed.")
        return True
    return False


def check(name: str = "") -> Callable[[Callable[P, None]], Callable[P, bool]]:
    """Make a check of a function that goes through its stages; it never raises.

    What passed, or the first advice, is printed under `name` (its own by default); the
    check returns whether all stages passed.
    """

    def made(stages: Callable[P, None]) -> Callable[P, bool]:
        @functools.wraps(stages)
        def run(*given: P.args, **options: P.kwargs) -> bool:
            return staged(name or stages.__name__, lambda: stages(*given, **options))

        return run

    return made


def expect(condition: bool | np.bool_, advice: str) -> None:
    if not condition:
        raise Advice(advice)


def as_tensor(value: Any, what: str) -> Tensor:
    expect(
        isinstance(value, Tensor),
        f"{what} should be a tensor, and is a {type(value).__name__}.",
    )
    return value.detach().float().cpu()


def returned(value: Any) -> float:
    """A number, or the advice that there is none."""
    expect(value is not None, "It returned nothing: is there a `return`?")
    return float(value)


def same(a: Tensor, b: Tensor, loose: float = 1e-4) -> bool:
    return a.shape == b.shape and bool(
        (a - b).abs().max() <= loose * (1 + b.abs().max())
    )


def shaped(got: Tensor, shape: Sequence[int], axes: str) -> None:
    """Expect a shape, and name its axes where it is another."""
    expect(
        got.shape == tuple(shape),
        f"The shape should be {axes} = {tuple(shape)}, and is {tuple(got.shape)}.",
    )


def holds(value: Any, n: int) -> bool:
    """Whether a value is a row of `n` things."""
    return isinstance(value, tuple | list | np.ndarray) and len(value) == n


def lettered(found: Any, right: dict[str, Any], known: Collection[Any]) -> None:
    """Expect for each letter of `right` one of the answers that are known."""
    expect(
        isinstance(found, dict) and set(found) == set(right),
        f"Return a dictionary with just the keys {', '.join(right)}.",
    )
    for letter, said in found.items():
        told = ", ".join(map(str, known))
        expect(said in known, f"{letter} is {said!r}: say one of {told}.")


def matched(
    found: Any, right: dict[str, Any], known: Collection[Any], look: dict[str, str]
) -> None:
    """Expect the right answer for each letter.

    Says how many are right, and what to look at in the first that is not.
    """
    lettered(found, right, known)
    wrong = [letter for letter in right if found[letter] != right[letter]]
    if wrong:
        told = f"{len(right) - len(wrong)} of {len(right)} right."
        raise Advice(f"{told} Look at {wrong[0]} again: {look[wrong[0]]}")
