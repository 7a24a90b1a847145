"""What training the words calm did: to the words, to the inside, to the acts.

Every measure is a table with one row a figure: part, measure, value, low, high (a
95 % interval, whole emotions or scenes drawn), and `control`, the same figure where
nothing can be found. Taught in chapter 11.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from numpy.typing import ArrayLike, NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from helpers.activations import last_position
from helpers.datasets import load_emotions, load_lines
from helpers.models import chat_prompt
from helpers.stats import (
    Estimate,
    auc,
    bootstrap,
    random_directions,
    shuffled_labels,
)
from helpers.steering import generate
from helpers.vectors import EmotionVectors, word_classifier

COLUMNS = ["part", "measure", "value", "low", "high", "control"]
N_CONTROLS = 20


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


def by_visible_emotion(texts: Sequence[str]) -> NDArray[Any]:
    """How pleasant each text looks to a classifier of spoken lines with an emotion."""
    lines = load_lines()
    known = tone_classifier().fit(lines["text"], lines["valence"] > 0)
    return known.predict_proba(list(texts))[:, 1]


def crosswise(
    classifier: Any, rows: Any, truth: ArrayLike, groups: ArrayLike
) -> Float[NDArray[Any], " n"]:
    """The probability of `truth` for each row, by a classifier of other groups."""
    options: dict[str, Any] = {"groups": groups, "cv": GroupKFold(5)}
    options["method"] = "predict_proba"
    return cross_val_predict(classifier, rows, truth, **options)[:, 1]


def by_own_words(
    texts: Sequence[str], truth: ArrayLike, groups: ArrayLike
) -> Float[NDArray[Any], " n"]:
    """How pleasant the user's emotion is, by a classifier fitted on these texts.

    Each text is scored by a classifier that saw no text of its group.
    """
    return crosswise(tone_classifier(), list(texts), truth, groups)


def probe(
    at: Float[torch.Tensor, "n d"], truth: ArrayLike, groups: ArrayLike
) -> Float[NDArray[Any], " n"]:
    """The same by a straight line through activations."""
    straight = make_pipeline(StandardScaler(), LogisticRegression(C=0.01))
    return crosswise(straight, at.numpy(), truth, groups)


def measure_words(written: Sequence[str], messages: pd.DataFrame) -> pd.DataFrame:
    """Whether replies tell if what the user told is pleasant, and what they name."""
    truth, groups = messages["valence"] > 0, list(messages["emotion"])
    dealt = shuffled_labels(list(messages["valence"]), whole=groups)
    mixed = np.array(dealt) > 0
    own = auc(by_own_words(written, truth, groups), truth, groups)
    chance = roc_auc_score(mixed, by_own_words(written, mixed, groups))
    seen = auc(by_visible_emotion(written), truth, groups)
    named = [bool(found) for found in named_emotions(written)]
    rows = [
        ("words", "classifier of visible emotion (AUC)", *seen, 0.5),
        ("words", "classifier of its own replies (AUC)", *own, float(chance)),
        ("words", "names a feeling other than calm", *bootstrap(named, groups), 0.0),
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def valence_axis(vectors: EmotionVectors) -> Float[torch.Tensor, " d"]:
    """Mean of the pleasant unit vectors minus mean of the unpleasant ones."""
    known = load_emotions().set_index("emotion")["valence"]
    pleasant = torch.tensor([known[e] > 0 for e in vectors.emotions])
    return vectors.unit[pleasant].mean(0) - vectors.unit[~pleasant].mean(0)


def read_valence(
    at: Float[torch.Tensor, "n d"], vectors: EmotionVectors, messages: pd.DataFrame
) -> tuple[Estimate, float]:
    """AUC of the vectors' valence axis, and the 95th percentile of random axes' AUCs.

    A random axis counts in its better direction.
    """
    truth, groups = messages["valence"] > 0, list(messages["emotion"])
    found = auc((at @ valence_axis(vectors)).numpy(), truth, groups)
    axes = random_directions(vectors.vectors, N_CONTROLS)
    null = [roc_auc_score(truth, (at @ axis).numpy()) for axis in axes]
    return found, float(np.quantile([max(a, 1 - a) for a in null], 0.95))


def places(model: Any, messages: pd.DataFrame) -> dict[str, list[str]]:
    """Chat prompts that end where the inside is read."""
    prompts = [chat_prompt(model, text) for text in messages["text"]]
    ends = [
        p[: p.rindex(t) + len(t)]
        for p, t in zip(prompts, messages["text"], strict=True)
    ]
    return {"user's last token": ends, "assistant's turn": prompts}


def measure_inside(
    model: Any, own: EmotionVectors, parent: EmotionVectors, messages: pd.DataFrame
) -> pd.DataFrame:
    """Whether the inside tells if what the user told is pleasant.

    By vectors that were extracted from this model (`own`), by those of its `parent`,
    and by a probe that is fitted here on other emotions.
    """
    truth, groups, rows = messages["valence"] > 0, list(messages["emotion"]), []
    for place, prompts in places(model, messages).items():
        at = last_position(model, prompts, own.layer)
        for name, vectors in {"own vectors": own, "parent's vectors": parent}.items():
            found, null = read_valence(at, vectors, messages)
            rows.append(("inside", f"{name}, {place} (AUC)", *found, null))
        mixed = np.array(shuffled_labels(list(truth), whole=groups), dtype=bool)
        chance = float(roc_auc_score(mixed, probe(at, mixed, groups)))
        found = auc(probe(at, truth, groups), truth, groups)
        rows.append(("inside", f"fitted probe, {place} (AUC)", *found, chance))
    return pd.DataFrame(rows, columns=COLUMNS)
