"""Figures of a card on held-out stories, beside words alone, and through the lens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from sklearn.svm import LinearSVC
from torch import Tensor

from helpers.activations import last_position
from helpers.card.bench import Bench, class_means, known
from helpers.card.figure import (
    SHARE,
    SHUFFLED,
    WORDS,
    Figure,
    Figures,
    figure,
    mean_auc,
)
from helpers.datasets import load_appraisals
from helpers.stats import shuffled_labels
from helpers.vectors import (
    cosine_scores,
    difference_of_means,
    mean_of_means,
    project_out,
    word_counts,
)

FEW = 10  # sets of shuffled labels that are left out by group


def held_out(
    bench: Bench, rows: Float[Tensor, "n d"], labels: Sequence[str]
) -> Float[np.ndarray, "m e"]:
    """Scores of the stories asked, each by vectors of other topics."""
    names, own = list(bench.vectors.emotions), pd.Index(bench.vectors.emotions)
    place = torch.from_numpy(own.get_indexer(pd.Index(labels)))
    found = []
    for fit, ask in bench.folds:
        means = class_means(rows[fit], place[fit], len(names))
        middle = means.mean(0)
        vectors = project_out(means - middle, bench.noise)
        found.append(cosine_scores(rows[ask] - middle, vectors).numpy())
    return np.concatenate(found)


def by_words(bench: Bench) -> Float[np.ndarray, "m e"]:
    """The same recipe with TF-IDF counts in place of activations."""
    names, found = list(bench.vectors.emotions), []
    for fit, ask in bench.folds:
        texts = [list(bench.told.loc[part, "text"]) for part in (fit, ask)]
        before, after = word_counts(*texts)
        labels = list(bench.told.loc[fit, "emotion"])
        vectors, order = difference_of_means(before, labels)
        vectors = vectors[[order.index(name) for name in names]]
        asked = after - mean_of_means(before, labels)
        found.append(cosine_scores(asked, vectors).numpy())
    return np.concatenate(found)


def stories(bench: Bench) -> Figures:
    """Held-out stories: nearest vector, its cluster, AUC, and the gap to word counts.

    Taught in chapters 03 and 04.
    """
    names, truth = list(bench.vectors.emotions), bench.asked["emotion"].to_numpy()
    cluster = known(bench)["cluster"]
    rows, topics = bench.told_means, list(bench.told["topic"])
    own = list(bench.told["emotion"])
    real, words = held_out(bench, rows, own), by_words(bench)
    few, drawn, areas = [], [], []
    for seed in range(bench.sizes.shuffled):
        mixed = held_out(bench, rows, shuffled_labels(own, topics, seed=seed))
        few += [mixed] if seed < FEW else []
        drawn.append(mixed.argmax(1))
        areas.append(mean_auc(mixed, names, truth))

    def right(best: Any) -> Any:
        return (np.array(names)[best] == truth) * 1.0

    def near(best: Any) -> Any:
        found = cluster[np.array(names)[best]].to_numpy()
        return (found == cluster[truth].to_numpy()) * 1.0

    about: dict[str, Any] = {"over": "topic", "chapter": "04"}
    groups, best = list(bench.asked["topic"]), [s.argmax(1) for s in (real, words)]

    def share(of: Any, **more: float) -> Figure:
        hits, said = (of(b) for b in best)
        mixed = np.array([of(b) for b in drawn])
        return figure(
            lambda i: (hits[i].mean(), mixed[:, i].mean()),
            groups,
            SHUFFLED,
            unit="share right",
            null=mixed.mean(1),
            ends=SHARE,
            **about,
            **{"words only": said.mean(), **more},
        )

    def area(i: Any) -> tuple[float, float]:
        each = [mean_auc(s[i], names, truth[i]) for s in (real, *few)]
        return each[0], float(np.mean(each[1:]))

    beside: dict[str, Any] = {"words only": mean_auc(words, names, truth)}
    hits, said = (right(b) for b in best)
    return {
        "accuracy": share(right, chance=1 / len(names)),
        "cluster": share(near),
        "auc": figure(
            area,
            groups,
            SHUFFLED,
            unit="AUC",
            null=areas,
            ends=SHARE,
            chance=0.5,
            **about,
            **beside,
        ),
        "beyond words": figure(
            lambda i: (hits[i].mean(), said[i].mean()),
            groups,
            WORDS,
            unit="share right",
            ends=SHARE,
            **about,
        ),
    }


def appraisal(bench: Bench) -> Figures:
    """Stories told in the same words: clusters that fit, beside what word counts reach.

    Read by the story vectors where the feeling would be named. Taught in chapter 04.
    """
    seen, rows = (
        load_appraisals(bench.sizes.cases, split=s) for s in ("train", "test")
    )
    texts = [list(r["text"] + " " + r["who"] + " felt") for r in (seen, rows)]
    middle = last_position(bench.model, texts[0][:150], bench.layer).mean(0)
    at = last_position(bench.model, texts[1], bench.layer) - middle
    groups = known(bench)["cluster"].to_numpy()
    rng = np.random.default_rng(0)
    drawn = [c[rng.integers(len(c))] for c in seen["clusters"]]
    counts, held = word_counts(*texts)
    words = LinearSVC(C=0.1).fit(counts.numpy(), drawn).predict(held.numpy())
    fits = [
        within(groups[cosine_scores(at, v).argmax(1)], rows["clusters"])
        for v in (bench.vectors.vectors, *bench.shuffled[:FEW])
    ]
    text = within(words, rows["clusters"])
    return {
        "same words": figure(
            lambda i: (fits[0][i].mean(), text[i].mean()),
            rows["family"] + " " + rows["cell"],
            WORDS,
            unit="share of clusters that fit",
            over="kind of case",
            chapter="04",
            ends=SHARE,
            **{"shuffled labels": float(np.mean(fits[1:]))},
        )
    }


def within(found: Any, allowed: Any) -> Any:
    """1.0 where what was found is among what fits."""
    return np.array([f in a for f, a in zip(found, allowed, strict=True)]) * 1.0
