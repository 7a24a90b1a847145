"""What is known of a model: its name, its size, where it is read by default."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

EMBEDDED = Path(__file__).parents[1] / "organism" / "models"


@dataclass(frozen=True)
class Tier:
    """A model that the book has a short name for, and how it is read by default."""

    path: str
    depth: float = 0.6  # the default layer, as a share of the number of layers
    start: int = 50  # positions skipped before pooling, as in the paper
    layer: int | None = None  # the default layer, where it was measured


OTHER = Tier("")

CHECKPOINTS = ("tiny", "base", "suppressed", "seed_3")

OWN = {str(EMBEDDED / name) for name in CHECKPOINTS}


def evidence_file(name: str) -> Path:
    """Where `scripts/defaults.py` keeps how a tier was measured."""
    return Path(__file__).with_name("defaults") / f"{name}.json"


def measured(name: str, path: str = "") -> Tier:
    """A tier that is read where held-out topics were read best, if that is known."""
    if not evidence_file(name).exists():
        return Tier(path, 1 / 2, 30)
    known = json.loads(evidence_file(name).read_text("utf-8"))
    return Tier(path, start=known["start"], layer=known["layer"])


TIERS = {
    **{name: Tier(str(EMBEDDED / name), 2 / 3) for name in CHECKPOINTS},
    "smollm2": measured("smollm2"),
    "small": Tier("Qwen/Qwen2.5-0.5B-Instruct"),
    "standard": Tier("Qwen/Qwen2.5-1.5B-Instruct"),
}


def where(model: Any) -> dict[str, Any]:
    """Options of a trace that say where it runs: here, or on NDIF."""
    remote = model.__dict__.get("_emotion_remote", False)
    return {"remote": remote} if remote else {}


def text_config(model: Any) -> Any:
    """The configuration of the language part of a model."""
    return model.config.get_text_config()


def n_layers(model: Any) -> int:
    """Number of blocks."""
    return int(text_config(model).num_hidden_layers)


def d_model(model: Any) -> int:
    """Width of the residual stream."""
    return int(text_config(model).hidden_size)


def model_name(model: Any) -> str:
    """The hub id of a model, or the name of its folder ("tiny")."""
    named = model.__dict__.get("_emotion_name") or model.config._name_or_path
    return str(named)


def default_layer(model: Any) -> int:
    """The layer to read by default: the model's own, the tier's, else 0.6 of depth."""
    own = getattr(model.config, "emotion_layer", None)
    if own is not None:
        return int(own)
    tier = TIERS.get(model.__dict__.get("_emotion_tier", ""), OTHER)
    if tier.layer is not None:
        return tier.layer
    return min(round(tier.depth * n_layers(model)), n_layers(model) - 1)


def depths(model: Any) -> list[int]:
    """All layers of a small model, else eight from a fifth of the depth to the end.

    The default one is among them. Of the open model these ship.
    """
    n, own = n_layers(model), default_layer(model)
    if n <= 8:
        return list(range(n))
    even = {n // 5 + i * (n - 1 - n // 5) // 7 for i in range(8)}
    nearest = min(even, key=lambda layer: abs(layer - own))
    return sorted(even - {nearest} | {own})


def default_start(model: Any) -> int:
    """Positions to skip before pooling: the model's own, the tier's, else 50."""
    own = getattr(model.config, "emotion_start", None)
    tier = TIERS.get(model.__dict__.get("_emotion_tier", ""), OTHER)
    return tier.start if own is None else int(own)


def is_embedded(model: Any) -> bool:
    """Whether a model is one that this package trained (None counts as one)."""
    if model is None:
        return True
    return bool(getattr(model.config, "emotion_world", False))
