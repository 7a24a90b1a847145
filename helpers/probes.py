"""How well directions tell held-out texts apart."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor


def margins(
    rows: Float[Tensor, "n d"],
    directions: Float[Tensor, "e d"],
    names: Sequence[str],
    truth: Sequence[str],
) -> Float[Tensor, " n"]:
    """Cosine with the own direction minus the best cosine with another one.

    Above 0 the nearest direction is the right one. Taught in chapter 02.
    """
    unit = directions / directions.norm(dim=-1, keepdim=True)
    cosines = rows @ unit.T / rows.norm(dim=-1, keepdim=True)
    own = torch.tensor([list(names).index(name) for name in truth])[:, None]
    mine = cosines.gather(1, own).squeeze(1)
    others = cosines.scatter(1, own, -torch.inf).amax(1)
    return mine - others
