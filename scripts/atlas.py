"""What the atlas shows of a model: each of its emotion vectors, from every side.

Vectors are made from the train stories; texts are read that no vector was made from.
The table is a file for the page, kept in `_build/laboratory` under a name that depends
on what it was made from.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from torch import Tensor

from helpers.activations import mean_activations, mean_embeddings
from helpers.datasets import load_emotions, load_stories
from helpers.models import chat_prompt, depths
from helpers.stats import random_directions
from helpers.steering import generate
from helpers.vectors import (
    EmotionVectors,
    column_auc,
    cosine_scores,
    difference_of_means,
    extract,
    geometry,
    logit_lens,
    mean_of_means,
    word_tokens,
)

NEIGHBORS = 8
PASSAGES = 3
LENS_WORDS = 10
ASKED = {  # what a pushed model goes on from; a question is asked in the chat
    "tiny": (["One morning Tom opened the door."], []),
    "smollm2": (
        ["When I opened the door this morning, I"],
        ["My train is late. What should I do?"],
    ),
}
STRENGTH = {"tiny": 0.25, "smollm2": 0.2}
NEW_TOKENS = 32
SEED = 0


def atlas(model: Any, name: str) -> dict[str, Any]:
    """All that the page shows: `emotions`, a table for each, and what they share."""
    stories = load_stories(model)
    stories = stories[stories.split != "new"].reset_index(drop=True)
    train = stories[stories.split == "train"]
    held = stories[stories.split.isin(("validation", "test"))].reset_index(drop=True)
    ev = extract(model, train)
    names = list(ev.emotions)
    rows = mean_activations(model, held["text"], ev.layer, progress=False)
    scores = cosine_scores(rows - ev.center, ev.unit)
    known = load_emotions().set_index("emotion").loc[names]
    table = known[["cluster", "valence", "arousal"]].reset_index().to_dict("records")
    words, ranks = lens_words(model, train, lens_layer(model))
    parts = {
        "near": neighbors(ev, sign=1),
        "far": neighbors(ev, sign=-1),
        "words": words,
        "rank": ranks,
        "passages": [top_passages(own, list(held["topic"])) for own in scores.T],
        "curve": curve(model, stories, depths(model), names),
        "at": map_places(ev).round(3).tolist(),
    }
    texts, written = pushed(model, ev, name)
    parts["written"] = written["emotions"]
    for key, values in parts.items():
        for row, value in zip(table, values, strict=True):
            row[key] = value
    used = sorted({i for row in table for i in row["passages"]})
    told = [{"text": held["text"][i], "emotion": held["emotion"][i]} for i in used]
    for row in table:
        row["passages"] = [
            [used.index(i), round(scores[i, names.index(row["emotion"])].item(), 2)]
            for i in row["passages"]
        ]
    return {
        "emotions": table,
        "texts": told,
        "layers": ["emb", *depths(model)],
        "layer": ev.layer,
        "lens": lens_layer(model),
        "tokens": len(model.tokenizer),
        "held": len(held),
        "prompts": texts,
        "strength": STRENGTH[name],
        "plain": written["plain"],
        "random": written["random"],
    }


def top_passages(scores: Float[Tensor, " n"], topics: list[str]) -> list[int]:
    """Places of the texts that score highest, one of a topic."""
    order = scores.argsort(descending=True).tolist()
    first = {topics[i]: i for i in reversed(order)}
    return sorted(first.values(), key=order.index)[:PASSAGES]


def neighbors(ev: EmotionVectors, sign: int) -> list[list[Any]]:
    """The nearest emotions of each (sign -1: the farthest), with their cosines."""
    like = cosine_scores(ev.unit, ev.unit).fill_diagonal_(-sign * torch.inf)
    found, places = (sign * like).topk(NEIGHBORS, 1)
    return [
        [
            [ev.emotions[i], round(sign * cosine, 2)]
            for i, cosine in zip(*row, strict=True)
        ]
        for row in zip(places.tolist(), found.tolist(), strict=True)
    ]


def lens_layer(model: Any) -> int:
    """The layer whose vectors the unembedding reads: late, where words are near."""
    return depths(model)[-2]


def lens_words(
    model: Any, train: pd.DataFrame, layer: int
) -> tuple[list[list[str]], list[int | None]]:
    """Of each vector the likeliest emotion words, and its own word's rank among all.

    Each word's own height over all vectors is taken off. Only words with a first token
    of their own compete; the rank of another is None.
    """
    means = mean_activations(model, train["text"], layer, progress=False)
    vectors, names = difference_of_means(means, list(train["emotion"]))
    logits = logit_lens(model, vectors)
    logits = (logits - logits.mean(0))[:, : len(model.tokenizer)]
    tokens = word_tokens(model, names)
    words, places = list(tokens), list(tokens.values())
    top = logits[:, places].topk(min(LENS_WORDS, len(words)), 1).indices.tolist()
    ranks = [
        int((row > row[tokens[name]]).sum()) + 1 if name in tokens else None
        for name, row in zip(names, logits, strict=True)
    ]
    return [[words[i] for i in row] for row in top], ranks


def curve(
    model: Any, stories: pd.DataFrame, layers: list[int], names: list[str]
) -> list[list[float]]:
    """By layer, embeddings first: how often an own text outscores another (AUC)."""
    train = stories["split"] == "train"
    held = stories["split"].isin(("validation", "test"))
    made, asked = (torch.from_numpy(part.to_numpy(copy=True)) for part in (train, held))
    texts, labels = list(stories["text"]), stories["emotion"]
    rows = [mean_embeddings(model, texts)]
    rows += mean_activations(model, texts, layers, progress=False)
    found = [
        separation(own[made], own[asked], labels[train], labels[held], names)
        for own in rows
    ]
    return np.round(np.stack(found, 1), 3).tolist()


def separation(
    made: Float[Tensor, "n d"],
    asked: Float[Tensor, "m d"],
    labels: Iterable[str],
    truth: Iterable[str],
    names: list[str],
) -> Any:
    """The AUC of each emotion's vector, made from `made`, over the rows of `asked`."""
    known = list(labels)
    vectors, order = difference_of_means(made, known)
    scores = cosine_scores(asked - mean_of_means(made, known), vectors)
    auc = column_auc(scores, order, list(truth))
    return auc[[list(order).index(name) for name in names]]


