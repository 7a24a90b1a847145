"""Rulers: ways to hold a row against emotion means, as a reading of each emotion.

What looks like a worse model may be a worse ruler: a few dimensions of huge spread rule
a cosine. So a rival gets the same rulers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from helpers.stats import finite, present
from helpers.vectors.extraction import difference_of_means, mean_of_means
from helpers.vectors.probes import cosine_scores
from helpers.vectors.transfer import map_rows


@dataclass(frozen=True, eq=False)
class Ruler:
    """Emotion vectors with a way to hold rows against them.

    `weights` "d e" gives a linear score; None takes cosines, with each dimension
    divided by `spread` first.
    """

    emotions: tuple[str, ...]
    center: Float[Tensor, " d"]
    vectors: Float[Tensor, "e d"]
    spread: Float[Tensor, " d"]
    weights: Float[Tensor, "d e"] | None = None

    def scores(
        self, rows: Float[Tensor, "n d"], center: Float[Tensor, " d"] | None = None
    ) -> Float[Tensor, "n e"]:
        """The reading of each emotion: the largest is the nearest.

        Texts of another kind than the vectors come from need their own `center`.
        """
        at = rows - (self.center if center is None else center)
        if self.weights is None:
            return cosine_scores(at / self.spread, self.vectors / self.spread)
        own = (self.vectors * self.weights.T).sum(-1)
        return at @ self.weights - own / 2

    def named(self, rows: Float[Tensor, "n d"]) -> list[str]:
        """The emotion that each row is nearest to."""
        return [self.emotions[i] for i in self.scores(rows).argmax(1).tolist()]


def rulers(
    means: Float[Tensor, "n d"], labels: Sequence[str], *, ridge: float = 1.0
) -> dict[str, Ruler]:
    """Three rulers from mean activations of labelled texts.

    `cosine` with the centered means (the paper's way); `scaled`, each dimension divided
    by its standard deviation; `ridge LDA`, Fisher's discriminant with the covariance
    pooled within emotions plus `ridge` times its mean variance.
    """
    vectors, emotions = difference_of_means(means, labels)
    center = mean_of_means(means, labels)
    place = torch.tensor([emotions.index(label) for label in labels])
    within = (means - center - vectors[place]).double()
    pooled = within.T @ within / len(means)
    level = float(pooled.diagonal().mean())
    pooled += ridge * level * torch.eye(len(pooled))
    weights = torch.linalg.solve(pooled, vectors.T.double()).float()
    flat = torch.ones_like(center)
    spread = means.std(0).clamp(min=1e-6 * level**0.5)
    return {
        "cosine": Ruler(emotions, center, vectors, flat),
        "scaled": Ruler(emotions, center, vectors, spread),
        "ridge LDA": Ruler(emotions, center, vectors, flat, weights),
    }


def left_out_ridge(
    rows: Float[Tensor, "n d"],
    ratings: Float[Any, "n ..."],
    groups: Any,
    *,
    ridge: float = 1.0,
) -> Float[Tensor, "n ..."]:
    """Ratings of each row, one or `k`, from a ridge fit on the rows of other groups.

    An axis of ratings that is no principal one; leave out whole clusters, since like
    emotions have like vectors and like ratings. Raises ValueError for one group only,
    and for a number that is not finite. Taught in chapter 06.
    """
    names = np.asarray(present(groups, "groups"))
    target = torch.from_numpy(finite(ratings, "ratings")).float()
    if len(np.unique(names)) < 2:
        raise ValueError("all rows are of one group: there is none to fit on")
    columns = target.reshape(len(target), -1)
    found = torch.zeros_like(columns)
    for name in np.unique(names):
        out = torch.from_numpy(names == name)
        found[out] = map_rows(rows[~out], columns[~out], rows[out], ridge=ridge)
    return found.view_as(target)
