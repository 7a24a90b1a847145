"""Other checkpoints of one training, and other trainings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from helpers.models.load import load_model
from helpers.models.properties import EMBEDDED, model_name

SIBLINGS = ("base", "tiny", "suppressed")


def load_sibling(model: Any, name: str) -> Any:
    """Another checkpoint of the same training, or None where there is none.

    Only the embedded model has siblings: `base`, `tiny`, `suppressed`.
    """
    if model_name(model) not in SIBLINGS or name not in SIBLINGS:
        return None
    try:
        return load_model(name)
    except FileNotFoundError:
        return None


def relatives(model: Any, folders: Sequence[str | Path] = ()) -> dict[str, Any]:
    """Other checkpoints of the model's training, and other trainings in `folders`.

    By name, the model itself first. The embedded model has siblings, and finds those
    of other seeds that lie beside it. Taught in chapter 06.
    """
    own = model_name(model)
    found = {own: model}
    if own in SIBLINGS:
        others = {name: load_sibling(model, name) for name in SIBLINGS if name != own}
        found |= {name: one for name, one in others.items() if one is not None}
        beside = sorted(p.parent for p in EMBEDDED.glob("*seed*/config.json"))
        folders = [*beside, *folders]
    return found | {Path(path).name: load_model(path) for path in folders}
