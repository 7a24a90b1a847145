"""Before a null, the instrument: where and how a reading was given its best chance."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from torch import Tensor

from helpers.activations import (
    EMBEDDINGS,
    check_start,
    mean_activations,
    mean_embeddings,
    read_places,
)
from helpers.stats import Chosen, choose
from helpers.vectors.probes import column_auc
from helpers.vectors.rulers import rulers

ROUNDING = 1e-5  # of the length of rows
Key = tuple[str, int, str]  # place, layer, ruler


def own_area(
    scores: Float[Tensor, "n e"], names: Sequence[str], truth: Sequence[str]
) -> float:
    """Mean AUC of each emotion's score, its own texts against the others."""
    return float(np.nanmean(column_auc(scores, names, truth)))


def readings(
    train: Float[Tensor, "l n d"],
    labels: Sequence[str],
    read: dict[str, Float[Tensor, "l m d"]],
    layers: Sequence[int],
    kept: Sequence[str],
) -> dict[Key, Float[Tensor, "m k"]]:
    """Scores of the emotions `kept` at each place and layer, by each ruler.

    The texts' own mean is taken off first: they are of another kind than `train`. A
    place where all texts are alike, but for rounding, is left out. Raises ValueError
    where none is left.
    """
    found: dict[Key, Tensor] = {}
    for i, layer in enumerate(layers):
        for ruler, made in rulers(train[i], labels).items():
            columns = [made.emotions.index(e) for e in kept]
            for place, rows in read.items():
                if not varies(rows[i]):
                    continue
                scores = made.scores(rows[i], rows[i].mean(0))
                found[place, layer, ruler] = scores[:, columns]
    if not found:
        raise ValueError("the model reads all of these texts alike: nothing to compare")
    return found


def varies(rows: Float[Tensor, "n d"]) -> bool:
    """Whether rows differ by more than rounding."""
    return float((rows - rows.mean(0)).norm()) > ROUNDING * float(rows.norm())


def chat_readings(
    model: Any,
    stories: pd.DataFrame,
    chats: Sequence[Any],
    kept: Sequence[str],
    layers: Sequence[int],
    *,
    said: Sequence[str] | None = None,
    start: int | None = None,
) -> tuple[dict[Key, Float[Tensor, "m k"]], dict[Key, Float[Tensor, "m k"]]]:
    """Scores of the emotions `kept` on each chat, by (place, layer, ruler).

    `stories` (columns emotion, text) make the vectors. Beside them the rivals: the
    embeddings, by the same rulers, over the last message, or over what is `said` in
    each chat.
    """
    first, texts = check_start(model, start), list(stories["text"])
    labels = list(stories["emotion"])
    train = mean_activations(model, texts, layers, start=first, progress=False)
    read = read_places(model, chats, layers, progress=False)
    found = readings(train, labels, read, layers, kept)
    plain = mean_embeddings(model, texts, start=first)[None]
    if said is None:
        alone = read_places(model, chats, [EMBEDDINGS], progress=False)["text"]
    else:
        alone = mean_embeddings(model, said, start=0)[None]
    return found, readings(plain, labels, {"text": alone}, [EMBEDDINGS], kept)


def instrument(
    model: Any,
    stories: pd.DataFrame,
    chats: Iterable[Any],
    truth: Iterable[str],
    groups: Any,
    layers: Sequence[int],
    *,
    start: int | None = None,
) -> Chosen:
    """Place, layer and ruler that read chats best, chosen on half, told on the other.

    `stories` (columns emotion, text) make the vectors; `truth` is the emotion that each
    chat's last message brings. Names are (place, layer, ruler). The rivals are the
    embeddings, by the same rulers, over the text.

    Raises ValueError for a truth without stories. Taught in chapter 05.
    """
    own, asked = list(truth), list(chats)
    kept = list(dict.fromkeys(own))
    if strange := set(kept) - set(stories["emotion"]):
        raise ValueError(f"no stories of {sorted(strange)}: leave these chats out")
    found, rivals = chat_readings(model, stories, asked, kept, layers, start=start)

    def on(scores: Any, rows: Any) -> float:
        return own_area(torch.as_tensor(scores), kept, [own[i] for i in rows])

    return choose(found, rivals, on, groups, scale="share")
