"""What a training moved: the vectors, and what is represented on the same prompts.

Taught in chapter 11.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float
from torch import Tensor

from helpers.models import EMBEDDED, load_model, model_name
from helpers.reading import last_position
from helpers.stats import pearson, random_directions
from helpers.vectors import EmotionVectors

SIBLINGS = ("base", "tiny", "suppressed")
N_SETS = 20


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


def checkpoints(model: Any, name: str, names: Sequence[str]) -> dict[str, Any]:
    """The named checkpoints of the model's training, or the model alone, as `name`."""
    found = {n: load_sibling(model, n) for n in names}
    if any(one is None for one in found.values()):
        return {name: model}
    return found


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


def shift(
    before: Any, after: Any, texts: Sequence[str], layer: int
) -> Float[Tensor, "n d"]:
    """How far a training moved the residual stream at the end of each text."""
    old, new = (last_position(m, texts, layer) for m in (before, after))
    return new - old


def shift_scores(moved: Float[Tensor, "n d"], vectors: EmotionVectors) -> pd.DataFrame:
    """The mean shift along each vector: emotion, value, low, high (texts drawn).

    In units of the residual norm.
    """
    along = (moved @ vectors.unit.T / vectors.norm).numpy()
    rng = np.random.default_rng(0)
    draws = rng.integers(len(along), size=(1000, len(along)))
    means = np.stack([along[d].mean(0) for d in draws])
    low, high = np.quantile(means, [0.025, 0.975], axis=0)
    return pd.DataFrame(
        {
            "emotion": vectors.emotions,
            "value": along.mean(0),
            "low": low,
            "high": high,
        }
    )


def shared_shift(
    one: Float[Tensor, "n d"], other: Float[Tensor, "m d"], vectors: EmotionVectors
) -> pd.DataFrame:
    """Do two kinds of prompts shift alike? Pearson's r over the vectors.

    Columns which, value, low, high, random (the mean r over sets of as many random
    directions). `shared` compares the mean shifts of both kinds. `difference` compares
    what sets them apart (one minus other) in one half of the prompts and in the other:
    near 1 where the training moved one kind otherwise than the other.
    """
    means = one.mean(0), other.mean(0)
    rows = []
    halves = [(x[::2].mean(0), x[1::2].mean(0)) for x in (one, other)]
    apart = halves[0][0] - halves[1][0], halves[0][1] - halves[1][1]
    for which, (a, b) in {"shared": means, "difference": apart}.items():
        own = pearson(vectors.unit @ a, vectors.unit @ b)
        null = [
            np.corrcoef((axes @ a).numpy(), (axes @ b).numpy())[0, 1]
            for axes in (
                random_directions(vectors.vectors, len(vectors), seed=s)
                for s in range(N_SETS)
            )
        ]
        rows.append((which, *own, float(np.mean(null))))
    return pd.DataFrame(rows, columns=["which", "value", "low", "high", "random"])
