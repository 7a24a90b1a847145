"""Figures of a card on held-out stories, beside words alone, and through the lens."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float
from sklearn.svm import LinearSVC
from torch import Tensor

from helpers.activations import last_position
from helpers.card.bench import (
    NOTHING,
    RANDOM,
    SHUFFLED,
    Bench,
    Figure,
    Figures,
    figure,
    known,
    mean_auc,
    spread,
)
from helpers.datasets import load_appraisals
from helpers.stats import bootstrap, bootstrap_statistic, paired, random_directions
from helpers.vectors import (
    cosine_scores,
    difference_of_means,
    logit_lens,
    mean_of_means,
    own_word,
    word_counts,
    word_tokens,
)


def stories(bench: Bench) -> Figures:
    """Held-out stories: nearest vector, its cluster, AUC, and the gap to word counts.

    Taught in chapters 03 and 04.
    """
    names, truth = list(bench.vectors.emotions), bench.test["emotion"].to_numpy()
    labels, groups = list(bench.train["emotion"]), list(bench.test[bench.over])
    cluster = known(bench)["cluster"]
    held = bench.read(bench.test["text"]) - mean_of_means(bench.means, labels)
    scores = [
        cosine_scores(held, v).numpy() for v in (bench.vectors.vectors, *bench.shuffled)
    ]
    scores.append(text_only(bench))
    found = [np.array(names)[s.argmax(1)] for s in scores]
    right = [f == truth for f in found]
    near = [cluster[f].to_numpy() == cluster[truth].to_numpy() for f in found]
    areas = [mean_auc(s, names, truth) for s in scores]
    area = bootstrap_statistic(
        lambda i: mean_auc(scores[0][i], names, truth[i]),
        groups,
        n_draws=bench.sizes.draws,
    )
    about: dict[str, Any] = {"over": bench.over, "n": len(truth), "chapter": "04"}
    share = {"unit": "share right", **about}

    def shares(hits: list[Any], **more: float) -> Figure:
        mixed = spread([h.mean() for h in hits[1:-1]])
        beside: dict[str, Any] = {"words only": hits[-1].mean(), **more}
        return figure(bootstrap(hits[0], groups), mixed, SHUFFLED, **share, **beside)

    baselines: dict[str, Any] = {"words only": areas[-1], "chance": 0.5}
    gap = paired(right[0], right[-1], groups)
    return {
        "accuracy": shares(right, chance=1 / len(names)),
        "cluster": shares(near),
        "auc": figure(
            area,
            spread(areas[1:-1]),
            SHUFFLED,
            unit="AUC",
            **about,
            **baselines,
        ),
        "beyond words": figure(
            gap, NOTHING, "words only", unit="share right, minus words only", **about
        ),
    }


def text_only(bench: Bench) -> Any:
    """The same recipe with TF-IDF counts in place of activations."""
    labels = list(bench.train["emotion"])
    before, after = word_counts(list(bench.train["text"]), list(bench.test["text"]))
    by_word, order = difference_of_means(before, labels)
    rows = by_word[[order.index(e) for e in bench.vectors.emotions]]
    return cosine_scores(after - mean_of_means(before, labels), rows).numpy()


def appraisal(bench: Bench) -> Figures:
    """Stories told in the same words: clusters that fit, minus what word counts reach.

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
        for v in (bench.vectors.vectors, *bench.shuffled)
    ]
    text = within(words, rows["clusters"])
    gap = paired(fits[0], text, list(rows["family"] + " " + rows["cell"]))
    more = {"vectors": fits[0].mean(), "words only": text.mean()}
    more["shuffled labels"] = np.mean(fits[1:])
    unit = "cluster fits, minus words only"
    about: dict[str, Any] = {"over": "kind of case", "n": len(rows), "chapter": "04"}
    return {
        "same words": figure(gap, NOTHING, "words only", unit=unit, **about, **more)
    }


def within(found: Any, allowed: Any) -> Any:
    """1.0 where what was found is among what fits."""
    return np.array([f in a for f, a in zip(found, allowed, strict=True)]) * 1.0


def lens(bench: Bench) -> Figures:
    """Of how many vectors is the own word on top of all emotion words, by the lens?

    Taught in chapter 04.
    """
    names = list(bench.vectors.emotions)
    tokens = word_tokens(bench.model, names)
    if len(tokens) < 2:
        raise ValueError("no two emotion words begin with different tokens here")

    def top(vectors: Float[Tensor, "e d"]) -> Any:
        return own_word(logit_lens(bench.model, vectors), names, tokens)

    own = top(bench.vectors.vectors)
    sets = [
        random_directions(bench.vectors.vectors, len(names), seed=s)
        for s in range(bench.sizes.random)
    ]
    found = bootstrap(own["top"], list(known(bench)["cluster"][own["emotion"]]))
    control = spread([top(rows)["top"].mean() for rows in sets])
    about: dict[str, Any] = {"over": "cluster", "n": len(own), "chapter": "04"}
    return {"lens": figure(found, control, RANDOM, unit="share on top", **about)}
