"""Data of a learner's own, dealt by their id: something in them is to be found out.

Nothing here says what it is. A learner finds it by trying, and so does the grader. For
assignments A1 to A4.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import Any

import numpy as np
import pandas as pd
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from helpers.datasets import load_emotions, load_stories, own, planted_axes
from helpers.models import default_layer, pad, tokenize, unwrap
from helpers.vectors import geometry

FLAWS = ("padding counts", "first counts", "last is lost", "next layer", "unit rows")
DULL = (
    "The table had four legs.", "The door was next to the window.",
    "A cup stood on the shelf.", "The road was long.", "It was the second day.",
    "The wall was white.", "A bag lay on the floor.", "The clock showed three.",
)  # fmt: skip
RULES = ("mean of the controls", "other prompts", "one way only")
MIXED = ("proud", "afraid", "bored", "calm")


def dealt(learner: str, what: str) -> np.random.Generator:
    """Random numbers that belong to an id, however it is typed."""
    name = unicodedata.normalize("NFKC", str(learner)).casefold()
    name = re.sub(r"[\W_]+", "", name)
    if name == "yourid":
        print("These are the data of nobody: put your own id into LEARNER first.")
    seed = hashlib.sha256(f"{what}/{name}".encode()).digest()
    return np.random.default_rng(list(seed))


def lock(learner: str, prediction: str) -> str:
    """Eight letters that belong to a prediction: one word more, and they are others.

    Hand them in before the run; the prediction itself may stay secret until after.
    """
    words = " ".join(unicodedata.normalize("NFKC", prediction).split())
    numbers = dealt(learner, f"prediction/{words}").integers(26, size=8)
    return "".join(chr(ord("a") + n) for n in numbers)


def emotions(learner: str, n: int) -> list[str]:
    """`n` emotions of the book; the first of them is the learner's."""
    mixed = dealt(learner, "emotions").permutation(load_emotions()["emotion"])
    return [str(one) for one in mixed[:n]]


def batch(
    model: Any, texts: list[str], layer: int
) -> tuple[Float[Tensor, "n s d"], Bool[Tensor, "n s"]]:
    """Texts read together, padded on the right: activations, and what is real."""
    ids, mask = pad(model, tokenize(model, texts))
    with (
        torch.no_grad(),
        model.trace({"input_ids": ids, "attention_mask": mask.long()}),
    ):
        residual: Any = unwrap(model.layers[layer].output)
        rows = residual.float().cpu().save()
    return rows, mask


def means(model: Any, learner: str) -> tuple[list[str], Float[Tensor, "n d"]]:
    """Twelve texts of unlike length, and a colleague's means of them; one of FLAWS."""
    rng = dealt(learner, "A1")
    told = load_stories(model).query("split == 'test'")["text"].tolist()
    chosen = rng.choice(len(told), 12, replace=False)
    counts = rng.permutation([1 + i % 4 for i in range(12)])
    sentences = [re.split(r"(?<=[.!?]) ", told[i]) for i in chosen]
    texts = [" ".join(s[:n]) for s, n in zip(sentences, counts, strict=True)]
    flaw = str(rng.choice(FLAWS))
    layer = default_layer(model) + (flaw == "next layer")
    rows, mask = batch(model, texts, layer)
    place = mask.long().cumsum(-1) - 1
    keep = mask & (place >= (flaw != "first counts"))
    if flaw == "padding counts":
        keep[:, 1:] = True
    if flaw == "last is lost":
        keep &= place < mask.sum(-1, keepdim=True) - 1
    if flaw == "unit rows":
        rows = rows / rows.norm(dim=-1, keepdim=True)
    total = torch.einsum("nsd,ns->nd", rows, keep.float())
    return texts, total / keep.sum(-1, keepdim=True)


