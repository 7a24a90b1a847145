"""Choices between two things while only one of them is pushed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float
from torch import Tensor

from helpers.behaviour.preferences import (
    ASK,
    letter_prompts,
    prefer_first,
    span_masks,
    split_push,
)


def both_ways(
    model: Any, firsts: Sequence[str], seconds: Sequence[str]
) -> pd.DataFrame:
    """Each choice asked in both orders, and what turns with the order and what stays.

    Columns `as it is` and `swapped` (the logit of A, in nats), `wanting` (toward the
    first: half their difference), `position` (half their sum), `mass` and `says A`, the
    mean of the two orders. Raises ValueError for unequally many. Taught in chapter 09.
    """
    pairs = list(zip(firsts, seconds, strict=True))
    asked = [ASK.format(a=a, b=b) for a, b in pairs]
    asked += [ASK.format(a=b, b=a) for a, b in pairs]
    found = prefer_first(model, asked)
    one, two = np.split(found["logit"].to_numpy(), 2)
    made = {"as it is": one, "swapped": two}
    made |= {"wanting": (one - two) / 2, "position": (one + two) / 2}
    for name, column in (("mass", "mass"), ("says A", "first")):
        made[name] = np.mean(np.split(found[column].to_numpy(), 2), axis=0)
    return pd.DataFrame(made)


def pushed_choices(
    model: Any,
    moved: Sequence[str],
    others: Sequence[str],
    directions: Float[Tensor, "r d"],
    *,
    strength: float,
    layer: int,
    norm: float,
) -> tuple[Float[np.ndarray, "r n"], Float[np.ndarray, "r n"]]:
    """Wanting and position: what each push does to each of `n` choices, in nats.

    Each activity of `moved` stands against the one of `others` at its place, in both
    orders, and is pushed at its own tokens alone; `split_push` says what the two are.
    Raises ValueError for unequally many. Taught in chapter 09.
    """
    n, names = len(moved), [*moved, *others]
    if len(others) != n:
        raise ValueError(f"{n} activities against {len(others)}: pass pairs")
    both = [pair for i in range(n) for pair in ((i, i + n), (i + n, i))]
    ask = [ASK.format(a=names[a], b=names[b]) for a, b in both]
    part = [names[min(pair)] for pair in both]
    where = span_masks(model, letter_prompts(model, ask), part)
    k = len(directions)
    after = prefer_first(
        model,
        ask * k,
        vector=directions.repeat_interleave(len(ask), dim=0),
        strength=strength,
        layer=layer,
        norm=norm,
        where=where.repeat(k, 1),
    )["logit"]
    before = prefer_first(model, ask)["logit"]
    pairs = pd.DataFrame(both, columns=["a", "b"])
    rows = np.split(after.to_numpy(), k)
    split = [split_push(pairs, before, one, range(n)) for one in rows]
    wanting, position = (
        np.array([one[what] for one in split]) for what in ("wanting", "position")
    )
    return wanting, position
