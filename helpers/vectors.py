"""From mean activations to emotion vectors: the method of Sofroniew et al. (2026).

Mean over positions, mean per emotion, minus the mean of the emotion means, minus the
directions in which neutral texts vary most. Every step is a function of its own.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from safetensors import SafetensorError, safe_open
from torch import Tensor

from helpers.activations import mean_activations, residual_norm
from helpers.cache import write_file
from helpers.models import d_model, default_layer, default_start, model_name, n_layers


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


@dataclass(frozen=True)
class EmotionVectors:
    """Emotion vectors of one model at one layer, with what is needed to use them.

    `center` is the mean of the emotion means, `norm` the mean residual norm at the
    layer on the texts that were used; both in the units of the residual stream.
    """

    vectors: Float[Tensor, "e d"]
    emotions: tuple[str, ...]
    layer: int
    model: str
    norm: float
    center: Float[Tensor, " d"]
    start: int
    method: dict[str, Any] = field(default_factory=dict)

    def __getitem__(self, emotion: str) -> Float[Tensor, " d"]:
        if emotion not in self.emotions:
            near = difflib.get_close_matches(emotion, self.emotions, 3)
            hint = f": did you mean {', '.join(near)}?" if near else ""
            raise KeyError(f"no vector for {emotion!r}{hint}")
        return self.vectors[self.emotions.index(emotion)]

    def __len__(self) -> int:
        return len(self.emotions)

    @property
    def unit(self) -> Float[Tensor, "e d"]:
        """The vectors at length 1."""
        return self.vectors / self.vectors.norm(dim=-1, keepdim=True)

    def scores(
        self, activations: Float[Tensor, "*n d"], *, centered: bool = True
    ) -> Float[Tensor, "*n e"]:
        """How far activations reach along each vector, in units of the residual norm.

        The projection on the unit vector, after `center` is taken away (unless
        `centered` is off), divided by `norm`. Taught in chapter 03.
        """
        at = activations - self.center if centered else activations
        return at @ self.unit.T / self.norm

    def to_frame(self) -> pd.DataFrame:
        """A row for each emotion, a column for each dimension."""
        return pd.DataFrame(self.vectors.numpy(), index=list(self.emotions))

    def save(self, path: str | Path) -> Path:
        """Write a safetensors file that remembers model, layer, norm and method."""
        target = Path(path).with_suffix(".safetensors")
        about = {
            "emotions": list(self.emotions),
            "layer": self.layer,
            "model": self.model,
            "norm": self.norm,
            "start": self.start,
            "method": self.method,
        }
        tensors = {"vectors": self.vectors, "center": self.center}
        write_file(target, tensors, {"emotion_vectors": json.dumps(about)})
        return target

    @classmethod
    def load(cls, path: str | Path, model: Any = None) -> EmotionVectors:
        """Read what `save` wrote; with `model`, refuse vectors that do not fit it.

        Raises FileNotFoundError, or ValueError for a file that is no vector file or
        whose width, layer or model differs from `model`.
        """
        source = Path(path).with_suffix(".safetensors")
        if not source.exists():
            raise FileNotFoundError(f"no vector file {source}: save one with .save()")
        try:
            with safe_open(source, framework="pt") as file:
                about = json.loads((file.metadata() or {})["emotion_vectors"])
                tensors = {name: file.get_tensor(name) for name in file.keys()}
        except (SafetensorError, KeyError) as error:
            raise ValueError(f"{source} is no file of emotion vectors") from error
        about["emotions"] = tuple(about["emotions"])
        loaded = cls(**tensors, **about)
        if model is not None:
            loaded.check_fits(model)
        return loaded

    def check_fits(self, model: Any) -> None:
        """Raise ValueError unless these vectors belong to this model."""
        width, name = self.vectors.shape[-1], model_name(model)
        if width != d_model(model):
            raise ValueError(
                f"these vectors have width {width} (they are of {self.model}), but "
                f"{name} has d_model {d_model(model)}: extract vectors from {name}"
            )
        if not 0 <= self.layer < n_layers(model):
            raise ValueError(
                f"these vectors are of layer {self.layer}, but {name} has layers "
                f"0..{n_layers(model) - 1}"
            )
        if self.model != name:
            raise ValueError(
                f"these vectors are of {self.model}, not of {name}: a direction means "
                "nothing in another model (load without model= to look at them)"
            )


def extract(
    model: Any,
    stories: pd.DataFrame,
    neutral: Iterable[str] | None = None,
    layer: int | None = None,
    *,
    start: int | None = None,
    center: bool = True,
    denoise: float | None = 0.5,
    batch_size: int | None = None,
    progress: bool = True,
) -> EmotionVectors:
    """Emotion vectors of `stories` (columns emotion, text) at a layer.

    `center` off keeps the plain emotion means; `denoise` is the share of the variance
    of `neutral` whose components are taken out (None or 0: none are). `layer` and
    `start` None take the model's defaults.

    Raises ValueError if a column is missing, if there are fewer than two emotions, or
    if denoising is asked for without neutral texts.
    Source: Sofroniew et al. (2026), Methods. Taught in chapter 03.
    """
    check_stories(stories)
    texts = list(neutral) if neutral is not None else []
    if denoise and not texts:
        raise ValueError("denoise needs neutral texts: pass them, or denoise=None")
    depth = default_layer(model) if layer is None else layer
    first = default_start(model) if start is None else start
    options = {"start": first, "batch_size": batch_size, "progress": progress}
    means = mean_activations(model, stories["text"], depth, **options)
    vectors, emotions = difference_of_means(means, list(stories["emotion"]))
    index = stories["emotion"].to_numpy()
    middle = torch.stack([means[index == e].mean(0) for e in emotions]).mean(0)
    if not center:
        vectors, middle = vectors + middle, torch.zeros_like(middle)
    n_removed = 0
    if denoise:
        components = neutral_components(
            mean_activations(model, texts, depth, **options), denoise
        )
        vectors, n_removed = project_out(vectors, components), len(components)
    return EmotionVectors(
        vectors=vectors,
        emotions=emotions,
        layer=depth,
        model=model_name(model),
        norm=residual_norm(model, texts or stories["text"].head(100), depth),
        center=middle,
        start=first,
        method={"center": center, "denoise": denoise, "components": n_removed,
                "stories": len(stories)},
    )


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
