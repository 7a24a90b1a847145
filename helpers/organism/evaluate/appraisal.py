"""What the embedded model reads where only an appraisal shows the feeling.

Part of `python -m helpers.organism.evaluate.knowledge`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from helpers.activations import last_position
from helpers.datasets import Split, load_appraisals, load_emotions, load_exchanges
from helpers.organism.evaluate.measures import (
    Figure,
    beside,
    figure,
    likeliest,
    word_logprobs,
)
from helpers.vectors import EmotionVectors, word_classifier


def asking(rows: pd.DataFrame) -> list[str]:
    """The texts up to the place where the feeling would be named."""
    return list(rows.text + " " + rows.who + " felt")


def at_felt(
    model: Any, vectors: EmotionVectors, seen: pd.DataFrame, rows: pd.DataFrame
) -> np.ndarray:
    """The nearest vector at "... felt", centered on the mean of other such texts."""
    middle = last_position(model, asking(seen), vectors.layer).mean(0)
    at = last_position(model, asking(rows), vectors.layer) - middle
    return np.array(vectors.emotions)[(at @ vectors.unit.T).argmax(1).numpy()]


def appraisal_vectors(model: Any, every: list[EmotionVectors]) -> EmotionVectors:
    """The story vectors of the layer that reads known appraisal stories best."""
    seen = load_appraisals(600, split="train")
    cluster = load_emotions().set_index("emotion")["cluster"]
    found = [at_felt(model, v, seen[:300], seen[300:]) for v in every]
    right = [within(cluster[f], seen.clusters[300:]).mean() for f in found]
    return every[int(np.argmax(right))]


def within(found: Any, allowed: pd.Series) -> np.ndarray:
    """Whether each cluster found is one of those that fit."""
    return np.array([f in a for f, a in zip(found, allowed, strict=True)])


def read_appraisals(
    model: Any, vectors: EmotionVectors, split: Split = "test", n: int = 900
) -> Figure:
    """Cluster and sign of valence read from appraisal alone, beside TF-IDF.

    Read twice: by the story vectors at "... felt", and from the word that the model
    finds likeliest there. By family as well.
    """
    seen, rows = load_appraisals(3000, split="train"), load_appraisals(n, split=split)
    known = load_emotions().set_index("emotion").loc[list(vectors.emotions)]
    found = known.loc[at_felt(model, vectors, seen.head(300), rows)]
    spoken = known.loc[likeliest(model, asking(rows), list(known.index))]
    rng = np.random.default_rng(0)
    drawn = [c[rng.integers(len(c))] for c in seen.clusters]
    words = word_classifier().fit(asking(seen), drawn).predict(asking(rows))
    signs = word_classifier().fit(asking(seen), seen.valence).predict(asking(rows))
    commonest = [pd.Series(drawn).mode()[0]] * len(rows)
    answers = {
        "cluster": {
            "": within(found["cluster"], rows.clusters),
            "own word": within(spoken["cluster"], rows.clusters),
            "tfidf": within(words, rows.clusters),
            "commonest": within(commonest, rows.clusters),
        },
        "valence": {
            "": np.sign(found["valence"]).to_numpy() == rows.valence,
            "own word": np.sign(spoken["valence"]).to_numpy() == rows.valence,
            "tfidf": signs == rows.valence,
            "commonest": seen.valence.mode()[0] == rows.valence,
        },
    }
    result: Figure = {}
    for what, hits in answers.items():
        result[what] = beside(hits, rows.cell)
        result[f"own word {what}"] = figure(hits["own word"], rows.cell)
        for family in rows.family.unique():
            mask = (rows.family == family).to_numpy()
            part = {k: np.asarray(h)[mask] for k, h in hits.items()}
            result[f"{family} {what}"] = beside(part, np.arange(mask.sum()))
    return result


def role_exchange(model: Any, vectors: EmotionVectors, n: int = 200) -> Figure:
    """Does the feeling move when the same deed is asked of the other person?

    Both texts of a pair hold the same words but for the last name. Right when the
    doer's emotions score higher, against the target's, for the doer than for the
    target: by the vectors, and by the probabilities of the words after "felt".
    Chance, and whatever only counts words, is a half.
    """
    pairs, names = load_exchanges(n), list(vectors.emotions)

    def right(doer: np.ndarray, target: np.ndarray) -> Figure:
        """Rows of scores, one for each emotion, of both texts of each pair."""
        sides = [
            (pairs[f"{who}_emotions"].map(lambda row: [names.index(e) for e in row]))
            for who in ("doer", "target")
        ]
        gaps = [
            [
                row[d].mean() - row[t].mean()
                for row, d, t in zip(at, *sides, strict=True)
            ]
            for at in (doer, target)
        ]
        return figure(np.array(gaps[0]) > np.array(gaps[1]), pairs.act, chance=0.5)

    texts = [list(pairs[f"{side}_text"]) for side in ("doer", "target")]
    at = [last_position(model, rows, vectors.layer) for rows in texts]
    return {
        "vectors": right(*((rows @ vectors.unit.T).numpy() for rows in at)),
        "own word": right(*(word_logprobs(model, t, names).numpy() for t in texts)),
    }
