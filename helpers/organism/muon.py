"""Muon in 32 bits, for the matrices inside the blocks.

`torch.optim.Muon` orthogonalizes in bfloat16, which a CPU without such units emulates
a hundred times slower. Matrices of one shape are treated as one batch.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import torch
from jaxtyping import Float
from torch import Tensor

QUINTIC = (3.4445, -4.7750, 2.0315)  # Jordan et al. 2024, steepest at zero


def orthogonal(matrices: Float[Tensor, "n a b"], steps: int = 5) -> Tensor:
    """Push the singular values of each matrix towards 1 (Newton-Schulz)."""
    tall = matrices.size(1) > matrices.size(2)
    x = matrices.mT if tall else matrices
    x = x / x.norm(dim=(1, 2), keepdim=True).clamp(min=1e-7)
    a, b, c = QUINTIC
    for _ in range(steps):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.mT if tall else x


class Muon(torch.optim.Optimizer):
    """Momentum, orthogonalized; rates match AdamW's by the root mean square.

    Source: Jordan et al. 2024 (Muon); Liu et al. 2025 for the factor of the rate.
    """

    def __init__(
        self,
        params: Iterable[Tensor],
        *,
        lr: float = 1.0,
        momentum: float = 0.95,
        weight_decay: float = 0.01,
    ) -> None:
        super().__init__(
            params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay}
        )

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Take one step; gradients are read, not changed."""
        for group in self.param_groups:
            shapes: dict[torch.Size, list[Tensor]] = defaultdict(list)
            for p in group["params"]:
                if p.grad is not None:
                    shapes[p.shape].append(p)
            for shape, params in shapes.items():
                moved = torch.stack([self.moved(p, group["momentum"]) for p in params])
                rate = group["lr"] * 0.2 * max(shape) ** 0.5
                for p, update in zip(params, orthogonal(moved), strict=True):
                    p.mul_(1 - group["lr"] * group["weight_decay"])
                    p.add_(update, alpha=-rate)

    def moved(self, p: Tensor, momentum: float) -> Tensor:
        """The gradient after Nesterov momentum."""
        assert p.grad is not None
        state = self.state[p]
        if "momentum" not in state:
            state["momentum"] = torch.zeros_like(p)
        mean = state["momentum"].lerp_(p.grad, 1 - momentum)
        return p.grad.lerp(mean, momentum)
