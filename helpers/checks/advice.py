"""How a check runs: stages that stop at the first failure, and say what to look at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from torch import Tensor


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


def expect(condition: bool | np.bool_, advice: str) -> None:
    if not condition:
        raise Advice(advice)


def as_tensor(value: Any, what: str) -> Tensor:
    expect(
        isinstance(value, Tensor),
        f"{what} should be a tensor, and is a {type(value).__name__}.",
    )
    return value.detach().float().cpu()


def same(a: Tensor, b: Tensor, loose: float = 1e-4) -> bool:
    return a.shape == b.shape and bool(
        (a - b).abs().max() <= loose * (1 + b.abs().max())
    )
