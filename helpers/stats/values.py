"""What a function is given, as plain Python and finite: numbers, labels, columns.

A number that is missing, a label that is no word, half a token: each is refused with
the row where it stands, before it can look like a finding or like quiet.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray


def column(values: Any) -> list[Any]:
    """A list, a pandas column (whatever its index), an array or a tensor as a list."""
    if isinstance(values, torch.Tensor | np.ndarray):
        return list(values.tolist()) if values.ndim else [values.item()]
    return list(values)


def row_name(values: Any, at: int) -> str:
    """What a row is called in an error: its place, or its name in a pandas column."""
    named = values.index.tolist()[at] if isinstance(values, pd.Series) else at
    return f"row {named!r}"


def as_array(values: Any, name: str) -> NDArray[Any]:
    """Numbers, or a tensor of any kind, as float64; ValueError names what is none."""
    if isinstance(values, torch.Tensor):
        return np.asarray(values.detach().double().cpu().numpy())
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


def finite(values: Any, name: str) -> NDArray[Any]:
    """The values as float64, each of them finite.

    Raises ValueError for one that is missing, infinite or no number, naming the row.
    """
    numbers = as_array(values, name)
    if not (wrong := ~np.isfinite(numbers)).any():
        return numbers
    places = np.argwhere(wrong)
    first = int(places[0][0]) if numbers.ndim else 0
    where = f" ({row_name(values, first)} is the first)" if numbers.size > 1 else ""
    raise ValueError(
        f"{len(places)} of {numbers.size} {name} are not finite{where}: leave them "
        "out, or mend what made them"
    )


def present(values: Any, name: str) -> list[Any]:
    """Labels of any kind as a list; raises ValueError, naming the row, for a gap."""
    listed = column(values)
    for i, value in enumerate(listed):
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
