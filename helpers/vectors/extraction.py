"""From mean activations to emotion vectors: the method of Sofroniew et al. (2026).

Mean over positions, mean per emotion, minus the mean of the emotion means, minus the
directions in which neutral texts vary most. Every step is a function of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import Any, TypeVar, cast

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
from helpers.stats import Number, Whole, column, finite, number, words
from helpers.vectors.emotion_vectors import EmotionVectors
from helpers.vectors.reading import readers

VERSION = 1  # of the extraction; part of every key
ROUNDING = 1e-5  # of the length of means, in 32 bits
LEAST = 1e-3  # of the mean norm, for a vector: rounding in 16 bits is under half
NORM_TEXTS = 100  # stories that measure the residual norm where no text is neutral


Function = TypeVar("Function", bound=Callable[..., Any])


def first(check: Callable[..., Any]) -> Callable[[Function], Function]:
    """A function that asks `check` about what it is given, and takes what it returns.

    So a body stays what a chapter teaches.
    """

    def guarded(function: Function) -> Function:
        @wraps(function)
        def call(means: Any, *given: Any, **named: Any) -> Any:
            return function(means, *check(means, *given, **named))

        return cast(Function, call)

    return guarded


def labels_of(means: Float[Tensor, "n d"], labels: Iterable[Any]) -> list[list[str]]:
    """The labels as words, one for each mean; ValueError names a row that has none.

    Or a row of the means that is not finite.
    """
    named = words(labels, "emotion")
    finite(means, "numbers in the means")
    if len(named) != len(means):
        raise ValueError(f"{len(named)} labels for {len(means)} texts: pass one each")
    return [named]


def finite_ones(
    vectors: Float[Tensor, "e d"], components: Float[Tensor, "k d"]
) -> list[Any]:
    """The components; ValueError names a row, of these or the vectors, not finite."""
    finite(vectors, "numbers in the vectors")
    finite(components, "numbers in the components")
    return [components]


def share_of(means: Float[Tensor, "n d"], share: float = 0.5) -> list[float]:
    """The share, if the means vary by more than rounding; ValueError if they do not."""
    finite(means, "numbers in the means of neutral texts")
    if (means - means.mean(0)).norm() <= ROUNDING * means.norm():
        raise ValueError(
            f"the {len(means)} neutral texts are all alike: they vary in no direction. "
            "Pass different ones, or denoise=None"
        )
    return [share]


@first(labels_of)
def difference_of_means(
    means: Float[Tensor, "n d"], labels: Sequence[str]
) -> tuple[Float[Tensor, "e d"], tuple[str, ...]]:
    """Mean of each emotion minus the mean of the emotion means, and the emotions.

    Raises ValueError for a label that is missing or no word. Taught in chapter 03.
    """
    emotions = tuple(dict.fromkeys(labels))
    index = np.array(labels)
    per_emotion = torch.stack([means[index == e].mean(0) for e in emotions])
    return per_emotion - per_emotion.mean(0), emotions


@first(share_of)
def neutral_components(
    means: Float[Tensor, "n d"], share: float = 0.5
) -> Float[Tensor, "k d"]:
    """The fewest principal directions that hold `share` of the variance of `means`.

    Raises ValueError where they do not vary, but for rounding. Taught in chapter 03.
    """
    centered = means - means.mean(0)
    _, sizes, directions = torch.linalg.svd(centered, full_matrices=False)
    held = sizes.square().cumsum(0) / sizes.square().sum()
    k = int((held < share).sum()) + 1
    return directions[:k]


@first(finite_ones)
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
    layer: Whole | None = None,
    *,
    start: Whole | None = None,
    denoise: Number | None = 0.5,
    reader: str | None = None,
    batch_size: Whole | None = None,
    progress: bool = True,
) -> EmotionVectors:
    """Emotion vectors of `stories` (columns emotion, text) at a layer.

    `denoise` is the share of the variance of `neutral` whose components are taken out
    (None or 0: none are). `neutral`, `layer` and `start` None take the model's own.
    `reader`, "spread" or "lda", adds readers (see `readers`) that scores are read with.

    Raises ValueError if a column is missing, for an emotion that is missing or no word
    (by its row), for fewer than two emotions, if denoising is asked for with fewer than
    two different neutral texts, for an emotion of which no direction is left, and for a
    reader that is not known or has no spread to read.
    Source: Sofroniew et al. (2026), Methods. Taught in chapter 03.
    """
    labels = check_stories(stories)
    denoise = None if denoise is None else number(denoise, "denoise")
    if neutral is None:
        neutral = load_neutral(model) if denoise else ()
    texts = column(neutral)
    check_neutral(texts, denoise)
    (depth,), _ = check_layers(model, default_layer(model) if layer is None else layer)
    first = check_start(model, start)
    options: dict[str, Any] = dict(
        start=first, batch_size=batch_size, progress=progress
    )
    how: dict[str, Any] = dict(center=True, denoise=float(denoise or 0.0))
    read = [list(map(str, part)) for part in (stories["text"], texts, labels)]
    key = cache.shipped_key(model, "vectors", VERSION, read, depth, first, how, reader)

    def compute() -> dict[str, Tensor]:
        means = mean_activations(model, stories["text"], depth, **options)
        plain = mean_activations(model, texts, depth, **options) if denoise else None
        found = from_means(means, labels, plain, how["denoise"])
        if reader is not None:
            found["readers"] = readers(means, labels, found["vectors"], reader)
        size = residual_norm(model, texts or stories["text"].head(NORM_TEXTS), depth)
        return found | {"norm": torch.tensor(size)}

    found = cache.cached(key, compute)
    how["components"] = int(found["components"])
    how |= {"stories": len(stories), "neutral": len(texts)}
    emotions, norm = tuple(dict.fromkeys(labels)), float(found["norm"])
    check_sizes(found["vectors"], emotions, norm)
    how |= {"reader": reader} if reader else {}
    name, places = model_name(model), (found["center"], first)
    made = EmotionVectors(
        found["vectors"],
        emotions,
        depth,
        name,
        norm,
        *places,
        how,
        found.get("readers"),
    )
    made.check()
    return made


def from_means(
    means: Float[Tensor, "n d"],
    labels: Sequence[str],
    plain: Float[Tensor, "m d"] | None,
    denoise: float,
) -> dict[str, Tensor]:
    """Vectors of labelled means, what they are centered on, and what was taken out."""
    vectors, _ = difference_of_means(means, labels)
    middle, k = mean_of_means(means, labels), 0
    if plain is not None:
        components = neutral_components(plain, denoise)
        vectors, k = project_out(vectors, components), len(components)
    return {"vectors": vectors, "center": middle, "components": torch.tensor(k)}


@first(labels_of)
def mean_of_means(
    means: Float[Tensor, "n d"], labels: Sequence[str]
) -> Float[Tensor, " d"]:
    """The mean of the emotion means: what `difference_of_means` takes away."""
    index = np.array(labels)
    emotions = dict.fromkeys(labels)
    return torch.stack([means[index == e].mean(0) for e in emotions]).mean(0)


def check_sizes(
    vectors: Float[Tensor, "e d"], emotions: Sequence[str], norm: float
) -> None:
    """Raise ValueError for a vector that is zero but for rounding."""
    sizes = vectors.norm(dim=-1)
    for emotion, size in zip(emotions, sizes.tolist(), strict=True):
        if size <= LEAST * norm:
            raise ValueError(
                f"{emotion!r} has no direction: its vector's length is {size:.1g}, "
                f"which is rounding beside a residual norm of {norm:.3g}. Are its "
                "texts those of the other emotions, or are neutral texts stories?"
            )


def check_stories(stories: pd.DataFrame) -> list[str]:
    """The emotion of each story; raises ValueError for what cannot be compared."""
    if missing := {"emotion", "text"} - set(stories.columns):
        raise ValueError(
            f"stories lack the columns {sorted(missing)}: load_stories() has them"
        )
    labels = words(stories["emotion"], "emotion")
    if (n := len(set(labels))) < 2:
        raise ValueError(
            f"stories have {n} emotion(s): a difference of means needs two or more"
        )
    return labels


def check_neutral(texts: Sequence[str], denoise: float | None) -> None:
    """Raise ValueError unless there are neutral texts enough for denoising."""
    if not denoise:
        return
    if not 0 < denoise < 1:
        raise ValueError(
            f"denoise is {denoise}: pass a share of variance between 0 and 1, or None"
        )
    if (n := len(set(texts))) < 2:
        raise ValueError(
            f"denoise needs two or more neutral texts, not {n} (copies not counted): "
            "pass them, or denoise=None"
        )
