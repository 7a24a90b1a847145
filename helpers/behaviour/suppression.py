"""What training the words calm did: what words and inside tell of what the user told.

Each reader gives one score a message, higher where what the user told is pleasant, so
that two models are compared on the same messages. Taught in chapter 11b.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from numpy.typing import ArrayLike
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from helpers.activations import span_means
from helpers.datasets import load_emotions, load_lines
from helpers.models import chat_prompt
from helpers.stats import random_directions, shuffled_labels
from helpers.steering import generate
from helpers.vectors import EmotionVectors, word_classifier

EXCHANGE = ("message", "user's last token", "turn", "reply")


def replies(
    model: Any, messages: pd.DataFrame, *, seed: int = 0, max_new_tokens: int = 32
) -> list[str]:
    """What the assistant answers to each message, sampled at temperature 1."""
    prompts = [chat_prompt(model, text) for text in messages["text"]]
    options: dict[str, Any] = {"max_new_tokens": max_new_tokens, "progress": False}
    return generate(model, prompts, temperature=1.0, seed=seed, **options)


def named_emotions(texts: Sequence[str], *, but: str = "calm") -> list[list[str]]:
    """The emotion words that each text names, other than `but`."""
    words = [w for w in load_emotions()["emotion"] if w not in (but, "hope", "kind")]
    pattern = re.compile(rf"\b(?:{'|'.join(sorted(words, key=len)[::-1])})\b", re.I)
    return [pattern.findall(text) for text in texts]


def tone_classifier() -> Any:
    """Word counts and a straight line: a classifier that sees nothing but words."""
    return word_classifier(LogisticRegression(C=10, max_iter=500))


def by_visible_emotion(texts: Sequence[str]) -> np.ndarray:
    """How pleasant each text looks to a classifier of spoken lines with an emotion."""
    lines = load_lines()
    known = tone_classifier().fit(lines["text"], lines["valence"] > 0)
    return known.predict_proba(list(texts))[:, 1]


def crosswise(
    classifier: Any, rows: Any, truth: ArrayLike, groups: ArrayLike
) -> Float[np.ndarray, " n"]:
    """The probability of `truth` for each row, by a classifier of other groups."""
    options: dict[str, Any] = {"groups": groups, "cv": GroupKFold(5)}
    options["method"] = "predict_proba"
    return cross_val_predict(classifier, rows, truth, **options)[:, 1]


def by_own_words(
    texts: Sequence[str], truth: ArrayLike, groups: ArrayLike
) -> Float[np.ndarray, " n"]:
    """How pleasant the user's emotion is, by a classifier fitted on these texts.

    Each text is scored by a classifier that saw no text of its group.
    """
    return crosswise(tone_classifier(), list(texts), truth, groups)


def probe(
    at: Float[torch.Tensor, "n d"], truth: ArrayLike, groups: ArrayLike
) -> Float[np.ndarray, " n"]:
    """The same by a straight line through activations."""
    straight = make_pipeline(StandardScaler(), LogisticRegression(C=0.01))
    return crosswise(straight, at.numpy(), truth, groups)


def valence_axis(vectors: EmotionVectors) -> Float[torch.Tensor, " d"]:
    """Mean of the pleasant unit vectors minus mean of the unpleasant ones."""
    known = load_emotions().set_index("emotion")["valence"]
    pleasant = torch.tensor([known[e] > 0 for e in vectors.emotions])
    return vectors.unit[pleasant].mean(0) - vectors.unit[~pleasant].mean(0)


def read_exchanges(
    model: Any, messages: Sequence[str], replies: Sequence[str], layer: int
) -> dict[str, Float[torch.Tensor, "n d"]]:
    """The residual stream of each message and its reply, at each place of EXCHANGE.

    The mean over the message, its last token, the assistant's turn (the prompt's last
    token), and the mean over the reply.
    """
    texts, spans = [], []
    for said, reply in zip(messages, replies, strict=True):
        prompt = chat_prompt(model, said)
        first, turn = prompt.rindex(said), len(prompt)
        last, end = first + len(said), turn + len(reply)
        texts.append(prompt + reply)
        spans.append([(first, last), (last - 1, last), (turn - 1, turn), (turn, end)])
    found = span_means(model, texts, spans, layer)
    return dict(zip(EXCHANGE, found.unbind(1), strict=True))


def axis_limit(
    at: Float[torch.Tensor, "n d"],
    vectors: EmotionVectors,
    truth: ArrayLike,
    n: int = 200,
) -> float:
    """The AUC that 95 % of `n` random axes stay below, each in its better direction."""
    axes = random_directions(vectors.vectors, n)
    found = [roc_auc_score(truth, scores) for scores in (at @ axes.T).T.numpy()]
    return float(np.quantile([max(a, 1 - a) for a in found], 0.95))


def fitted_limit(
    score: Callable[[Any], Any], truth: ArrayLike, groups: Sequence[Any], n: int = 20
) -> float:
    """The AUC that 95 % of `n` fits to labels without meaning stay below.

    `score` fits to labels and gives its scores; whole groups exchange their label.
    """
    labels, found = np.asarray(truth).tolist(), []
    for seed in range(n):
        dealt = np.array(shuffled_labels(labels, whole=groups, seed=seed), dtype=bool)
        found.append(roc_auc_score(dealt, score(dealt)))
    return float(np.quantile(found, 0.95))
