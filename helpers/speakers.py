"""What a model holds while each of two people speaks.

Source: Sofroniew et al. (2026), Part 13. Taught in chapter 07.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from torch import Tensor

from helpers.reading import span_means


def speaker_means(
    model: Any, dialogues: pd.DataFrame, layer: int
) -> dict[str, Float[Tensor, "n d"]]:
    """Mean residual stream over the turns of the `first` and the `second` speaker.

    `dialogues` has the columns text and turns (speaker, first character, end), as
    `load_dialogues` gives them. Each turn counts the same, however long it is, and
    dialogues may differ in their number of turns. Raises ValueError for a dialogue in
    which one of the two says nothing. Taught in chapter 07.
    """
    counts = dialogues["turns"].map(len).to_numpy()
    if (counts < 2).any():
        raise ValueError("a dialogue has fewer than two turns: both must speak")
    rows: dict[str, list[Tensor]] = {"first": [], "second": []}
    order = []
    for n in np.unique(counts):
        place = np.flatnonzero(counts == n)
        some = dialogues.iloc[place]
        spans = [[(start, end) for _, start, end in own] for own in some["turns"]]
        said = span_means(model, list(some["text"]), spans, layer)
        rows["first"].append(said[:, 0::2].mean(1))
        rows["second"].append(said[:, 1::2].mean(1))
        order.append(place)
    back = torch.from_numpy(np.argsort(np.concatenate(order)))
    return {name: torch.cat(parts)[back] for name, parts in rows.items()}
