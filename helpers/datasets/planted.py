"""Axes planted in numbers: some are real, some are confounds, some are luck."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from helpers.vectors import correlation, left_over

CONFOUNDS = ("length", "person", "topic", "norm")
N_TOPICS, EACH = 12, 20  # stories are crossed over topics
SEEN, LEFT, GONE, LUCKY = 0.26, 0.23, 0.1, (0.135, 0.155)  # sizes of r

Array = np.ndarray


def planted_axes(seed: int = 0) -> tuple[pd.DataFrame, dict[str, str]]:
    """A table of 240 stories with about twelve axes, and the truth about each axis.

    Columns topic and person (words), length and norm (numbers), rating, and
    `axis 1` and so on. The truth of an axis is "real" (it goes with what is left of
    the rating without any confound), the name of the one confound that makes it, or
    "chance": luck, even where it is the luckiest of several. A real axis may hold some
    of a confound too. No axis has a sign or a scale of its own. For assignment A3.
    """
    rng = np.random.default_rng([seed, 6])
    while True:
        base, rating, own = story_table(rng)
        made = axes_of(rng, base, rating, own)
        if made is not None:
            break
    order = rng.permutation(len(made))
    truth = {f"axis {i + 1}": made[k][0] for i, k in enumerate(order)}
    columns = {f"axis {i + 1}": made[k][1] for i, k in enumerate(order)}
    table = pd.DataFrame({**base, "rating": rating, **columns})
    return table.sample(frac=1, random_state=seed, ignore_index=True), truth


def story_table(rng: np.random.Generator) -> tuple[dict[str, Any], Array, Array]:
    """The confounds of each story, its rating, and the rating's own part."""
    n = N_TOPICS * EACH
    # An order of topics that says nothing about their effect: codes cannot stand in.
    effect = rng.permutation(np.linspace(-1.6, 1.6, N_TOPICS))
    topic = np.repeat(np.arange(N_TOPICS), EACH)
    first = np.tile(np.arange(EACH) % 2, N_TOPICS)
    length, norm, own = rng.normal(size=(3, n))
    rating = 1.3 * own + 0.9 * (length + norm + 2 * first - 1 + effect[topic])
    base = {
        "topic": [f"place {i}" for i in topic],
        "person": np.where(first == 1, "first", "third").tolist(),
        "length": np.round(60 + 9 * length).astype(int),
        "norm": 20 + 3 * norm,
    }
    hidden = {"length": length, "person": 2.0 * first - 1, "norm": norm}
    base_hidden = base | {"hidden": hidden | {"topic": effect[topic]}}
    return base_hidden, np.round(rating, 4), own


def axes_of(
    rng: np.random.Generator, base: dict[str, Any], rating: Array, own: Array
) -> list[tuple[str, Array]] | None:
    """Kinds and values of the axes, each as clear as its kind asks; None: no luck."""
    hidden = base.pop("hidden")
    outs = {name: coded(base[name]) for name in CONFOUNDS}
    kinds = ["real", "real", "mixed", *CONFOUNDS, str(rng.choice(CONFOUNDS)), "lucky"]
    found = []
    for kind in [*kinds, *["chance"] * int(rng.integers(3, 6))]:
        for _ in range(200):
            axis = one_axis(rng, kind, hidden, rating, own)
            if clear(kind, axis, rating, outs):
                break
        else:
            return None
        sign, scale = rng.choice([-1, 1]), rng.uniform(0.5, 4)
        name = {"mixed": "real", "lucky": "chance"}.get(kind, kind)
        found.append((name, sign * scale * axis))
    return found


def one_axis(
    rng: np.random.Generator, kind: str, hidden: dict[str, Array], rating: Array,
    own: Array,
) -> Array:  # fmt: skip
    """A draw of an axis of a kind."""
    noise = rng.normal(size=len(rating))
    if kind == "real":
        return own + 0.9 * noise
    if kind == "mixed":
        return own + 0.6 * hidden[str(rng.choice(CONFOUNDS))] + 0.8 * noise
    if kind in CONFOUNDS:
        return 1.3 * hidden[kind] + 0.6 * noise
    r = rng.uniform(*LUCKY) if kind == "lucky" else rng.uniform(0, GONE)
    rest = left_over(noise, rating)
    unit = (rating - rating.mean()) / rating.std()
    return np.asarray(r * unit + np.sqrt(1 - r**2) * rest / rest.std())


def clear(kind: str, axis: Array, rating: Array, outs: dict[str, Array]) -> bool:
    """Whether an axis shows what its kind says, with room to spare."""
    if kind in ("lucky", "chance"):
        return True
    left = {c: abs(partial(axis, rating, outs[c])) for c in CONFOUNDS}
    gone = left.pop(kind, 0.0)
    seen = abs(correlation(axis, rating))
    return seen > SEEN and gone < GONE and min(left.values()) > LEFT


def partial(axis: Array, rating: Array, out: Array) -> float:
    return correlation(left_over(axis, out), left_over(rating, out))


def coded(values: Any) -> Array:
    """A confound as columns: numbers as they are, words as a column for each."""
    series = pd.Series(values)
    if pd.api.types.is_numeric_dtype(series):
        return series.to_numpy(float)
    return pd.get_dummies(series, drop_first=True).to_numpy(float)
