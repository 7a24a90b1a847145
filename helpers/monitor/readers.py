"""Simple readers: what knows as much without looking inside.

Each is fitted on the texts that a reader was made from and told on the same others:
words, embeddings, length, the entropy of the next token, numbers that lie at hand such
as the position or the count of attempts, and the most frequent answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from helpers.activations import mean_embeddings
from helpers.models import tokenize
from helpers.stats import bootstrap, paired
from helpers.steering import next_entropy
from helpers.vectors import rulers, word_classifier

Scores = Float[np.ndarray, "n k"]


@dataclass(frozen=True, eq=False)
class Readers:
    """Scores of each reader for each class; the largest is its answer.

    Add your own reader's to `scores` to hold it against them.
    """

    classes: list[Any]
    scores: dict[str, Scores]

    def right(self, name: str, truth: Iterable[Any]) -> Float[np.ndarray, " n"]:
        """1.0 where a reader's answer is right."""
        answers = np.array(self.classes, dtype=object)[self.scores[name].argmax(1)]
        return (answers == np.array(list(truth), dtype=object)) * 1.0

    def table(
        self, truth: Iterable[Any], groups: Any, own: str | None = None
    ) -> pd.DataFrame:
        """The share right of each reader: reader, value, low, high (over groups).

        With `own`, the name of one of them, also difference, less, more: the paired
        interval of its share minus that of the reader.
        """
        rows, truth = [], list(truth)
        for name in self.scores:
            right = self.right(name, truth)
            row = [name, *bootstrap(right, groups)]
            if own is not None:
                row += paired(self.right(own, truth), right, groups)
            rows.append(row)
        names = ["reader", "value", "low", "high", "difference", "less", "more"]
        return pd.DataFrame(rows, columns=names[: len(rows[0])])


def simple_readers(
    model: Any,
    train: pd.DataFrame,
    test: pd.DataFrame,
    target: str,
    *,
    numbers: Sequence[str] = (),
    start: int = 0,
) -> Readers:
    """Fit every simple reader of the column `target` on `train`, score `test`.

    Both have the column text: what the model reads, up to where a reader reads. Words
    (TF-IDF and a linear classifier), `layer 0` (mean embeddings from position `start`
    on, ridge LDA), `length` in tokens, `entropy` of the next token, each of the columns
    `numbers` (attempts, position), a curve of second degree, and `majority`.

    Raises ValueError for a column that is not there, or a target with one class.
    """
    for column in ("text", target, *numbers):
        if column not in train or column not in test:
            raise ValueError(f"no column {column!r} in train and test: add it to both")
    labels = list(train[target])
    classes = sorted(set(labels))
    if len(classes) < 2:
        raise ValueError(
            f"{target} is {classes[0]!r} everywhere: nothing to tell apart"
        )
    both = [list(frame["text"]) for frame in (train, test)]
    known: dict[str, list[Any]] = {
        name: [f[name].to_numpy(float) for f in (train, test)] for name in numbers
    }
    known |= {
        "length": [np.array([len(r) for r in tokenize(model, t)]) for t in both],
        "entropy": [next_entropy(model, t).numpy() for t in both],
    }
    counts = np.array([labels.count(c) for c in classes])
    scores = {"words": by_words(both, labels)}
    scores["layer 0"] = by_embeddings(model, both, labels, classes, start)
    scores |= {
        name: by_number(one, other, labels) for name, (one, other) in known.items()
    }
    scores["majority"] = np.tile(np.log(counts / len(labels)), (len(test), 1))
    return Readers(classes, scores)


def by_words(both: list[list[str]], labels: list[Any]) -> Scores:
    """Words and pairs of words, by a linear classifier."""
    made = word_classifier().fit(both[0], labels)
    scores = made.decision_function(both[1])
    return scores if scores.ndim == 2 else np.column_stack([-scores, scores])


def by_embeddings(
    model: Any, both: list[list[str]], labels: list[Any], classes: list[Any], start: int
) -> Scores:
    """The mean embedding, by ridge LDA."""
    rows = [mean_embeddings(model, texts, start=start) for texts in both]
    made = rulers(rows[0], [str(label) for label in labels])["ridge LDA"]
    order = [made.emotions.index(str(c)) for c in classes]
    return made.scores(rows[1])[:, order].numpy()


def by_number(train: Any, test: Any, labels: Sequence[Any]) -> Scores:
    """One number and its square, by logistic regression."""
    curve = PolynomialFeatures(2, include_bias=False)
    made = make_pipeline(StandardScaler(), curve, LogisticRegression())
    made.fit(np.asarray(train, float)[:, None], labels)
    return made.predict_log_proba(np.asarray(test, float)[:, None])
