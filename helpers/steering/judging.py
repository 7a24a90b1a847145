"""Judgments of an act by its twins: what a push moves, beside every control.

A judgment is the log-odds of one fixed answer over another after a question. A model
that cannot do an act may still judge it, and a push can be asked what it does to that.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from torch import Tensor
from tqdm.auto import tqdm

from helpers import cache as disk
from helpers.activations import content_key
from helpers.datasets import scrambled
from helpers.models import chat_prompt, tokenize
from helpers.stats import halves, paired, twins
from helpers.steering.controls import Directions
from helpers.steering.generation import SWEPT, choice_logprobs, sweep_logprobs
from helpers.steering.judgment import Contrast, Judgment
from helpers.steering.wordings import opens, worded, wordings

VERSION = 1  # of the scores; part of every cache key


def log_odds(
    model: Any,
    prompts: Sequence[str],
    contrasts: Sequence[Contrast],
    directions: Directions | None = None,
    *,
    strength: float = 0.1,
    progress: bool = True,
) -> Float[Tensor, "p n c"]:
    """Log-odds, in nats, of the first answer of each contrast over the second.

    Of each of `n` prompts, as `chat_prompt` makes them: without a push first, then for
    each direction, as a fraction of the mean residual norm, at every position. Cached
    by content, some prompts at a time: a run that is killed goes on where it stopped.
    """
    said = [answer for pair in contrasts for answer in pair]
    known, step = [VERSION, said], SWEPT
    if directions is not None:
        known += [directions.layer, directions.norm, strength]
        known += [disk.digest_bytes([directions.unit.numpy().tobytes()])]
        step = max(1, SWEPT // (len(directions) + 1))
    found, hide = [], not progress or len(prompts) <= step
    with tqdm(total=len(prompts), unit="prompt", disable=hide) as bar:
        for i in range(0, len(prompts), step):
            part = list(prompts[i : i + step])
            key = content_key(model, "log-odds", tokenize(model, part), known)
            score = partial(answered, model, part, said, directions, strength)
            found.append(disk.cached(key, score)["logprobs"])
            bar.update(len(part))
    every = torch.cat(found, 1)
    return every[..., 0::2] - every[..., 1::2]


def answered(
    model: Any,
    prompts: list[str],
    said: list[str],
    directions: Directions | None,
    strength: float,
) -> dict[str, Float[Tensor, "p n a"]]:
    """Log-probability of each answer, without a push and then for each direction."""
    answers = [[("" if opens(p) else " ") + answer for answer in said] for p in prompts]
    if directions is None:
        alone = choice_logprobs(model, prompts, answers, progress=False)
        return {"logprobs": alone[None]}
    rows = torch.cat([directions.unit[:1], directions.unit])
    pushed = sweep_logprobs(
        model,
        prompts,
        answers,
        rows,
        layer=directions.layer,
        strength=[0.0] + [strength] * len(directions),
        norm=directions.norm,
        progress=False,
    )
    return {"logprobs": pushed}


def judge(
    model: Any,
    cases: Iterable[str],
    likes: Iterable[str],
    contrasts: Sequence[Contrast],
    directions: Directions | None,
    *,
    asked: Sequence[str] = (),
    groups: Any = None,
    strength: float = 0.1,
    n_scrambled: int = 3,
    seed: int = 0,
    progress: bool = True,
) -> Judgment:
    """Judge cases and their twins (`likes`), pushed along each direction, if any.

    Beside the pushes, as kind `prompt: ` and its name, each emotion `asked` for in
    words (`wordings`). Of the contrasts the one with the most sensitivity without a
    push on one half of the pairs (by groups; None: each pair by itself) is taken, and
    all is reported on the other half. Raises ValueError for unequally many cases and
    twins.
    """
    one, other = list(cases), list(likes)
    if len(one) != len(other):
        raise ValueError(f"{len(one)} cases and {len(other)} twins: pass pairs")
    first = halves(len(one), groups, seed=seed)
    texts = np.array([one, other], dtype=object).T
    own = None if groups is None else np.asarray(groups)[~first]

    def score(rows: Any, *more: Any, **options: Any) -> Float[np.ndarray, "p n c 2"]:
        prompts = [chat_prompt(model, text) for text in rows.flat]
        return of_pairs(log_odds(model, prompts, *more, progress=progress, **options))

    tried = score(texts[first], contrasts)[0]
    best = [contrasts[int((tried[..., 0] - tried[..., 1]).mean(0).argmax())]]
    rng, kept = random.Random(seed), texts[~first]
    mixed = [[scrambled(t, rng) for t in kept.flat] for _ in range(n_scrambled)]
    words = score(np.array(mixed, dtype=object), best)[0, :, 0]
    alone = words.reshape(n_scrambled, len(kept), 2).mean(0)
    found = score(kept, best, directions, strength=strength)[:, :, 0]
    table, rivals = in_words(model, kept, best, asked, progress)
    before, scores = found[0], np.concatenate([found[1:], rivals])
    plain, less = (twins(s[:, 0], s[:, 1], own) for s in (before, alone))
    beyond = paired(before[:, 0] - before[:, 1], alone[:, 0] - alone[:, 1], own)
    pushed = [] if directions is None else [directions.table]
    table = pd.concat([*pushed, table], ignore_index=True)
    return Judgment(best[0], plain, less, beyond, table, scores, before, alone, own)


def in_words(
    model: Any, texts: Any, best: list[Contrast], asked: Sequence[str], progress: bool
) -> tuple[pd.DataFrame, Float[np.ndarray, "w n 2"]]:
    """Name and kind of each wording, and its log-odds of case and twin."""
    rows, scores = [], [np.zeros((0, len(texts), 2))]
    for emotion in asked:
        for i, wording in enumerate(wordings(model, emotion), 1):
            prompts = [worded(model, text, wording) for text in texts.flat]
            said = log_odds(model, prompts, best, progress=progress)
            scores.append(of_pairs(said)[:, :, 0])
            rows.append((f"{emotion}, {wording.role} {i}", f"prompt: {emotion}"))
    return pd.DataFrame(rows, columns=["name", "kind"]), np.concatenate(scores)


def of_pairs(scores: Float[Tensor, "p m c"]) -> Float[np.ndarray, "p n c 2"]:
    """Scores of case, twin, case, twin ... with an axis for the two."""
    return scores.unflatten(1, (-1, 2)).transpose(2, 3).double().numpy()
