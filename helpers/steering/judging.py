"""Judgments of an act by its twins: what a push moves, beside every control.

A judgment is the log-odds of one fixed answer over another after a question. A model
that cannot do an act may still judge it, and a push can be asked what it does to that.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from helpers.datasets import scrambled
from helpers.models import chat_prompt
from helpers.stats import Estimate, Twins, halves, moved, moved_beside, paired, twins
from helpers.steering.controls import Directions
from helpers.steering.generation import choice_logprobs, sweep_logprobs

Contrast = tuple[str, str]


def log_odds(
    model: Any,
    chats: Sequence[Any],
    contrasts: Sequence[Contrast],
    directions: Directions | None = None,
    *,
    strength: float = 0.1,
    progress: bool = True,
) -> Float[Tensor, "p n c"]:
    """Log-odds, in nats, of the first answer of each contrast over the second.

    Of each of `n` chats (as `chat_prompt` takes them), without a push first, then for
    each direction, as a fraction of the mean residual norm, at every position.
    """
    prompts = [chat_prompt(model, chat) for chat in chats]
    space = "" if model.tokenizer.chat_template else " "  # "Assistant:" ends in none
    answers = [space + answer for pair in contrasts for answer in pair]
    if directions is None:
        found = choice_logprobs(model, prompts, answers, progress=progress)[None]
    else:
        rows = torch.cat([directions.unit[:1], directions.unit])
        found = sweep_logprobs(
            model,
            prompts,
            answers,
            rows,
            layer=directions.layer,
            strength=[0.0] + [strength] * len(directions),
            norm=directions.norm,
            progress=progress,
        )
    return found[..., 0::2] - found[..., 1::2]


@dataclass(frozen=True, eq=False)
class Judgment:
    """What a model judges of pairs, and what pushes do to it, in nats.

    `plain` is without a push, `words` the same with the words of each question in
    random order, `beyond_words` their paired difference in sensitivity. `table` has
    name and kind of each push, `scores` its log-odds of case and twin.
    """

    contrast: Contrast
    plain: Twins
    words: Twins
    beyond_words: Estimate
    table: pd.DataFrame
    scores: Float[NDArray[Any], "p n 2"]
    before: Float[NDArray[Any], "n 2"]
    groups: Any

    @property
    def told(self) -> bool:
        """Whether case and twin are told apart at all, without a push."""
        return self.plain.sensitivity.low > 0

    def moves(self) -> pd.DataFrame:
        """How far each push moves criterion and sensitivity: a row for each.

        Columns name, kind, measure, value, low, high.
        """
        rows = moved(self.scores, self.before, self.groups)
        own = self.table.iloc[rows.pop("push")].reset_index(drop=True)
        return pd.concat([own, rows], axis=1)

    def beside(self, name: str) -> pd.DataFrame:
        """What the push `name` moves beside each kind of control: `moved_beside`."""
        mine = self.table["name"] == name
        if mine.sum() != 1:
            raise ValueError(f"{mine.sum()} pushes are named {name!r}: one is needed")
        kinds, own = self.table["kind"], np.flatnonzero(mine)[0]
        found = []
        for kind in dict.fromkeys(kinds[kinds != kinds[own]]):
            others = self.scores[(kinds == kind).to_numpy()]
            rows = moved_beside(self.scores[own], others, self.before, self.groups)
            rows.insert(0, "control", kind)
            found.append(rows)
        return pd.concat(found, ignore_index=True)


def judge(
    model: Any,
    cases: Sequence[str],
    likes: Sequence[str],
    contrasts: Sequence[Contrast],
    directions: Directions,
    *,
    groups: Any = None,
    strength: float = 0.1,
    n_scrambled: int = 3,
    seed: int = 0,
    progress: bool = True,
) -> Judgment:
    """Judge cases and their twins (`likes`), pushed along each direction.

    Of the contrasts the one with the most sensitivity without a push on one half of the
    pairs (by groups; None: each pair by itself) is taken, and all is reported on the
    other half. Raises ValueError for unequally many cases and twins.
    """
    if len(cases) != len(likes):
        raise ValueError(f"{len(cases)} cases and {len(likes)} twins: pass pairs")
    first = halves(len(cases), groups, seed=seed)
    own = None if groups is None else np.asarray(groups)[~first]
    pairs = list(zip(cases, likes, strict=True))
    chosen = [pair for pair, here in zip(pairs, first, strict=True) if here]
    kept = [pair for pair, here in zip(pairs, first, strict=True) if not here]
    tried = of_pairs(log_odds(model, flat(chosen), contrasts, progress=progress))
    best = int((tried[..., 0] - tried[..., 1]).mean((0, 1)).argmax())
    answers = [contrasts[best]]
    rng, mixed = random.Random(seed), []
    for _ in range(n_scrambled):
        mixed += [scrambled(text, rng) for text in flat(kept)]
    words = log_odds(model, mixed, answers, progress=progress)
    alone = of_pairs(words)[0, :, 0].reshape(n_scrambled, len(kept), 2).mean(0)
    options: dict[str, Any] = {"strength": strength, "progress": progress}
    found = of_pairs(log_odds(model, flat(kept), answers, directions, **options))
    before, scores = found[0, :, 0], found[1:, :, 0]
    plain, less = (twins(s[:, 0], s[:, 1], own) for s in (before, alone))
    beyond = paired(before[:, 0] - before[:, 1], alone[:, 0] - alone[:, 1], own)
    table = directions.table
    return Judgment(answers[0], plain, less, beyond, table, scores, before, own)


def flat(pairs: Sequence[tuple[str, str]]) -> list[str]:
    """Case, twin, case, twin ..."""
    return [text for pair in pairs for text in pair]


def of_pairs(scores: Float[Tensor, "p m c"]) -> Float[NDArray[Any], "p n c 2"]:
    """Scores of case, twin, case, twin ... with an axis for the two."""
    return scores.unflatten(1, (-1, 2)).transpose(2, 3).double().numpy()
