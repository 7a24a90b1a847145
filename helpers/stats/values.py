"""What a function is given, as plain Python and finite: numbers, labels, columns.

A number that is missing, a label that is no word, half a token: each is refused with
the row where it stands, before it can look like a finding or like quiet.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from jaxtyping import Float
from torch import Tensor

# What a user passes is checked here, with a sentence for what does not fit:
Whole: TypeAlias = Any  # a whole number
Number: TypeAlias = Any  # a number
Column: TypeAlias = Any  # a list, a pandas column, an array


def column(values: Any) -> list[Any]:
    """A list, a pandas column (whatever its index), an array or a tensor as a list.

    A single word or number is a list of one.
    """
    if isinstance(values, str | int | float):
        return [values]
    if isinstance(values, Tensor | np.ndarray):
        return list(values.tolist()) if values.ndim else [values.item()]
    return list(values)


def row_name(values: Any, at: int, names: Sequence[str] | None = None) -> str:
    """What a row is called in an error: its place, or its name where it has one."""
    named = values.index.tolist() if isinstance(values, pd.Series) else names
    return f"row {at if named is None else named[at]!r}"


def as_array(values: Any, name: str) -> np.ndarray:
    """Numbers, or a tensor of any kind, as float64; ValueError names what is none."""
    if isinstance(values, Tensor):
        return np.asarray(values.detach().cpu().double().numpy())
    try:
        return np.asarray(values, dtype=float)
    except (TypeError, ValueError) as error:
        for i, value in enumerate(column(values)):
            try:
                float(value)
            except (TypeError, ValueError):
                raise ValueError(
                    f"{name}: {row_name(values, i)} is {value!r}, not a number: leave "
                    "it out, or mend what made it"
                ) from error
        raise ValueError(f"{name} are no numbers: {error}") from error


def finite(values: Any, name: str, names: Sequence[str] | None = None) -> np.ndarray:
    """The values as float64, each of them finite.

    Raises ValueError for one that is missing, infinite or no number, naming the row
    (by `names`, where there are such).
    """
    numbers = as_array(values, name)
    if not (wrong := ~np.isfinite(numbers)).any():
        return numbers
    places = np.argwhere(wrong)
    first = int(places[0][0]) if numbers.ndim else 0
    where = (
        f" ({row_name(values, first, names)} is the first)" if numbers.size > 1 else ""
    )
    raise ValueError(
        f"{len(places)} of {numbers.size} {name} are not finite{where}: leave them "
        "out, or mend what made them"
    )


def as_directions(
    rows: Float[Tensor, "n d"], name: str, names: Sequence[str] | None = None
) -> Float[Tensor, "n d"]:
    """The rows at length 1, in float32.

    Raises ValueError for a row that is zero or not finite, naming it.
    """
    finite(rows, name, names)
    sizes = rows.float().norm(dim=-1, keepdim=True)
    if (nothing := sizes[:, 0] == 0).any():
        row = row_name(rows, int(nothing.nonzero()[0]), names)
        raise ValueError(f"{name}: {row} is zero, so it has no direction")
    return rows.float() / sizes


def present(values: Any, name: str) -> list[Any]:
    """Labels of any kind as a list; raises ValueError, naming the row, for a gap."""
    listed = column(values)
    for i, value in enumerate(listed):
        if isinstance(value, str):  # most are, and to ask numpy takes long
            continue
        if np.ndim(value) == 0 and pd.isna(value):
            raise ValueError(f"{name}: {row_name(values, i)} is missing ({value!r})")
    return listed


def words(values: Iterable[Any], name: str) -> list[str]:
    """Labels that are words, as a list; raises ValueError, naming the row, for others.

    A column read from a file turns an empty cell into a number that is none.
    """
    listed = present(values, name)
    for i, value in enumerate(listed):
        if not isinstance(value, str) or not value.strip():
            raise ValueError(f"{name}: {row_name(values, i)} is {value!r}, not a word")
    return [str(value) for value in listed]