def map_places(ev: EmotionVectors) -> Float[Any, "e 2"]:
    """Where each emotion lies on the first two axes of the vectors, from -1 to 1.

    The first axis is turned so that *happy* lies to the right of *sad*.
    """
    places = geometry.principal_axes(ev.vectors, 2).places
    if places[ev.emotions.index("happy"), 0] < places[ev.emotions.index("sad"), 0]:
        places[:, 0] *= -1
    return np.asarray(places / np.abs(places).max(0))


def pushed(
    model: Any, ev: EmotionVectors, name: str
) -> tuple[list[str], dict[str, Any]]:
    """The prompts, and what is written after them: plain, random, and by emotion."""
    told, questions = ASKED[name]
    prompts = [*told, *(chat_prompt(model, question) for question in questions)]
    random = random_directions(ev.vectors, n=1, seed=SEED)
    rows = torch.cat([ev.unit[:1], random, ev.unit])  # the first at strength 0: no push
    strength = [0.0] + [STRENGTH[name]] * (len(rows) - 1)
    written = generate(
        model,
        [prompt for prompt in prompts for _ in rows],
        vector=rows.repeat(len(prompts), 1),
        strength=strength * len(prompts),
        layer=ev.layer,
        norm=ev.norm,
        max_new_tokens=NEW_TOKENS,
    )
    flat = [" ".join(text.split()) for text in written]
    after = [flat[i :: len(rows)] for i in range(len(rows))]
    every = {"plain": after[0], "random": after[1], "emotions": after[2:]}
    return [*told, *questions], every
