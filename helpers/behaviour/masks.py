"""What is felt and not shown: reading parts of a text, and deflection vectors.

A deflection vector is what the model holds of a felt emotion while another one is
shown. Source: Sofroniew et al. (2026), Part 14. Taught in chapter 11.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from torch import Tensor

from helpers.activations import mean_activations
from helpers.behaviour.masked_talk import along_kinds
from helpers.datasets import PARTS
from helpers.models import tokenize
from helpers.stats import random_directions, shuffled_labels
from helpers.vectors import (
    EmotionVectors,
    difference_of_means,
    neutral_components,
    project_out,
)

COLUMNS = {"opening": "opening", "felt": "felt_part", "mask": "mask"}
COLUMNS |= {"shown": "shown_part"}
ORDERS = {
    "text": PARTS,
    "plain": PARTS,
    "swapped": ("opening", "shown", "mask", "felt"),
    "bare": ("opening", "mask", "shown"),
}


def part_means(
    model: Any, heads: Sequence[str], texts: Sequence[str], layer: int
) -> Float[Tensor, "n d"]:
    """Mean residual stream over what each text adds to its head.

    A token sees only what came before it, so the mean over a part follows from the
    means of two openings of the text. The first position is left out (see
    `residual_norm`). Raises ValueError if a text does not go on from its head, or if
    the tokens of the head change with what follows.
    """
    if wrong := [
        i
        for i, (h, t) in enumerate(zip(heads, texts, strict=True))
        if not t.startswith(h) or len(t) == len(h)
    ]:
        raise ValueError(f"text {wrong[0]} does not go on from its head: pass both")
    rows = [tokenize(model, list(side), start=1) for side in (heads, texts)]
    for i, (head, row) in enumerate(zip(*rows, strict=True)):
        if not np.array_equal(head, row[: len(head)]) or len(head) == len(row):
            raise ValueError(f"the tokens of head {i} change with what follows")
    every = list(dict.fromkeys([*heads, *texts]))
    place = {text: i for i, text in enumerate(every)}
    means = mean_activations(model, every, layer, start=1, progress=False).double()
    short, long = (
        means[[place[t] for t in side]]
        * (torch.tensor([len(r) for r in ids])[:, None] - 1)
        for side, ids in zip((heads, texts), rows, strict=True)
    )
    counts = torch.tensor([len(b) - len(a) for a, b in zip(*rows, strict=True)])
    return ((long - short) / counts[:, None]).float()


def through(stories: pd.DataFrame, version: str, part: str) -> tuple[list, list]:
    """Heads and texts of a part of masked stories, in one version of them."""
    order = ORDERS[version]
    at = order.index(part)
    lengths = stories[[COLUMNS[p] for p in order]].apply(lambda c: c.str.len())
    if version in ("plain", "bare"):  # another sentence stands in the mask's place
        known = lengths.drop(columns="mask").sum(axis=1) + len(order) - 1
        lengths["mask"] = stories[version].str.len() - known
    ends = (lengths + 1).cumsum(axis=1) - 1
    texts = stories[version]
    stops = ends.iloc[:, at]
    starts = ends.iloc[:, at - 1] if at else 0 * stops
    heads = [t[:b] for t, b in zip(texts, starts, strict=True)]
    return heads, [t[:b] for t, b in zip(texts, stops, strict=True)]


def read_parts(
    model: Any, vectors: EmotionVectors, stories: pd.DataFrame, version: str = "text"
) -> pd.DataFrame:
    """How far each part of masked stories reaches along what is felt and shown.

    Columns story, part, vector ("felt", "shown", "other"), score (units of the
    residual norm; "other" is the mean over all other emotions).
    """
    kinds = {kind: stories[kind] for kind in ("felt", "shown")}
    parts = {
        part: part_means(model, *through(stories, version, part), vectors.layer)
        for part in ORDERS[version][1:]
    }
    table = along_kinds(parts, vectors, kinds, others="other")
    names = {"tokens": "part", "talk": "story"}
    return table.rename(columns=names)[["story", "part", "vector", "score"]]


def deflection(
    means: Float[Tensor, "n d"],
    felt: Sequence[str],
    story_vectors: Float[Tensor, "k d"],
    *,
    share: float = 0.99,
) -> tuple[Float[Tensor, "e d"], Float[Tensor, "e d"], tuple[str, ...]]:
    """Vectors of what is felt behind a mask: whole, outside the story space, emotions.

    `means` are read where another emotion is shown. The story space is the fewest
    principal directions that hold `share` of the variance of the story vectors.
    """
    whole, emotions = difference_of_means(means, felt)
    space = neutral_components(story_vectors, share)
    return whole, project_out(whole, space), emotions


def cosines(a: Float[Tensor, "n d"], b: Float[Tensor, "n d"]) -> Float[Tensor, " n"]:
    """The cosine of each row of `a` with the same row of `b`.

    Taught in chapter 11.
    """
    return (a * b).sum(-1) / (a.norm(dim=-1) * b.norm(dim=-1))


def found_rank(
    rows: Float[Tensor, "n d"], directions: Float[Tensor, "e d"], truth: Sequence[int]
) -> Float[Tensor, " n"]:
    """Where the true direction stands by cosine: 1 first, 0 last, chance 0.5.

    Rows are centered on their mean before. It is the area under the curve of one text.
    """
    at = rows - rows.mean(0)
    scores = at @ (directions / directions.norm(dim=-1, keepdim=True)).T
    own = scores.gather(1, torch.tensor(list(truth))[:, None])
    below = (scores < own).sum(1).float() + 0.5 * ((scores == own).sum(1) - 1).float()
    return below / (scores.shape[1] - 1)


def controls(
    means: Float[Tensor, "n d"],
    felt: Sequence[str],
    story: Float[Tensor, "k d"],
    *,
    n: int = 8,
) -> dict[str, list[Float[Tensor, "e d"]]]:
    """What deflection vectors are compared with: random and shuffled ones.

    `random`: directions of matched norm; `shuffled`: the same stories, with the felt
    emotions exchanged. `n` sets of each.
    """
    whole, _, _ = deflection(means, felt, story)
    order = list(dict.fromkeys(felt))
    drawn = [random_directions(whole, len(whole), seed=s) for s in range(n)]
    mixed = []
    for seed in range(n):
        labels = shuffled_labels(felt, seed=seed)
        found, _, names = deflection(means, labels, story)
        mixed.append(found[[names.index(e) for e in order]])
    return {"random": drawn, "shuffled": mixed}
