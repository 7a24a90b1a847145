"""Reading texts of topics that were held out, each in turn, layer and start with them.

A layer that was chosen on the topics it is tested on is too good, and two topics are
no sample. So each topic is held out once, and what is chosen is chosen on the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float
from torch import Tensor
from tqdm.auto import tqdm

from helpers.activations import means_by_start
from helpers.stats import Column, Estimate, bootstrap, column
from helpers.vectors.extraction import difference_of_means, mean_of_means
from helpers.vectors.probes import cosine_scores

Reader = Callable[[Any, list[str], Any], Sequence[str]]


def pooled_at(
    model: Any, texts: Sequence[str], layers: Column, starts: Column, **options: Any
) -> dict[tuple[int, int], Float[Tensor, "n d"]]:
    """Mean activations by (layer, start), each text read once for all of them.

    `progress` as in `mean_activations`. Taught in chapter 02.
    """
    layers, starts = column(layers), column(starts)
    means = means_by_start(model, texts, layers, starts, **options)
    each = zip(layers, means, strict=True)
    return {
        (layer, start): rows
        for layer, by_start in each
        for start, rows in zip(starts, by_start, strict=True)
    }


def nearest(
    rows: Float[Tensor, "n d"], labels: Sequence[str], asked: Float[Tensor, "m d"]
) -> list[str]:
    """The emotion whose vector, from `rows`, each row of `asked` is nearest to."""
    vectors, names = difference_of_means(rows, labels)
    scores = cosine_scores(asked - mean_of_means(rows, labels), vectors)
    return [names[i] for i in scores.argmax(1).tolist()]


def named_right(
    rows: Any, labels: Sequence[str], topics: Sequence[Any], *, reader: Reader = nearest
) -> Float[np.ndarray, " n"]:
    """Whether each text is read right when its whole topic is held out: 1 or 0.

    `rows` and `reader` as in `held_out_topics`, without a choice. Raises ValueError
    for unequally many, and for a single topic. Taught in chapter 02.
    """
    truth, where = np.asarray(labels), np.asarray(topics)
    if not len(rows) == len(truth) == len(where):
        raise ValueError(
            f"{len(rows)} rows, {len(truth)} labels and {len(where)} topics: pass one "
            "of each for every text"
        )
    if len(set(where)) < 2:
        raise ValueError("all texts are of one topic: there is none to fit on")
    right = np.zeros(len(truth))
    for topic in dict.fromkeys(where):
        out = where == topic
        named = reader(rows[~out], truth[~out].tolist(), rows[out])
        right[out] = np.asarray(named) == truth[out]
    return right


def held_out_topics(
    pooled: Mapping[Any, Any],
    labels: Sequence[str],
    topics: Sequence[Any],
    *,
    reader: Reader = nearest,
    progress: bool = True,
) -> tuple[Estimate, pd.DataFrame]:
    """Share of texts read right on topics held out in turn, and a row for each topic.

    `pooled` has the rows of all texts for each choice, such as (layer, start): tensors,
    or an array of texts. `reader(rows, labels, asked)` fits on the first two and names
    the label of each of `asked`. For a topic, the choice is the one that reads best
    where each of the other topics is held out in turn; of equal ones the first. The
    interval is over topics. Columns topic, choice, chosen (share right where it was
    chosen), right, n.

    Raises ValueError for fewer than three topics, unequally many rows, or a label that
    stands in fewer than three topics.
    """
    truth, where = np.asarray(labels), np.asarray(topics)
    check_topics(pooled, truth, where)
    places = {name: np.flatnonzero(where == name) for name in dict.fromkeys(topics)}

    def right(choice: Any, left: tuple[Any, ...], asked: Any) -> float:
        """Share right on topic `asked`, fitted on all topics but those in `left`."""
        rows, at = pooled[choice], places[asked]
        seen = np.flatnonzero(~np.isin(where, list(left)))
        found = reader(rows[seen], truth[seen].tolist(), rows[at])
        return float((np.asarray(found) == truth[at]).mean())

    inner = {choice: dict.fromkeys(places, 0.0) for choice in pooled}
    for choice in tqdm(pooled, unit="choice", disable=not progress):
        for one, other in combinations(places, 2):
            for asked, held in ((one, other), (other, one)):
                inner[choice][held] += right(choice, (one, other), asked)
    rows = []
    for name, at in places.items():
        best = max(pooled, key=lambda choice: inner[choice][name])
        chosen = inner[best][name] / (len(places) - 1)
        rows.append((name, best, chosen, right(best, (name,), name), len(at)))
    table = pd.DataFrame(rows, columns=["topic", "choice", "chosen", "right", "n"])
    return bootstrap(table["right"], table["topic"]), table


def check_topics(pooled: Mapping[Any, Any], labels: Any, topics: Any) -> None:
    """Raise ValueError unless each topic can be held out and another one beside it."""
    if not isinstance(pooled, Mapping):
        raise ValueError("pooled is one set of rows: pass {layer: rows}")
    sizes = {len(rows) for rows in pooled.values()} | {len(labels), len(topics)}
    if len(sizes) != 1:
        raise ValueError(
            f"{len(labels)} labels, {len(topics)} topics and rows of {sorted(sizes)}: "
            "pass one of each for every text, and a choice or more"
        )
    within = pd.DataFrame({"label": labels, "topic": topics})
    n = within["topic"].nunique()
    if n < 3:
        raise ValueError(
            f"{n} topic(s): two are held out at a time, pass three or more"
        )
    counts = within.groupby("label")["topic"].nunique()
    if (few := counts[counts < 3]).any():
        raise ValueError(
            f"{few.index[0]!r} stands in {few.iloc[0]} topic(s): two are held out, "
            "so pass texts of three topics or more for each label"
        )
