"""Figures of a card on the shape of the vectors: ratings, two halves, length."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float
from torch import Tensor

from helpers.card.bench import Bench, known
from helpers.card.figure import EMBEDDINGS, SHUFFLED, Figures, figure, written
from helpers.stats import correlations, left_out, smooth_ratings
from helpers.vectors import difference_of_means, geometry, left_out_ridge, project_out

N_SPLITS, RATINGS = 20, ("valence", "arousal")


def ratings(bench: Bench) -> Figures:
    """Can valence and arousal be read off the vectors of clusters never fitted on?

    A ridge fit on the other clusters' vectors, since a rating need be no principal
    axis; r of what it foretells with the ratings. Beside the same fit on embeddings; p
    is of ratings dealt by cluster, each fitted anew. `axis`: |r| of the best of three
    principal axes. Taught in chapter 06.
    """
    table, labels = known(bench), bench.train["emotion"].to_numpy()
    clusters, names = table["cluster"].to_numpy(), list(table.index)
    both = table[list(RATINGS)].to_numpy(float)
    places = geometry.principal_axes(bench.vectors.vectors.numpy(), 3).places

    def made(rows: Float[Tensor, "n d"], picked: Any) -> Float[Tensor, "e d"]:
        found, order = difference_of_means(rows[picked], list(labels[picked]))
        return found[[order.index(name) for name in names]]

    def told(vectors: Float[Tensor, "e d"], of: Any = both) -> Float[np.ndarray, "e k"]:
        return left_out_ridge(vectors, of, clusters).double().numpy()

    def measure(picked: Any) -> list[float]:
        sets = (project_out(made(bench.means, picked), bench.noise),
                made(bench.embeddings, picked))  # fmt: skip
        found = [told(vectors) for vectors in sets]
        return [correlations(f[:, [i]], both[:, i])[0] for i in (0, 1) for f in found]

    every, left = left_out(measure, bench.train["topic"])
    found, rows = {}, bench.vectors.vectors
    for i, name in enumerate(RATINGS):
        own = left[[2 * i, 2 * i + 1]].set_axis(["value", "control"], axis=1)
        deals = smooth_ratings(told(rows)[:, i], both[:, i], rows.numpy())
        again = told(rows, deals.T)
        found[name] = written(
            float(every[2 * i]),
            float(every[2 * i + 1]),
            own,
            EMBEDDINGS,
            unit="r, of clusters left out",
            over="topic",
            n=len(names),
            chapter="06",
            scale="r",
            dealt=paired_r(again, deals.T),
            axis=abs(geometry.best_axis(places, both[:, i])[1]),
        )
    return found


def paired_r(one: Float[np.ndarray, "e k"], other: Float[np.ndarray, "e k"]) -> Any:
    """Pearson's r of each column with the same column of the other; 0 if constant."""
    a, b = one - one.mean(0), other - other.mean(0)
    size = np.linalg.norm(a, axis=0) * np.linalg.norm(b, axis=0)
    both = (a * b).sum(0)
    return np.divide(both, size, out=np.zeros(len(size)), where=size > 1e-9)


def halves(bench: Bench) -> Figures:
    """Do two halves of the topics draw the same map of emotions (RSA)?

    `embeddings`: the same of layer 0, since stories of near emotions share words.
    Taught in chapter 06.
    """
    labels, topics = list(bench.train["emotion"]), list(bench.train["topic"])
    own, where = np.asarray(labels), np.asarray(topics)

    def agree(rows: Any, i: Any, n: int = N_SPLITS) -> Any:
        kept = rows[i].numpy()
        texts = (own[i].tolist(), where[i].tolist())
        return geometry.split_agreement(kept, kept, *texts, n_splits=n)

    every = np.arange(len(own))
    null = agree(bench.means, every, bench.sizes.shuffled)[:, 1]
    return {
        "map": figure(
            lambda i: agree(bench.means, i).mean(0),
            topics,
            "names shuffled",
            unit="RSA",
            over="topic",
            chapter="06",
            null=null,
            embeddings=agree(bench.embeddings, every)[:, 0].mean(),
        )
    }


def size(bench: Bench) -> Figures:
    """How long the vectors are, as a share of the residual norm.

    Taught in chapter 13.
    """
    norm, labels = bench.vectors.norm, bench.train["emotion"].to_numpy()
    lots = [share(rows, norm) for rows in bench.shuffled]

    def measure(i: Any) -> tuple[float, float]:
        rows, _ = difference_of_means(bench.means[i], list(labels[i]))
        return share(project_out(rows, bench.noise), norm), float(np.mean(lots))

    unit, more = "share of the residual norm", {"norm": norm}
    about: dict[str, Any] = {"over": "topic", "chapter": "13", "unit": unit}
    topics = pd.Series(bench.train["topic"])
    return {"size": figure(measure, topics, SHUFFLED, null=lots, **about, **more)}


def share(rows: Float[Tensor, "e d"], norm: float) -> float:
    """The mean length of rows in units of a norm."""
    return float(rows.norm(dim=-1).mean()) / norm
