"""The figure of a card on the unembedding: which words a vector stands for."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from helpers.activations import mean_activations
from helpers.card.bench import Bench, known
from helpers.card.figure import SHARE, Figures
from helpers.card.figures.situations import chosen
from helpers.stats import choose
from helpers.vectors import difference_of_means, logit_lens, word_tokens


def lens(bench: Bench) -> Figures:
    """How high does the own word stand among emotion words, through the lens?

    As the share of the other words below it: .5 by chance, 1 on top. Each word's own
    height over all vectors is taken off first. The layer is chosen on half of the
    clusters. Beside the vectors of embeddings. `first`: the share on top; `rank`: the
    median rank; `of`: among how many. Taught in chapter 04.
    """
    names = list(bench.vectors.emotions)
    tokens = word_tokens(bench.model, names)
    if len(tokens) < 2:
        raise ValueError("no two emotion words begin with different tokens here")
    rows, words = [names.index(w) for w in tokens], torch.tensor(list(tokens.values()))
    texts, labels = list(bench.train["text"]), list(bench.train["emotion"])
    options: dict[str, Any] = {"start": bench.start, "progress": False}
    means = mean_activations(bench.model, texts, bench.layers, **options)

    def table(read: Float[Tensor, "n d"]) -> Float[Tensor, "w w"]:
        vectors, order = difference_of_means(read, labels)
        vectors = vectors[[order.index(name) for name in names]]
        said = logit_lens(bench.model, vectors)[:, words]
        return (said - said.mean(0))[rows]

    found = {
        layer: table(read) for layer, read in zip(bench.layers, means, strict=True)
    }

    def measure(said: Float[Tensor, "m w"], at: Any) -> float:
        own = said[torch.arange(len(at)), torch.as_tensor(at)][:, None]
        below = (said < own).sum(1) + ((said == own).sum(1) - 1) / 2
        return float(below.mean()) / (said.shape[1] - 1)

    clusters = list(known(bench)["cluster"][list(tokens)])
    rivals = {"embeddings": table(bench.embeddings)}
    best = choose(found, rivals, measure, clusters, scale="share")
    said = found[best.name][best.rest]
    own = said[torch.arange(len(said)), torch.tensor(best.rest)][:, None]
    rank = (said > own).sum(1).numpy()
    more = {"first": (rank == 0).mean(), "rank": np.median(rank) + 1}
    about: dict[str, Any] = {"over": "cluster", "chapter": "04", "chance": 0.5}
    about |= {"unit": "share of words below", "ends": SHARE, "of": len(tokens)}
    return {"lens": chosen(best, **about, **more)}
