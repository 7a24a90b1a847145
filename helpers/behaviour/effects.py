"""What steering did to an act: doses, gaps and controls from a table of rates.

The tables are those of `behaviour.steered_rates`: a row for each vector, strength and
scene. Every mean has an interval over scenes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from helpers.behaviour.acts import act_rates, steered_rates
from helpers.stats import Estimate, bootstrap, pearson, random_directions
from helpers.vectors import EmotionVectors

Dose = tuple[str, float]  # a vector's name and a strength


def at_dose(rates: pd.DataFrame, dose: Dose) -> pd.DataFrame:
    """The rows of one dose, a row a scene; raises ValueError if there are none."""
    vector, strength = dose
    near = np.isclose(rates["strength"], strength)
    part = rates[(rates["vector"] == vector) & near].set_index("scene")
    if part.empty:
        known = list(
            dict.fromkeys(zip(rates["vector"], rates["strength"], strict=True))
        )
        raise ValueError(
            f"no rows for {vector!r} at strength {strength}: pass one of {known[:8]}"
        )
    return part


def gap(rates: pd.DataFrame, act: str, one: Dose, other: Dose) -> Estimate:
    """The rate of an act at one dose minus that at another, over the same scenes."""
    change = at_dose(rates, one)[act] - at_dose(rates, other)[act]
    return bootstrap(change, list(change.index))


def random_control(like: EmotionVectors, n: int = 20, *, seed: int = 0) -> dict:
    """`n` random directions of the vectors' mean norm, by name."""
    drawn = random_directions(like.vectors, n, seed=seed)
    return {f"random {i}": row for i, row in enumerate(drawn)}


def best_dose(
    swept: pd.DataFrame, act: str, more: str, less: str, *, least: float = 0.9
) -> pd.Series:
    """The layer and strength that set two vectors furthest apart in an act.

    `swept` has the column layer too. Only doses that leave at least `least` of the
    probability on the acts, for both vectors, are candidates; where less is left at
    any dose, those that leave nine tenths of the most. Returns layer, strength, gap
    and mass. Choose on validation scenes and confirm on others. Taught in chapter 10.
    """
    keys = ["layer", "strength"]
    rate = swept.pivot_table(act, keys, "vector")
    mass = swept.pivot_table("mass", keys, "vector")
    found = {"gap": rate[more] - rate[less], "mass": mass[[more, less]].min(axis=1)}
    table = pd.DataFrame(found).reset_index()
    most = table["mass"].max()
    enough = table[table["mass"] >= (least if most >= least else 0.9 * most)]
    return enough.sort_values("gap").iloc[-1]


def effects_by_emotion(
    model: Any, scenes: pd.DataFrame, vectors: EmotionVectors, strength: float
) -> pd.DataFrame:
    """How far each emotion's vector moves the rate of each act, over the same scenes.

    A row an emotion, a column an act (the change of its mean rate), and mass under
    steering.
    """
    options: dict[str, Any] = {"layer": vectors.layer, "norm": vectors.norm}
    chosen = {emotion: vectors[emotion] for emotion in vectors.emotions}
    rates = steered_rates(model, scenes, chosen, [strength], **options)
    acts = list(scenes["choices"].iloc[0])
    base = act_rates(model, scenes)[acts].mean()
    means = rates.groupby("vector")[[*acts, "mass"]].mean().loc[list(vectors.emotions)]
    means[acts] -= base
    return means


def agreement(
    one: ArrayLike, other: ArrayLike, *, n_draws: int = 1000, seed: int = 0
) -> dict[str, float]:
    """Pearson's r of two columns: value, low, high, and `shuffled`.

    The interval draws rows anew; `shuffled` is the r that 95 % of reorderings stay
    below in size. Raises ValueError for columns of different length.
    """
    a, b = np.asarray(one, dtype=float), np.asarray(other, dtype=float)
    if a.shape != b.shape or a.size < 3:
        raise ValueError(f"{a.size} and {b.size} values: pass the same rows, 3 or more")
    rng = np.random.default_rng(seed)
    mixed = [abs(np.corrcoef(rng.permutation(a), b)[0, 1]) for _ in range(n_draws)]
    found = pearson(a, b, None, n_draws=n_draws, seed=seed)
    return {**found._asdict(), "shuffled": float(np.quantile(mixed, 0.95))}


def control_gaps(rates: pd.DataFrame, act: str, *, share: float = 0.95) -> float:
    """The gap in an act that this share of pairs of a control's vectors stay below.

    What a gap between two emotions has to exceed. `rates` holds one strength. Raises
    ValueError for fewer than two vectors.
    """
    means = rates.groupby("vector", sort=False)[act].mean().to_numpy()
    if len(means) < 2:
        raise ValueError(f"{len(means)} vectors make no pair: pass two or more")
    one, other = np.triu_indices(len(means), 1)
    return float(np.quantile(np.abs(means[one] - means[other]), share))
