"""From mean activations to emotion vectors: the method of Sofroniew et al. (2026).

Mean over positions, mean per emotion, minus the mean of the emotion means, minus the
directions in which neutral texts vary most. Every step is a function of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from torch import Tensor

from helpers import cache
from helpers.activations import (
    check_layers,
    check_start,
    mean_activations,
    residual_norm,
)
from helpers.models import default_layer, load_neutral, model_name
from helpers.vectors.emotion_vectors import EmotionVectors
from helpers.vectors.reading import readers

VERSION = 1  # of the extraction; part of every key
NORM_TEXTS = 100  # stories that measure the residual norm where no text is neutral


def difference_of_means(
    means: Float[Tensor, "n d"], labels: Sequence[str]
) -> tuple[Float[Tensor, "e d"], tuple[str, ...]]:
    """Mean of each emotion minus the mean of the emotion means, and the emotions.

    Taught in chapter 03.
    """
    emotions = tuple(dict.fromkeys(labels))
    index = np.array(labels)
    per_emotion = torch.stack([means[index == e].mean(0) for e in emotions])
    return per_emotion - per_emotion.mean(0), emotions


def neutral_components(
    means: Float[Tensor, "n d"], share: float = 0.5
) -> Float[Tensor, "k d"]:
    """The fewest principal directions that hold `share` of the variance of `means`.

    Taught in chapter 03.
    """
    centered = means - means.mean(0)
    _, sizes, directions = torch.linalg.svd(centered, full_matrices=False)
    held = sizes.square().cumsum(0) / sizes.square().sum()
    k = int((held < share).sum()) + 1
    return directions[:k]


def project_out(
    vectors: Float[Tensor, "e d"], components: Float[Tensor, "k d"]
) -> Float[Tensor, "e d"]:
    """What is left of vectors when orthonormal components are taken out.

    Taught in chapter 03.
    """
    return vectors - vectors @ components.T @ components


def extract(
    model: Any,
    stories: pd.DataFrame,
    neutral: Iterable[str] | None = None,
    layer: int | None = None,
    *,
    start: int | None = None,
    center: bool = True,
    denoise: float | None = 0.5,
    reader: str | None = None,
    batch_size: int | None = None,
    progress: bool = True,
) -> EmotionVectors:
    """Emotion vectors of `stories` (columns emotion, text) at a layer.

    `center` off keeps the plain emotion means; `denoise` is the share of the variance
    of `neutral` whose components are taken out (None or 0: none are). `neutral`,
    `layer` and `start` None take the model's own. `reader`, "spread" or "lda", adds
    readers (see `readers`) that scores are read with.

    Raises ValueError if a column is missing, if there are fewer than two emotions, or
    if denoising is asked for with fewer than two neutral texts, or for a reader that
    is not known or has no spread to read.
    Source: Sofroniew et al. (2026), Methods. Taught in chapter 03.
    """
    check_stories(stories)
    if neutral is None:
        neutral = load_neutral(model) if denoise else ()
    texts = list(neutral)
    check_neutral(texts, denoise)
    (depth,), _ = check_layers(model, default_layer(model) if layer is None else layer)
    first = check_start(model, start)
    options: dict[str, Any] = dict(
        start=first, batch_size=batch_size, progress=progress
    )
    labels = list(stories["emotion"])
    how: dict[str, Any] = dict(center=bool(center), denoise=float(denoise or 0.0))
    read = [list(map(str, part)) for part in (stories["text"], texts, labels)]
    key = cache.shipped_key(model, "vectors", VERSION, read, depth, first, how, reader)

    def compute() -> dict[str, Tensor]:
        means = mean_activations(model, stories["text"], depth, **options)
        plain = mean_activations(model, texts, depth, **options) if denoise else None
        found = from_means(means, labels, plain, **how)
        if reader is not None:
            found["readers"] = readers(means, labels, found["vectors"], reader)
        size = residual_norm(model, texts or stories["text"].head(NORM_TEXTS), depth)
        return found | {"norm": torch.tensor(size)}

    found = cache.cached(key, compute)
    how["components"] = int(found["components"])
    how |= {"stories": len(stories), "neutral": len(texts)}
    return EmotionVectors(
        found["vectors"],
        tuple(dict.fromkeys(labels)),
        depth,
        model_name(model),
        float(found["norm"]),
        found["center"],
        first,
        how | ({"reader": reader} if reader else {}),
        found.get("readers"),
    )


def from_means(
    means: Float[Tensor, "n d"],
    labels: Sequence[str],
    plain: Float[Tensor, "m d"] | None,
    *,
    center: bool,
    denoise: float,
) -> dict[str, Tensor]:
    """Vectors of labelled means, what they are centered on, and what was taken out."""
    vectors, _ = difference_of_means(means, labels)
    middle, k = mean_of_means(means, labels), 0
    if not center:
        vectors, middle = vectors + middle, torch.zeros_like(middle)
    if plain is not None:
        components = neutral_components(plain, denoise)
        vectors, k = project_out(vectors, components), len(components)
    return {"vectors": vectors, "center": middle, "components": torch.tensor(k)}


def mean_of_means(
    means: Float[Tensor, "n d"], labels: Sequence[str]
) -> Float[Tensor, " d"]:
    """The mean of the emotion means: what `difference_of_means` takes away."""
    index = np.array(labels)
    emotions = dict.fromkeys(labels)
    return torch.stack([means[index == e].mean(0) for e in emotions]).mean(0)


def check_stories(stories: pd.DataFrame) -> None:
    """Raise ValueError unless stories have emotions and texts to compare."""
    if missing := {"emotion", "text"} - set(stories.columns):
        raise ValueError(
            f"stories lack the columns {sorted(missing)}: load_stories() has them"
        )
    n = stories["emotion"].nunique()
    if n < 2:
        raise ValueError(
            f"stories have {n} emotion(s): a difference of means needs two or more"
        )


def check_neutral(texts: Sequence[str], denoise: float | None) -> None:
    """Raise ValueError unless there are neutral texts enough for denoising."""
    if not denoise:
        return
    if not 0 < denoise < 1:
        raise ValueError(
            f"denoise is {denoise}: pass a share of variance between 0 and 1, or None"
        )
    if len(texts) < 2:
        raise ValueError(
            f"denoise needs two or more neutral texts, not {len(texts)}: pass them, "
            "or denoise=None"
        )
