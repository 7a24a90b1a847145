"""Words alone: the rival that needs no model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.svm import LinearSVC
from torch import Tensor


def word_vectorizer(*, min_df: int = 1) -> TfidfVectorizer:
    """TF-IDF of words and pairs of words: what every text-only baseline reads.

    Words of fewer than `min_df` texts are left out.
    """
    return TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=min_df)


def word_classifier(classifier: Any = None) -> Pipeline:
    """A classifier of `word_vectorizer`'s rows, linear unless given: fit, predict."""
    return make_pipeline(word_vectorizer(), classifier or LinearSVC())


def word_counts(
    train: Sequence[str], texts: Sequence[str]
) -> tuple[Float[Tensor, "m w"], Float[Tensor, "n w"]]:
    """TF-IDF rows of words and pairs of words, weighted on `train` only.

    The text-only baseline: put these where activations stand. Taught in chapter 04.
    """
    counter = word_vectorizer(min_df=2)
    both = counter.fit_transform(train), counter.transform(texts)
    before, after = (torch.from_numpy(x.astype(np.float32).toarray()) for x in both)
    return before, after
