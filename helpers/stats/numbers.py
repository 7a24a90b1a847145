"""Numbers as they are handed over: of numpy, torch or plain, one conversion for all."""

from __future__ import annotations

import math
from collections.abc import Collection
from operator import index
from typing import Any

SHOWN = 60  # characters of a value in an error


def whole(value: Any, name: str, *, least: int | None = None) -> int:
    """A whole number as int: numpy's and torch's scalars and 0-d arrays are, too.

    Raises ValueError for anything else (2.5, 2.0, True, "2"), or below `least`.
    """
    try:
        found = index(single(value))
    except (TypeError, ValueError, RuntimeError):
        raise ValueError(
            f"{name} {brief(value)} is not a whole number: pass one, such as "
            f"{least or 1}"
        ) from None
    if least is not None and found < least:
        raise ValueError(f"{name} is {found}: pass {least} or more")
    return found


def number(
    value: Any,
    name: str,
    *,
    least: float | int | None = None,
    above: float | int | None = None,
    finite: bool = True,
) -> float:
    """A number as float: numpy's and torch's scalars and 0-d arrays are, too.

    Raises ValueError for what is no number or NaN, for an infinite one unless `finite`
    is off, and for one below `least` or not `above`.
    """
    try:
        found = float(single(value))
    except (TypeError, ValueError, RuntimeError, OverflowError):
        raise ValueError(f"{name} {brief(value)} is not a number: pass one") from None
    if math.isnan(found) or (finite and math.isinf(found)):
        raise ValueError(f"{name} is {found}: pass a finite number")
    if least is not None and found < least:
        raise ValueError(f"{name} is {found}: pass {least} or more")
    if above is not None and found <= above:
        raise ValueError(f"{name} is {found}: pass more than {above}")
    return found


def one_of(name: str, value: Any, known: Collection[Any]) -> None:
    """Raise ValueError unless a value is one of those that are known."""
    if value not in known:
        told = ", ".join(map(str, known))
        raise ValueError(f"{name} is {brief(value)}: pass one of {told}")


def told_p(p: float) -> str:
    """A p-value as a sentence holds it: "p = 0.012", or "p < 0.001"."""
    return "p < 0.001" if p < 0.0005 else f"p = {p:.3f}"


def brief(value: Any) -> str:
    """A value as an error shows it: one line, however much it is."""
    shown = " ".join(repr(value).split())
    return shown if len(shown) <= SHOWN else f"{shown[:SHOWN]} ..."


def single(value: Any) -> Any:
    """The value itself; raises TypeError for a flag, a text, or several values."""
    plain = value.item() if hasattr(value, "item") else value
    if isinstance(plain, bool | str | bytes) or getattr(value, "ndim", 0) != 0:
        raise TypeError(f"{value!r} is not one number")
    return value