def stories(learner: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Stories to learn from and to test with, of kinds "mine" and "other".

    Columns kind, topic, text. In each story stand some sentences of DULL.
    """
    rng = dealt(learner, "A2")
    banks = [own.phrases(one) for one in MIXED]
    sign = str(rng.choice(DULL))
    made = []
    for topics in np.array_split(rng.permutation(own.own_topics()[:16]), 2):
        told = pd.concat(
            own.tell(name, bank, list(topics), n=4, seed=int(rng.integers(1 << 30)))
            for name, bank in zip(MIXED, banks, strict=True)
        )
        halves = [
            rng.permutation([True, True, False, False]) for _ in range(len(told) // 4)
        ]
        mine = np.concatenate(halves)  # of every emotion and topic as many
        texts = [
            dulled(rng, text, sign, rng.random() < (0.9 if own_kind else 0.1))
            for text, own_kind in zip(told["text"], mine, strict=True)
        ]
        kind = np.where(mine, "mine", "other")
        made.append(pd.DataFrame({"kind": kind, "topic": told["topic"].tolist(),
                                  "text": texts}))  # fmt: skip
    return made[0], made[1]


def dulled(rng: np.random.Generator, text: str, sign: str, has: bool) -> str:
    """A story with three dull sentences after its own, and `sign` where it `has` it."""
    others = [one for one in DULL if one != sign]
    chosen = rng.choice(others, 3, replace=False).tolist() + [sign] * has
    parts = re.split(r"(?<=[.!?]) ", text)
    for one in chosen:
        parts.insert(int(rng.integers(1, len(parts) + 1)), one)
    return " ".join(parts)


def claim(learner: str) -> tuple[pd.DataFrame, str]:
    """A table of planted axes, and one of them that a colleague calls real."""
    rng = dealt(learner, "A3")
    table, truth = planted_axes(int(rng.integers(1 << 30)))
    made = [one for one in truth if truth[one] not in ("real", "chance")]
    seen = [abs(geometry.correlation(table[one], table["rating"])) for one in made]
    return table, made[int(np.argmax(seen))]


def doses(learner: str) -> tuple[pd.DataFrame, float, list[float]]:
    """A table as in A4's question 6, a limit, and what a colleague calls usable.

    The colleague's rule has one flaw of RULES.
    """
    rng = dealt(learner, "A4")
    flaw, limit = str(rng.choice(RULES)), round(float(rng.uniform(0.5, 0.9)), 2)
    up = rng.choice([0.1, 0.2, 0.3, 0.5, 0.7], 4, replace=False).tolist()
    down = rng.choice([-0.1, -0.2, -0.3, -0.5, -0.7], 2, replace=False).tolist()
    (well, mean, lost, dear), (back, turned) = up, down
    rest = rng.uniform(-0.3, 0.3, (6, 3))
    cases = {
        well: (0.9, rest[0], limit - 0.2),
        mean: (0.5, (0.8, *rest[1, :2] - 0.4), limit - 0.3),
        lost: (0.9, rest[2], limit + 0.3),
        dear: (0.9, rest[3], limit + 1.2),
        back: (-0.9, rest[4], limit - 0.3),
        turned: (0.8, rest[5], limit - 0.3),
    }
    more = {"mean of the controls": mean, "other prompts": lost, "one way only": turned}
    said = [well, more[flaw]] + [back] * (flaw != "one way only")
    return drawn_doses(rng, cases, lost), limit, sorted(said)


def drawn_doses(
    rng: np.random.Generator, cases: dict[float, Any], lost: float
) -> pd.DataFrame:
    """Effects on eight prompts, of which four have long texts; `lost` lost some."""
    base = rng.permutation([1.0] * 4 + [4.0] * 4) + rng.uniform(0, 0.2, 8)
    gone = rng.choice(np.flatnonzero(base > 3), 3, replace=False).tolist()
    rows = [(0.0, "own", i, 0.0, level) for i, level in enumerate(base)]
    for strength, (own_effect, others, price) in cases.items():
        for name, effect in [("own", own_effect), *enumerate(others, 1)]:
            noise = rng.normal(size=(2, 8)) / 20
            noise -= noise.mean(1, keepdims=True)
            for i, level in enumerate(base):
                known = name == "own" and not (strength == lost and i in gone)
                told = level + price + noise[1, i] if known else np.nan
                rows.append((strength, str(name), i, effect + noise[0, i], told))
    columns = ["strength", "direction", "prompt", "effect", "surprise"]
    table = pd.DataFrame(rows, columns=columns).round(4)
    return table.iloc[rng.permutation(len(table))].reset_index(drop=True)
