"""What steering does to the residual stream, worked out before a model runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from torch import Tensor

from helpers import cache
from helpers.activations import check_layers, residual_norm
from helpers.datasets import load_neutral
from helpers.models import d_model, model_name
from helpers.stats import as_directions, finite, number, one_of

VERSION = 1  # of what is written and scored; part of every key
POSITIONS = ("all", "prompt", "response")
MODES = ("add", "ablate", "clamp")
# What a user passes is checked here, with a sentence for what does not fit:
Numbers: TypeAlias = Any  # a number, or one for each prompt
Layers: TypeAlias = Any  # a layer, or several: a band


def steer(
    residual: Float[Tensor, "n s d"],
    unit: Float[Tensor, "n 1 d"],
    amount: Float[Tensor, "n 1 1"],
    mode: str = "add",
) -> Float[Tensor, "n s d"]:
    """The residual stream after steering along unit vectors.

    `add` adds `amount` of the vector, `ablate` projects the vector out, `clamp` sets
    the component along the vector to `amount`. Taught in chapter 08.
    """
    if mode == "add":
        return residual + amount * unit
    along = (residual * unit).sum(-1, keepdim=True) * unit
    if mode == "ablate":
        return residual - along
    return residual - along + amount * unit


@dataclass(frozen=True, eq=False)
class Push:
    """One of several vectors that steer together, with its own layer and strength.

    `vector` is one for all prompts ("d") or one for each ("n d"), and so is
    `strength`, a fraction of the mean residual norm at `layer`. Several layers are a
    band, over which `add` divides the dose. `norm` None measures the norm.
    """

    vector: Any
    layer: Layers = None
    strength: Numbers = 0.0
    mode: str = "add"
    norm: Numbers = None


def as_pushes(
    vector: Any, layer: Layers, strength: Numbers, mode: str, norm: Numbers
) -> list[Push]:
    """The pushes of a call; raises ValueError where one is given twice."""
    if vector is None:
        return []
    single = isinstance(vector, Push)
    several = isinstance(vector, list | tuple) and any(
        isinstance(v, Push) for v in vector
    )
    if not single and not several:
        return [Push(vector, layer, strength, mode, norm)]
    if layer is not None or norm is not None or strength != 0.0 or mode != "add":
        raise ValueError("each Push has its own layer, strength, mode and norm")
    pushes = [vector] if single else list(vector)
    if not all(isinstance(push, Push) for push in pushes):
        raise ValueError("vector mixes Push and others: make each a Push")
    return pushes


class Edit(NamedTuple):
    """What is done at one layer: a row for each prompt."""

    layer: int
    unit: Float[Tensor, "n 1 d"]
    amount: Float[Tensor, "n 1 1"]
    mode: str

    def rows(self, index: Any) -> Edit:
        """The same for some of the prompts."""
        return self._replace(unit=self.unit[index], amount=self.amount[index])


def plan(model: Any, n: int, pushes: Sequence[Push]) -> list[Edit]:
    """What `pushes` do to `n` prompts, from the first layer to the last.

    Raises ValueError for what does not fit the model or the prompts.
    """
    edits = [edit for push in pushes for edit in plan_one(model, n, push)]
    return sorted(edits, key=lambda edit: edit.layer)


def plan_one(model: Any, n: int, push: Push) -> list[Edit]:
    """The edits of one push: one for each layer of its band."""
    one_of("mode", push.mode, MODES)
    band = check_band(model, push.layer)
    unit = check_vector(model, push.vector, n)[:, None]
    amounts = strengths(push.strength, n)[:, None, None]
    share = len(band) if push.mode == "add" else 1
    sizes = check_norms(model, push.norm, band)
    return [
        Edit(layer, unit, amounts * size / share, push.mode)
        for layer, size in zip(band, sizes, strict=True)
    ]


def check_band(model: Any, layer: Any) -> list[int]:
    """The steered layers; raises ValueError for none or one that is not there."""
    if layer is None:
        raise ValueError("steering needs layer=: pass the vector's own layer")
    return check_layers(model, layer)[0]


def check_vector(model: Any, vector: Any, n: int) -> Float[Tensor, "n d"]:
    """Unit vectors for `n` rows; raises ValueError for what is no direction here."""
    try:
        given = np.array(vector) if isinstance(vector, pd.Series) else vector
        rows = torch.as_tensor(given).detach().float().cpu()
    except (TypeError, ValueError, RuntimeError) as error:
        raise ValueError(
            f"vector is a {type(vector).__name__}: pass a tensor such as "
            'vectors["calm"], or a list of Push(vector, layer, strength)'
        ) from error
    width = d_model(model)
    rows = rows.expand(n, -1) if rows.ndim == 1 else rows
    if rows.ndim != 2 or rows.shape[-1] != width:
        raise ValueError(
            f"vector of shape {tuple(rows.shape)} does not fit {model_name(model)}, "
            f"whose d_model is {width}: is it a vector of another model?"
        )
    if len(rows) != n:
        raise ValueError(f"vector has {len(rows)} rows for {n} prompts: pass one each")
    return as_directions(rows, "vector")


def strengths(strength: Any, n: int) -> Float[Tensor, " n"]:
    """One strength for each row; raises ValueError for what is not a number."""
    amounts = numbers("strength", strength)
    if amounts.ndim > 1 or (amounts.ndim == 1 and len(amounts) != n):
        raise ValueError(
            f"strength has shape {tuple(amounts.shape)} for {n} prompts: pass one "
            "number, or one for each prompt"
        )
    return amounts.expand(n)


def numbers(name: str, value: Any) -> Tensor:
    """A number or several as a tensor; raises ValueError for one that is not finite."""
    if not isinstance(value, Iterable) or getattr(value, "ndim", 1) == 0:
        return torch.tensor(number(value, name), dtype=torch.float32)
    if isinstance(value, str | bytes):
        raise ValueError(f"{name} {value!r} is not a number: pass 0.1, say")
    return torch.tensor(finite(value, f"values of {name}"), dtype=torch.float32)


def check_norms(model: Any, norm: Numbers, band: list[int]) -> list[float]:
    """The mean residual norm at each layer: given, or measured on neutral texts.

    A measured one is cached on disk by content: it is measured once for a model.
    """
    if norm is None:
        texts = load_neutral(model)
        return [residual_norm(model, texts, layer) for layer in band]
    sizes = numbers("norm", norm)
    if (sizes <= 0).any() or (sizes.ndim and len(sizes) != len(band)):
        raise ValueError(
            f"norm is {norm!r} for layers {band}: pass one positive number, one for "
            "each layer, or None to measure it"
        )
    return sizes.expand(len(band)).tolist()


def answer_key(model: Any, what: str, pushes: Sequence[Push], *parts: Any) -> cache.Key:
    """The key of what a model answers under `pushes`; `parts` say to what, and how."""
    source = model.__dict__.get("_emotion_source")
    told = [as_content(model, push) for push in pushes] if source else []
    return cache.shipped_key(model, what, VERSION, told, *parts)


def as_content(model: Any, push: Push) -> list[Any]:
    """All that a push depends on, JSON-like: numbers as they were given."""
    vector, amount = (numbers("push", x) for x in (push.vector, push.strength))
    norm: Any = "measured on", load_neutral(model)
    if push.norm is not None:
        norm = numbers("norm", push.norm).tolist()
    raw = cache.digest_bytes([vector.contiguous().numpy().tobytes()])
    band = check_layers(model, push.layer)[0]
    return [raw, list(vector.shape), band, amount.tolist(), push.mode, norm]
