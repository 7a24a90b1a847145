"""Whose tokens hold what is felt and not shown: masked emotions in conversations.

Source: Sofroniew et al. (2026), Part 14. Taught in chapter 11.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float
from torch import Tensor

from helpers.activations import last_position, span_means
from helpers.datasets import spans_in
from helpers.models import chat_prompt, message_places
from helpers.vectors import EmotionVectors

HIDER, PARTNER = "the one who hides it", "the other speaker"
LINE, TURN = "user's shown words", "assistant's turn"


def along_kinds(
    parts: Mapping[str, Float[Tensor, "n d"]],
    vectors: EmotionVectors,
    kinds: Mapping[str, Any],
    *,
    others: str = "others",
) -> pd.DataFrame:
    """Scores of each row along its own emotion of each kind, and along all others.

    Columns tokens (the part), talk, vector (a kind, or `others`: the mean over the
    rest), score (share of the mean residual norm).
    """
    rows, names = [], list(vectors.emotions)
    for part, means in parts.items():
        scores = vectors.scores(means).numpy()
        at, rest, along = np.arange(len(scores)), scores.sum(1), {}
        for kind, emotions in kinds.items():
            along[kind] = scores[at, [names.index(e) for e in emotions]]
            rest = rest - along[kind]
        along[others] = rest / (len(names) - len(kinds))
        for kind, values in along.items():
            rows += [(part, i, kind, float(v)) for i, v in enumerate(values)]
    return pd.DataFrame(rows, columns=["tokens", "talk", "vector", "score"])


def read_speakers(
    model: Any, vectors: EmotionVectors, talks: pd.DataFrame, version: str = "text"
) -> pd.DataFrame:
    """How far each speaker's tokens reach along felt, shown, met, and all others.

    `talks` as `load_masked_dialogues` gives them. Columns tokens, talk, vector, score.
    Taught in chapter 11.
    """
    kinds = {kind: talks[kind] for kind in ("felt", "shown", "met")}
    sides = {HIDER: "own", PARTNER: "theirs"}
    places = [spans_in(talks, column, version) for column in sides.values()]
    spans = [[*own, *theirs] for own, theirs in zip(*places, strict=True)]
    means = span_means(model, list(talks[version]), spans, vectors.layer)
    n = len(places[0][0])
    parts = {HIDER: means[:, :n].mean(1), PARTNER: means[:, n:].mean(1)}
    return along_kinds(parts, vectors, kinds)


def read_chats(
    model: Any, vectors: EmotionVectors, chats: pd.DataFrame, version: str = "text"
) -> pd.DataFrame:
    """The same for chats: the user's shown words, and the assistant's turn.

    `chats` as `load_masked_chats` gives them. Columns tokens, talk, vector, score.
    """
    kinds = {kind: chats[kind] for kind in ("felt", "shown")}
    prompts = [chat_prompt(model, text) for text in chats[version]]
    places = [message_places(model, text)[0] for text in chats[version]]
    spans = [
        [(at + a, at + b) for a, b in own]
        for at, own in zip(places, spans_in(chats, "own", version), strict=True)
    ]
    parts = {
        LINE: span_means(model, prompts, spans, vectors.layer)[:, 0],
        TURN: last_position(model, prompts, vectors.layer),
    }
    return along_kinds(parts, vectors, kinds)


def carried(
    read: Mapping[str, pd.DataFrame], places: Sequence[str], vector: str = "felt"
) -> pd.DataFrame:
    """What a text with the feeling scores above its bare twin, talk by talk.

    `read` maps version names to tables of one model; "bare" is the control. Columns
    tokens, version, talk, gain.
    """
    wide = {
        version: table[table["vector"] == vector].set_index(["tokens", "talk"])["score"]
        for version, table in read.items()
    }
    rows = []
    for version in wide:
        if version == "bare":
            continue
        gain = wide[version] - wide["bare"]
        for place in places:
            own = gain[place]
            rows += [(place, version, int(t), float(g)) for t, g in own.items()]
    return pd.DataFrame(rows, columns=["tokens", "version", "talk", "gain"])
