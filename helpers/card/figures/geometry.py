"""Figures of a card on the shape of the vectors: axes, two halves, length."""

from __future__ import annotations

from typing import Any

import numpy as np

from helpers.card.bench import SHUFFLED, Bench, Figures, figure, known, spread
from helpers.stats import (
    Estimate,
    bootstrap,
    bootstrap_statistic,
    cluster_null,
    geometry_null,
)
from helpers.vectors import difference_of_means, geometry, project_out


def axes(bench: Bench) -> Figures:
    """The best of three principal axes against valence, and against arousal (|r|).

    The interval draws topics again; the control deals the ratings by cluster, and may
    choose the best of three, too. `geometry`: how far 95 % of random axes reach.
    Taught in chapter 06.
    """
    about, labels = known(bench), bench.train["emotion"].to_numpy()
    rows, draws = bench.vectors.vectors.numpy(), bench.sizes.draws
    places = geometry.principal_axes(rows, 3).places

    def best(at: Any, rating: Any) -> float:
        return abs(geometry.best_axis(at, rating)[1])

    def drawn_again(picked: Any, name: str) -> float:
        made, order = difference_of_means(bench.means[picked], list(labels[picked]))
        kept = project_out(made, bench.noise).numpy()
        again = geometry.principal_axes(kept, 3).places
        return best(again, about.loc[list(order), name])

    found = {}
    for name in ("valence", "arousal"):
        values = about[name].to_numpy(float)
        again = bootstrap_statistic(
            lambda i, name=name: drawn_again(i, name),  # type: ignore[misc]
            list(bench.train["topic"]),
            n_draws=min(draws, 60),
        )
        real = Estimate(best(places, values), again.low, again.high)
        null = np.abs(cluster_null(places, values, rows))
        loose = geometry_null(rows, values, n_axes=3)
        found[name] = figure(
            real,
            spread(null),
            "ratings dealt by cluster",
            unit="|r|, best of three axes",
            over="topic",
            n=len(values),
            chapter="06",
            null=null,
            geometry=np.quantile(np.abs(loose), 0.95),
        )
    return found


def halves(bench: Bench) -> Figures:
    """Do two halves of the topics draw the same map of emotions (RSA)?

    Taught in chapter 06.
    """
    labels, topics = list(bench.train["emotion"]), list(bench.train["topic"])
    real, mixed = geometry.split_agreement(bench.means, bench.means, labels, topics).T
    about: dict[str, Any] = {"over": "split of the topics", "n": 20, "chapter": "06"}
    control = spread(mixed)
    return {"map": figure(spread(real), control, "names shuffled", unit="RSA", **about)}


def size(bench: Bench) -> Figures:
    """How long the vectors are, as a share of the residual norm.

    Taught in chapter 13.
    """
    norm = bench.vectors.norm
    shares = bench.vectors.vectors.norm(dim=-1) / norm
    mixed = [float(rows.norm(dim=-1).mean() / norm) for rows in bench.shuffled]
    about: dict[str, Any] = {"over": "emotion", "n": len(shares), "chapter": "13"}
    unit = "share of the residual norm"
    return {
        "size": figure(
            bootstrap(shares, None),
            spread(mixed),
            SHUFFLED,
            unit=unit,
            **about,
            norm=norm,
        )
    }
