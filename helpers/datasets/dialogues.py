"""Two people talk, each with a feeling of their own that nobody names."""

from __future__ import annotations

import random
from typing import Any

import pandas as pd

from helpers.datasets.written import corpus
from helpers.models import is_embedded
from helpers.world import material, stories


def load_dialogues(model: Any = None, *, n: int = 4) -> pd.DataFrame:
    """Dialogues crossed over pairs of emotions: first, second, half, text, turns.

    Each emotion is `n` times that of the first speaker and `n` times that of the
    second; the two are drawn apart, in pairs that the embedded model never met.
    `half` (0 or 1) splits the dialogues so that each half has each emotion equally
    often on both sides. `turns` lists (speaker, first character, end) of what is said
    in each turn, without the name.

    A `model` that is not the embedded one gets the forty open written dialogues: twenty
    emotions, each once on either side of each half, every pair in both orders, six to
    ten turns. `n` changes nothing there.
    Source: Sofroniew et al. (2026), Part 13. Taught in chapter 07.
    """
    if not is_embedded(model):
        return written_rows()
    names, rows = list(material.emotions().index), []
    rng = random.Random("dialogues/0")
    for i in range(n):
        for first, second in zip(names, partners(rng, names), strict=True):
            text = stories.dialogue(rng, first, second)
            rows.append((first, second, i % 2, text, spans(text)))
    return pd.DataFrame(rows, columns=["first", "second", "half", "text", "turns"])


def written_rows() -> pd.DataFrame:
    """The open written dialogues as a table."""
    rows = []
    for entry in corpus("dialogues"):
        if "masked" not in entry:
            text = as_text(entry["names"], entry["turns"])
            about = entry["first"], entry["second"], entry["half"]
            rows.append((*about, text, spans(text)))
    return pd.DataFrame(rows, columns=["first", "second", "half", "text", "turns"])


def as_text(names: list[str], turns: list[str]) -> str:
    """Turns as lines, each with the name of who speaks."""
    return "\n".join(f"{names[k % 2]}: {said}" for k, said in enumerate(turns))


def partners(rng: random.Random, names: list[str]) -> list[str]:
    """The names in an order whose every pair with `names` is kept out of training.

    Raises ValueError when there are too few names for that.
    """
    order = rng.sample(names, len(names))
    right = [held(names, order, i) for i in range(len(names))]
    for _ in range(200 * len(names)):
        wrong = [i for i, fits in enumerate(right) if not fits]
        if not wrong:
            return order
        i, j = rng.choice(wrong), rng.randrange(len(names))
        order[i], order[j] = order[j], order[i]
        now = held(names, order, i), held(names, order, j)
        if sum(now) < right[i] + right[j]:
            order[i], order[j] = order[j], order[i]
        else:
            right[i], right[j] = now
    raise ValueError(f"no held-out pairing of {len(names)} emotions: pass more of them")


def held(names: list[str], order: list[str], i: int) -> bool:
    return material.held_out("talk", names[i], order[i])


def spans(text: str) -> tuple[tuple[int, int, int], ...]:
    """(speaker 0 or 1, first character, end) of what is said in each turn."""
    found, at = [], 0
    for turn, line in enumerate(text.split("\n")):
        said = at + line.index(": ") + 2
        found.append((turn % 2, said, at + len(line)))
        at += len(line) + 1
    return tuple(found)
