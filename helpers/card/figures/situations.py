"""Figures of a card on other texts than stories: messages, attempts, what lasts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import normalize

from helpers.activations import span_means
from helpers.card.bench import Bench, known
from helpers.card.figure import (
    EMBEDDINGS,
    SHARE,
    SHUFFLED,
    Figure,
    Figures,
    figure,
    mean_auc,
    written,
)
from helpers.datasets import load_doses, load_episodes, load_messages, load_moods
from helpers.stats import Chosen, choose, cluster_null, correlations
from helpers.vectors import chat_readings, instrument

FEW = 20  # sets of shuffled labels that are left out by group


def own_area(
    bench: Bench,
    rows: Float[Tensor, "n d"],
    truth: Any,
    groups: Sequence[Any],
    **about: Any,
) -> Figure:
    """Mean AUC of the own vector on centered rows, beside shuffled labels."""
    names = [e for e in bench.vectors.emotions if e in set(truth)]
    if len(names) < 2:
        raise ValueError(f"the vectors have {len(names)} of this test's emotions")
    places = [bench.vectors.emotions.index(e) for e in names]
    kept = np.isin(truth, names)
    at, own = rows[torch.tensor(kept)], np.asarray(truth)[kept]
    at = normalize(at - at.mean(0), dim=-1)
    real = at @ bench.vectors.unit[places].T
    mixed = [at @ normalize(v[places], dim=-1).T for v in bench.shuffled]

    def measure(i: Any) -> tuple[float, float]:
        each = [mean_auc(s[i], names, own[i]) for s in (real, *mixed[:FEW])]
        return each[0], float(np.mean(each[1:]))

    null = [mean_auc(s, names, own) for s in mixed]
    options: dict[str, Any] = {"unit": "AUC", "null": null, "ends": SHARE} | about
    return figure(measure, np.asarray(groups)[kept], SHUFFLED, chance=0.5, **options)


def chosen(found: Chosen, **about: Any) -> Figure:
    """A figure of the best reading on half of the items, beside the best rival's."""
    values = float(found.told.value), float(found.rival_told.value)
    left = found.left.rename(columns={"rival": "control"})
    return written(*values, left, EMBEDDINGS, n=len(found.rest), **about) | {
        "read": ", ".join(map(str, np.atleast_1d(np.array(found.name, dtype=object))))
    }


def messages(bench: Bench) -> Figures:
    """Messages that name no feeling, read where and how half of them are read best.

    Another kind of text than the vectors come from. Taught in chapter 05.
    """
    rows = load_messages(bench.model)
    rows = rows[rows["emotion"].isin(bench.vectors.emotions)]
    if len(rows) > bench.sizes.messages:
        rows = rows.sample(bench.sizes.messages, random_state=0)
    texts = bench.train, list(rows["text"]), list(rows["emotion"]), list(rows["source"])
    found = instrument(bench.model, *texts, bench.layers, start=bench.start)
    about: dict[str, Any] = {"over": "situation", "chapter": "05", "chance": 0.5}
    return {"messages": chosen(found, unit="AUC", ends=SHARE, **about)}


def rising(
    bench: Bench,
    more: Sequence[Any],
    less: Sequence[Any],
    groups: Sequence[str],
    said: Sequence[str] | None = None,
    **about: Any,
) -> Figure:
    """Do pleasant emotions rise from the chats `less` to `more`, over all emotions?

    r of the whole profile with rated valence; place, layer and ruler are chosen on half
    of the groups. Beside the embeddings of what is `said` (None: the last message); p
    is of ratings dealt by cluster.
    """
    names, valence = list(bench.vectors.emotions), known(bench)["valence"]
    texts, n = [*more, *less], len(more)
    options: dict[str, Any] = {"said": said, "start": bench.start}
    sets = chat_readings(
        bench.model, bench.train, texts, names, bench.layers, **options
    )
    own, rivals = ({k: s[:n] - s[n:] for k, s in one.items()} for one in sets)

    def measure(rows: Any, _: Any) -> float:
        mean = rows.double().mean(0).numpy()[:, None]
        return float(correlations(mean, valence.to_numpy())[0])

    found = choose(own, rivals, measure, groups, scale="r")
    profile = own[found.name][found.rest].double().mean(0).numpy()
    dealt = cluster_null(profile, valence, bench.vectors.vectors.numpy())
    return chosen(found, unit="r with valence", scale="r", dealt=dealt, **about)


def failing(bench: Bench) -> Figures:
    """After four attempts: do pleasant emotions stand higher if they succeeded?

    The same tasks, with reports in nearly the same words. Taught in chapter 10.
    """
    rows = load_episodes(bench.model, n=1).query("difficulty == 'hard'")
    last = rows[rows["attempts"] == rows["attempts"].max()]
    good, bad = (
        last[last["outcome"] == o].set_index("task")["messages"]
        for o in ("succeeds", "fails")
    )
    about: dict[str, Any] = {"over": "task", "chapter": "10"}
    chats = list(good), list(bad[good.index]), list(good.index)
    said = [reports(chat) for part in chats[:2] for chat in part]
    return {"failing": rising(bench, *chats, said, **about)}


def reports(chat: Sequence[dict[str, str]]) -> str:
    """All that the assistant has said in a chat."""
    return " ".join(turn["content"] for turn in chat if turn["role"] == "assistant")


def doses(bench: Bench) -> Figures:
    """Do pleasant emotions rise where a number in a message says that all is better?

    The best number of each template against the worst. Taught in chapter 05.
    """
    rows = load_doses(bench.model)
    good = rows["place"].where(rows["up"] == "good", 1 - rows["place"])
    best, worst = (
        rows[good == end].set_index("template")["text"] for end in (1.0, 0.0)
    )
    about: dict[str, Any] = {"over": "template", "chapter": "05"}
    texts = list(best), list(worst[best.index]), list(best.index)
    return {"doses": rising(bench, *texts, **about)}


def lasting(bench: Bench) -> Figures:
    """Can an emotion still be read from sentences that have nothing to do with it?

    The last of six plain sentences after something happened. Taught in chapter 07.
    """
    rows = load_moods().query("split == 'test' and tail == 'facts'")
    ends = [(spans[0], spans[-1]) for spans in rows["spans"]]
    read = span_means(bench.model, list(rows["text"]), ends, bench.layer)
    truth, topics = rows["emotion"].to_numpy(), list(rows["topic"])
    about: dict[str, Any] = {"over": "topic", "chapter": "07"}
    told = own_area(bench, read[:, 0], truth, topics, **about)["value"]
    more = {"where it is told": told}
    return {"lasting": own_area(bench, read[:, 1], truth, topics, **about, **more)}
