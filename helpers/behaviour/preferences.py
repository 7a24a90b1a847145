"""What a model would rather do: pairs, both orders, and one scale for all.

Every ordered pair of activities is asked as a choice between (A) and (B). What is read
is the probability of the two letters where the answer begins.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import permutations
from typing import Any

import choix
import numpy as np
import pandas as pd
import torch
from jaxtyping import Bool, Float
from numpy.typing import ArrayLike
from torch import Tensor

from helpers.activations import in_spans
from helpers.behaviour.acts import first_tokens
from helpers.models import chat_frame, chat_prompt, tokenize
from helpers.steering import next_logprobs

ASK = "What would you rather do? (A) {a} (B) {b}"


def ordered_pairs(activities: Sequence[str], ask: str = ASK) -> pd.DataFrame:
    """Every ordered pair of activities as a question: a, b (places), question.

    Raises ValueError for fewer than two activities or one that is there twice.
    Taught in chapter 09.
    """
    names = list(activities)
    if len(names) < 2 or len(set(names)) < len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise ValueError(
            f"{len(names)} activities, of which {twice} come twice: pass two or more, "
            "each once"
        )
    rows = [
        (i, j, ask.format(a=names[i], b=names[j]))
        for i, j in permutations(range(len(names)), 2)
    ]
    return pd.DataFrame(rows, columns=["a", "b", "question"])


def letter_prompts(model: Any, questions: Sequence[str]) -> list[str]:
    """Each question as a chat whose answer has been begun by "("."""
    return [chat_prompt(model, q) + "(" for q in questions]


def prefer_first(model: Any, questions: Sequence[str], **steering: Any) -> pd.DataFrame:
    """How strongly (A) is preferred to (B) in each question.

    Columns `logit` (log-probability of A minus that of B, in nats), `first` (the
    probability of A among the two) and `mass` (what both letters get of all).
    Steering as in `next_logprobs`. Taught in chapter 09.
    """
    prompts = letter_prompts(model, questions)
    letters = torch.tensor([first_tokens(model, ["A", "B"])] * len(prompts))
    logprobs = next_logprobs(model, prompts, letters, **steering)
    logit = (logprobs[:, 0] - logprobs[:, 1]).numpy()
    first = 1 / (1 + np.exp(-logit))
    mass = logprobs.exp().sum(1).numpy()
    return pd.DataFrame({"logit": logit, "first": first, "mass": mass})


def span_masks(
    model: Any, prompts: Sequence[str], parts: Sequence[str]
) -> Bool[Tensor, "n s"]:
    """Which tokens of each prompt belong to its part, as a mask over positions.

    A part that is one of the options (A), (B) is taken there, whatever else says the
    same. Raises ValueError if a part is not in its prompt, or in several places of it.
    Taught in chapter 09.
    """
    longest = max(len(row) for row in tokenize(model, prompts))
    masks = torch.zeros(len(prompts), longest, dtype=torch.bool)
    before, after = chat_frame(model)
    for i, (prompt, part) in enumerate(zip(prompts, parts, strict=True)):
        asked = prompt.removesuffix("(")  # what `letter_prompts` adds
        alone = asked.startswith(before) and asked.endswith(after)
        question = (len(before), len(asked) - len(after)) if alone else (0, len(asked))
        places = part_places(prompt, part, *question)
        if len(places) != 1:
            many = f"in {len(places)} places of" if places else "not in"
            raise ValueError(
                f"{part!r} is {many} prompt {i} ({prompt[:60]!r}): pass a part that "
                "stands there once"
            )
        (inside,) = in_spans(model, prompt, places)
        masks[i, : len(inside)] = inside.bool()
    return masks


def part_places(prompt: str, part: str, low: int, high: int) -> list[tuple[int, int]]:
    """Where a part stands in a prompt whose question lies from `low` to `high`.

    As an option; else as words of its own; else anywhere.
    """
    heads = list(re.finditer(r"\([A-Z]\) ", prompt[low:high]))
    ends = [low + head.start() for head in heads[1:]] + [high]
    options = [
        ((start, start + len(part)), prompt[start + len(part) : end])
        for start, end in zip((low + h.end() for h in heads), ends, strict=False)
        if prompt.startswith(part, start)
    ]
    whole = [span for span, rest in options if not rest.strip()]
    ended = [span for span, rest in options if not re.search(r"\w", rest)]
    found = re.finditer(f"(?={re.escape(part)})", prompt)
    every = [(m.start(), m.start() + len(part)) for m in found if part]
    words = [
        (a, b)
        for a, b in every
        if not re.match(r"\w\w", prompt[a - 1 : a + 1] if a else "")
        and not re.match(r"\w\w", prompt[b - 1 : b + 1])
    ]
    return whole or ended or words or every


def win_matrix(
    pairs: pd.DataFrame, first: ArrayLike, n: int
) -> Float[np.ndarray, "n n"]:
    """Wins of each activity over each other: entry i, j is how often i beat j.

    `first` is the probability that the first of a pair is chosen; both orders of a
    pair add up. Taught in chapter 09.
    """
    wins, chosen = np.zeros((n, n)), np.asarray(first, dtype=float)
    a, b = pairs["a"].to_numpy(), pairs["b"].to_numpy()
    np.add.at(wins, (a, b), chosen)
    np.add.at(wins, (b, a), 1 - chosen)
    return wins


def bradley_terry(wins: ArrayLike, *, alpha: float = 0.01) -> Float[np.ndarray, " n"]:
    """One strength for each activity, in nats: P(i over j) = 1 / (1 + exp(j - i)).

    The maximum of the likelihood (choix), with a small prior `alpha` so that an
    activity that always wins has a finite strength. They sum to 0. Pairs may be
    missing, as long as comparisons link all activities.

    Raises ValueError for a matrix that is not square or has negative entries.
    Taught in chapter 09.
    """
    table = np.asarray(wins, dtype=float)
    if table.ndim != 2 or table.shape[0] != table.shape[1] or (table < 0).any():
        raise ValueError(f"wins of shape {table.shape}: pass a square table of counts")
    found = choix.ilsr_pairwise_dense(table, alpha=alpha, max_iter=1000, tol=1e-7)
    return np.asarray(found - found.mean())


def elo(
    strengths: ArrayLike, *, scale: float = 400.0, center: float = 1500.0
) -> Float[np.ndarray, " n"]:
    """Bradley-Terry strengths on the scale of chess: 400 points are odds of ten to one.

    Taught in chapter 09.
    """
    nats = np.asarray(strengths, dtype=float)
    return center + scale / np.log(10) * (nats - nats.mean())


def split_push(
    pairs: pd.DataFrame, before: ArrayLike, after: ArrayLike, moved: Sequence[int]
) -> pd.DataFrame:
    """What steering did to each mixed pair, split into wanting and position.

    A mixed pair has one activity of `moved` and one other, and is asked in both
    orders. With d the change of the logit of (A), toward the moved activity when it
    stands first and away from it when it stands second,

        wanting  = (d(moved first) - d(moved second)) / 2
        position = (d(moved first) + d(moved second)) / 2

    A row a mixed pair: moved, other, wanting, position, in nats. A vector that only
    makes "A" likelier has all its effect in `position`. Taught in chapter 09.
    """
    change = pd.Series(np.asarray(after, float) - np.asarray(before, float))
    change.index = pd.MultiIndex.from_frame(pairs[["a", "b"]])
    chosen, rows = set(moved), []
    for a, b in change.index:
        if a in chosen and b not in chosen and (b, a) in change.index:
            here, there = change[a, b], change[b, a]
            rows.append((a, b, (here - there) / 2, (here + there) / 2))
    return pd.DataFrame(rows, columns=["moved", "other", "wanting", "position"])
