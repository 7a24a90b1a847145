"""Texts that ask when a feeling is read: before, after, denied, long ago."""

from __future__ import annotations

import random
from typing import Any

import pandas as pd

from helpers.datasets.messages import TWELVE
from helpers.datasets.written import corpus
from helpers.models import is_embedded
from helpers.world import material, stories

FAR = 0.35  # how far from 0 the valence of a good or a bad beginning lies
N_PLAIN = 6  # sentences after something happened
MOOD_TOPICS = 7  # topics that test what is left of a feeling; the others train


def load_beginnings(model: Any = None, *, n: int = 2) -> pd.DataFrame:
    """The same ending after a good and after a bad beginning.

    Columns pair, topic, beginning ("good" or "bad"), text, span: the characters of
    the ending. `n` pairs a topic; the two texts of a pair share person, place and
    ending. For the embedded model cause and topic never met in training; with another
    model there are six written beginnings and three endings.
    Source: Sofroniew et al. (2026), Part 11. Taught in chapter 07.
    """
    rows = []
    for pair, (topic, good, bad, ending) in enumerate(pairs(model, n)):
        for name, first in (("good", good), ("bad", bad)):
            text = f"{first} {ending}"
            rows.append((pair, topic, name, text, (len(first) + 1, len(text))))
    return pd.DataFrame(rows, columns=["pair", "topic", "beginning", "text", "span"])


def pairs(model: Any, n: int) -> list[tuple[str, str, str, str]]:
    """(topic, good beginning, bad beginning, ending) of each pair."""
    if not is_embedded(model):
        told = corpus("situations")
        starts, ends = enumerate(told["beginnings"]), told["endings"]
        return [(f"{i}", b["good"], b["bad"], e) for i, b in starts for e in ends]
    rng, found = random.Random("beginnings/0"), []
    valence = material.emotions()["valence"].astype(float)
    for topic in stories.topics():
        for _ in range(n):
            who = rng.choice(material.people())
            where = stories.opening(rng, topic, who)
            told = {}
            for sign, names in (
                ("good", valence[valence > FAR].index),
                ("bad", valence[valence < -FAR].index),
            ):
                cause = stories.held_cause(rng.choice(list(names)), topic)
                told[sign] = f"{where} {material.render(cause, who, named=False)}"
            ending = " ".join(stories.beat(rng, who) for _ in range(2))
            found.append((topic, told["good"], told["bad"], ending))
    return found


def load_negations(*, n: int = 40) -> pd.DataFrame:
    """Feelings that are told, denied, or denied and replaced.

    Columns pair, emotion, other, kind, text. `kind`: "felt x", "did not feel x",
    "did not feel x; felt w", "felt w", "did not feel w"; x is `emotion` and w is
    `other`, which is of another cluster. Each text opens in a place that the
    embedded model never met.
    Source: Sofroniew et al. (2026), Part 11. Taught in chapter 07.
    """
    rng, rows = random.Random("negations/0"), []
    clusters = material.emotions()["cluster"]
    places = stories.topics(unseen=True)
    for pair in range(n):
        x = rng.choice([e for e in clusters.index if e != "hope"])
        w = rng.choice(
            [e for e in clusters.index if clusters[e] != clusters[x] and e != "hope"]
        )
        who = rng.choice(material.people())
        where = stories.opening(rng, places[pair % len(places)], who)
        said = {
            "felt x": f"{who.name} felt {x}.",
            "did not feel x": f"{who.name} did not feel {x}.",
            "did not feel x; felt w": f"{who.name} did not feel {x}; "
            f"{who.subject} felt {w}.",
            "felt w": f"{who.name} felt {w}.",
            "did not feel w": f"{who.name} did not feel {w}.",
        }
        rows += [(pair, x, w, kind, f"{where} {end}") for kind, end in said.items()]
    return pd.DataFrame(rows, columns=["pair", "emotion", "other", "kind", "text"])


def load_moods() -> pd.DataFrame:
    """Something happens, and then a long stretch in which nothing does.

    Columns emotion, topic, split, tail, text, spans. Twelve emotions; cause and topic
    never met in training. `tail` says what follows: `beats`, where the same person
    does nothing in particular, or `facts`, which have nothing to do with anybody.
    `spans` are the characters of the cause and then of each sentence that follows.
    Source: Sofroniew et al. (2026), Part 12. Taught in chapter 07.
    """
    topics, rows = stories.topics(), []
    for i, topic in enumerate(topics):
        split = "test" if i >= len(topics) - MOOD_TOPICS else "train"
        for emotion in TWELVE:
            for tail in ("beats", "facts"):
                rng = random.Random(f"moods/0/{topic}/{emotion}/{tail}")
                who = rng.choice(material.people())
                cause = stories.held_cause(emotion, topic)
                told = [
                    f"{stories.opening(rng, topic, who)} "
                    f"{material.render(cause, who, named=False)}"
                ]
                told += [plain(rng, tail, who) for _ in range(N_PLAIN)]
                text, spans = joined(told)
                rows.append((emotion, topic, split, tail, text, spans))
    columns = ["emotion", "topic", "split", "tail", "text", "spans"]
    return pd.DataFrame(rows, columns=columns)


def plain(rng: random.Random, tail: str, who: material.Person) -> str:
    """One sentence without feeling."""
    if tail == "beats":
        return stories.beat(rng, who)
    return str(rng.choice(list(material.known(material.table("neutral")["facts"]))))


def joined(sentences: list[str]) -> tuple[str, tuple[tuple[int, int], ...]]:
    """Sentences as one text, and where each of them stands."""
    spans, at = [], 0
    for sentence in sentences:
        spans.append((at, at + len(sentence)))
        at += len(sentence) + 1
    return " ".join(sentences), tuple(spans)
