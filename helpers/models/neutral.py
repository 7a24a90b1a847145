"""Texts without emotion: what a model's norms and neutral components are read on."""

from __future__ import annotations

import json
import random
from functools import cache
from pathlib import Path
from typing import Any

from helpers.models.properties import is_embedded
from helpers.world import talk


@cache
def written_neutral() -> tuple[str, ...]:
    """Written texts without emotion: facts, how-to, errands, talk about logistics."""
    return tuple(json.loads(Path(__file__).with_suffix(".json").read_text("utf-8")))


def load_neutral(
    model: Any = None, *, n: int | None = None, seed: int = 0
) -> list[str]:
    """`n` texts without emotion: facts, instructions, descriptions, plain events.

    Each is two such texts long; 120 unless told. With a `model` that is not the
    embedded one they are written texts in an order that `seed` sets, all of them
    unless told, and once those are used up, made ones of four such texts.
    Taught in chapter 03.
    """
    rng = random.Random(f"neutral/{seed}")
    own = is_embedded(model)
    written = [] if own else rng.sample(written_neutral(), len(written_neutral()))
    n = (len(written) or 120) if n is None else n
    more = max(0, n - len(written))
    made = [
        " ".join(talk.neutral(rng) for _ in range(2 if own else 4)) for _ in range(more)
    ]
    return [*written[:n], *made]
