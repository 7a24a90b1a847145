"""Emotion vectors with what is needed to use them, save them and load them again."""

from __future__ import annotations

import difflib
import json
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from jaxtyping import Float
from safetensors import SafetensorError, safe_open
from torch import Tensor

from helpers.cache import write_file
from helpers.models import d_model, model_name, n_layers
from helpers.stats import (
    Number,
    Whole,
    as_directions,
    column,
    finite,
    number,
    whole,
    words,
)

TENSORS = ("vectors", "center")


@dataclass(frozen=True, eq=False)
class EmotionVectors:
    """Emotion vectors of one model at one layer, with what is needed to use them.

    `center` is the mean of the emotion means, `norm` the mean residual norm at the
    layer on the texts that were used; both in the units of the residual stream.
    Tensors of any device and precision become float32 on the CPU, numbers Python's.
    What reads, saves or loads them raises ValueError, naming the emotion, for a vector
    that is zero or not finite.
    `readers`, if there are any, are what scores are read with; vectors always push.
    """

    vectors: Float[Tensor, "e d"]
    emotions: tuple[str, ...]
    layer: Whole
    model: str
    norm: Number
    center: Float[Tensor, " d"]
    start: Whole
    method: dict[str, Any] = field(default_factory=dict)
    readers: Float[Tensor, "e d"] | None = None

    def __post_init__(self) -> None:
        own: dict[str, Any] = {
            n: getattr(self, n).detach().float().cpu()
            for n in (*TENSORS, *(["readers"] if self.readers is not None else []))
        }
        own |= {n: whole(getattr(self, n), n) for n in ("layer", "start")}
        own |= {"norm": float(self.norm), "emotions": tuple(column(self.emotions))}
        for name, value in own.items():
            object.__setattr__(self, name, value)

    def check(self) -> None:
        """Raise ValueError for what is no direction, no unit or no name."""
        as_directions(self.vectors, f"vectors of {self.model}", self.emotions)
        finite(self.center, "dimensions of the center")
        names = words(self.emotions, "emotions")
        if len(names) != len(self.vectors) or len(set(names)) != len(names):
            raise ValueError(
                f"{len(self.vectors)} vectors with the names {names}: pass one each, "
                "all different"
            )
        if not number(self.norm, "norm") > 0:
            raise ValueError(f"norm is {self.norm}: pass a mean norm above 0")

    def __getitem__(self, emotion: str) -> Float[Tensor, " d"]:
        if emotion not in self.emotions:
            near = difflib.get_close_matches(emotion, self.emotions, 3)
            hint = f": did you mean {', '.join(near)}?" if near else ""
            raise KeyError(f"no vector for {emotion!r}{hint}")
        return self.vectors[self.emotions.index(emotion)]

    def __iter__(self) -> Iterator[str]:
        return iter(self.emotions)

    def __len__(self) -> int:
        return len(self.emotions)

    @property
    def unit(self) -> Float[Tensor, "e d"]:
        """The vectors at length 1."""
        return as_directions(self.vectors, f"vectors of {self.model}", self.emotions)

    def scores(
        self, activations: Float[Tensor, "*n d"], *, centered: bool = True
    ) -> Float[Tensor, "*n e"]:
        """How far activations reach along each vector, in units of the residual norm.

        The projection on the unit vector, after `center` is taken away (unless
        `centered` is off), divided by `norm`. With `readers` it is how far they reach
        along these, in units of the spread within an emotion. Raises ValueError, naming
        the row, for activations that are not finite. Taught in chapter 03.
        """
        self.check()
        finite(activations, "numbers of the activations")
        at = activations.float()
        at = at - self.center.to(at.device) if centered else at
        if self.readers is not None:
            return at @ self.readers.to(at.device).T
        return at @ self.unit.to(at.device).T / self.norm

    def to_frame(self) -> pd.DataFrame:
        """A row for each emotion, a column for each dimension."""
        return pd.DataFrame(self.vectors.numpy(), index=list(self.emotions))

    def save(self, path: str | Path) -> Path:
        """Write a safetensors file that remembers model, layer, norm and method."""
        self.check()
        target = vector_path(path)
        about = {
            "emotions": list(self.emotions),
            "layer": self.layer,
            "model": self.model,
            "norm": self.norm,
            "start": self.start,
            "method": self.method,
        }
        tensors = {"vectors": self.vectors, "center": self.center}
        if self.readers is not None:
            tensors["readers"] = self.readers
        write_file(
            target, tensors, {"emotion_vectors": json.dumps(about, default=plain)}
        )
        return target

    @classmethod
    def load(cls, path: str | Path, model: Any = None) -> EmotionVectors:
        """Read what `save` wrote; with `model`, refuse vectors that do not fit it.

        Raises FileNotFoundError, or ValueError for a file that is no vector file or
        whose width or layer `model` does not have; warns where the names differ.
        """
        source = vector_path(path)
        if not source.exists():
            raise FileNotFoundError(f"no vector file {source}: save one with .save()")
        try:
            with safe_open(source, framework="pt") as file:
                about = json.loads((file.metadata() or {})["emotion_vectors"])
                names = file.keys()
                tensors = {name: file.get_tensor(name) for name in names}
            loaded = cls(**tensors, **about | {"emotions": tuple(about["emotions"])})
        except (SafetensorError, KeyError, TypeError) as error:
            raise ValueError(f"{source} is no file of emotion vectors") from error
        loaded.check()
        if model is not None:
            loaded.check_fits(model)
        return loaded

    def check_fits(self, model: Any) -> None:
        """Raise ValueError unless the width and the layer are in this model.

        Warns when the name differs: a direction of one model means nothing in another,
        but for checkpoints of the same training.
        """
        width, name = self.vectors.shape[-1], model_name(model)
        if width != d_model(model):
            raise ValueError(
                f"these vectors have width {width} (they are of {self.model}), but "
                f"{name} has d_model {d_model(model)}: extract vectors from {name}"
            )
        if not 0 <= self.layer < n_layers(model):
            raise ValueError(
                f"these vectors are of layer {self.layer}, but {name} has layers "
                f"0..{n_layers(model) - 1}: extract vectors from {name}"
            )
        if self.model != name:
            warnings.warn(
                f"these vectors are of {self.model}, not of {name}: unless one was "
                "trained from the other, their directions have nothing in common",
                stacklevel=3,
            )


def plain(value: Any) -> Any:
    """A number or an array of numpy's or torch's, as JSON has it."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"method holds a {type(value).__name__}: pass numbers and words")


def vector_path(path: str | Path) -> Path:
    """A path that ends in .safetensors."""
    given = Path(path)
    if given.suffix == ".safetensors":
        return given
    return given.with_name(given.name + ".safetensors")
