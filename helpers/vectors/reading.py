"""Readers: what tells an emotion apart, beside the one direction that pushes.

A direction that separates the means is not the best to read with where activations
spread unevenly: a reader weighs it by how stories of one emotion spread.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float
from sklearn.covariance import ledoit_wolf
from torch import Tensor

from helpers.stats import finite, one_of

READERS = ("spread", "lda")
FLOOR = 1e-9  # of the mean variance: for a dimension that does not vary


def readers(
    means: Float[Tensor, "n d"],
    labels: Sequence[str],
    vectors: Float[Tensor, "e d"],
    kind: str = "lda",
) -> Float[Tensor, "e d"]:
    """A reader for each vector: scores along it have spread 1 within an emotion.

    `spread` divides each dimension by its variance within emotions; `lda` goes on to
    how dimensions vary together, shrunk as far as the data ask (Ledoit and Wolf, 2004),
    as linear discriminant analysis does. Raises ValueError for another kind, with one
    text for each emotion, or for a mean that is not finite.
    """
    one_of("reader", kind, READERS)
    index, names = np.array(labels), dict.fromkeys(labels)
    free = len(means) - len(names)
    if free < 1:
        raise ValueError(
            f"{len(means)} texts of {len(names)} emotions have no spread within an "
            "emotion: a reader needs two texts or more of some"
        )
    finite(means, "numbers in the means")
    rest = torch.cat([means[index == e] - means[index == e].mean(0) for e in names])
    rest = rest.double() * (len(means) / free) ** 0.5  # an emotion's mean took one each
    variance = rest.square().mean(0)
    sizes = (variance + FLOOR * variance.mean()).sqrt()
    weighed = vectors.double() / sizes
    if kind == "lda":
        shrunk, _ = ledoit_wolf((rest / sizes).numpy(), assume_centered=True)
        weighed = torch.linalg.solve(torch.from_numpy(shrunk), weighed.T).T
    weighed = weighed / sizes
    spread = (weighed * vectors.double()).sum(-1, keepdim=True).sqrt()
    return (weighed / spread).float()
