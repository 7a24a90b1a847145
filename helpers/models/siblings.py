"""Other trainings of an embedded model."""

from __future__ import annotations

from typing import Any

from helpers.models.load import load_model
from helpers.models.properties import EMBEDDED, model_name


def relatives(model: Any) -> dict[str, Any]:
    """The model and its like that were trained from other seeds, by name.

    The model itself comes first. Only `tiny` has such. Taught in chapter 06.
    """
    found = {model_name(model): model}
    if model_name(model) == "tiny":
        beside = sorted(path.parent for path in EMBEDDED.glob("seed_*/config.json"))
        found |= {path.name: load_model(path) for path in beside}
    return found
