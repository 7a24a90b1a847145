"""Maps of emotions: where each stands on the first axes, and whether two maps agree.

Blocks are topics x emotions x numbers (`by_topic`). Maps are compared over disjoint
topics, since two that share their stories share what is peculiar to these.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from jaxtyping import Float
from scipy.stats import rankdata
from torch import Tensor

from helpers.stats import Estimate, bootstrap_statistic
from helpers.vectors import geometry

RATINGS = ("valence", "arousal")
LEAST_TOPICS = 4  # two for each half when one is left out

Maps = Float[np.ndarray, "v s 2 p"]


def vectors_of(block: Float[Tensor, "t e d"]) -> Float[Tensor, "e d"]:
    """The emotion vectors of a block: means over topics minus the mean of all."""
    means = block.mean(0)
    return means - means.mean(0)


def map_places(
    vectors: Float[Tensor, "e d"], about: pd.DataFrame, space: str
) -> pd.DataFrame:
    """Where each emotion stands on the first two axes, for `show.emotion_map`.

    `about` has the ratings valence and arousal of each row, indexed by emotion. An axis
    has no sign: the first is turned so that valence grows, the second so that arousal
    does. `x axis` and `y axis` say what each holds and goes along with.
    """
    axes, told = geometry.principal_axes(vectors, 2), []
    for i, side in enumerate(("right", "up")):
        r = [geometry.correlation(axes.places[:, i], about[x]) for x in RATINGS]
        sign = -1.0 if r[i] < 0 else 1.0
        axes.places[:, i] *= sign
        with_ratings = f"r {sign * r[0]:+.2f} valence, {sign * r[1]:+.2f} arousal"
        told.append(f"{side}: {axes.share[i]:.0%} of variance, {with_ratings}")
    made = pd.DataFrame(axes.places, columns=["x", "y"])
    made["emotion"], made["valence"] = about.index, about["valence"].to_numpy()
    return made.assign(space=space, **{"x axis": told[0], "y axis": told[1]})


def ranked_cosines(vectors: Float[Tensor, "e d"]) -> Float[np.ndarray, " p"]:
    """The ranks of all pairs' cosines, at mean 0 and length 1.

    So the product of two such lists is their rank correlation: RSA.
    """
    unit = geometry.unit_rows(vectors)
    ranks = rankdata((unit @ unit.T)[np.triu_indices(len(unit), 1)])
    ranks -= ranks.mean()
    return np.asarray(ranks / np.linalg.norm(ranks))


def disjoint_maps(
    block: Float[Tensor, "t e d"], *, n_splits: int = 10, seed: int = 0
) -> Maps:
    """Maps of the two halves of the topics, for several splits.

    First with all topics, then with each left out in turn: t + 1 versions, in which
    `over_topics` sees how much depends on the topics. Equal seeds and numbers of topics
    give equal splits, so maps of two spaces can be held against each other.

    Raises ValueError for fewer than four topics. Taught in chapter 06.
    """
    n = len(block)
    if n < LEAST_TOPICS:
        raise ValueError(
            f"{n} topics: a half with one left out would be empty, pass "
            f"{LEAST_TOPICS} or more"
        )
    rng, made = np.random.default_rng(seed), []
    orders = [rng.permutation(n) for _ in range(n_splits)]
    parts = [(order[: n // 2], order[n // 2 :]) for order in orders]
    for out in (None, *range(n)):
        kept = [[half[half != out] for half in pair] for pair in parts]
        made.append([[ranked_cosines(vectors_of(block[h])) for h in p] for p in kept])
    return np.array(made, dtype=np.float32)


def agreement(one: Maps, other: Maps) -> Float[np.ndarray, " v"]:
    """RSA of two spaces that share no topic, for each version; the mean of the splits.

    A space with itself: its reliability. Divided by the root of both reliabilities an
    agreement is what it would be without the noise of few topics.
    Taught in chapter 06.
    """
    crossed = (one * other[:, :, ::-1]).sum(-1, dtype=np.float64)
    return np.asarray(crossed.mean((1, 2)))


def left_maps(own: Maps, rivals: Sequence[Maps]) -> Maps:
    """What a linear fit on the rivals' maps leaves of each map, at length 1.

    Rivals are noisy, so some of what they know stays. Taught in chapter 06.
    """
    left = np.empty_like(own)
    for place in np.ndindex(own.shape[:3]):
        known = np.column_stack([rival[place] for rival in rivals])
        rest = geometry.left_over(own[place], known)
        left[place] = rest / np.linalg.norm(rest)
    return left


def over_topics(versions: Float[np.ndarray, " v"]) -> Estimate:
    """The first version with its interval: a jackknife over the topics left out."""
    n = len(versions) - 1

    def version(kept: np.ndarray) -> float:
        out = np.setdiff1d(np.arange(n), kept)
        return float(versions[0 if len(out) == 0 else 1 + out[0]])

    return bootstrap_statistic(version, np.arange(n))


def names_exchanged(
    maps: Maps, n_emotions: int, *, n_draws: int = 199, seed: int = 0
) -> Float[np.ndarray, " k"]:
    """The agreement of the first split's halves with one half's names dealt by lot."""
    rng, upper = np.random.default_rng(seed), np.triu_indices(n_emotions, 1)
    one, other = maps[0, 0].astype(float)
    square = np.zeros((n_emotions, n_emotions))
    square[upper] = other
    square += square.T
    orders = [rng.permutation(n_emotions) for _ in range(n_draws)]
    return np.array([one @ square[np.ix_(o, o)][upper] for o in orders])
