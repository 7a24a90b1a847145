"""What directions say: which words they favor, and which held-out texts they find."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from scipy.stats import rankdata
from torch import Tensor

from helpers.models import token_rows
from helpers.stats import Column, as_directions, column, finite, present


def logit_lens(model: Any, vectors: Float[Tensor, "e d"]) -> Float[Tensor, "e v"]:
    """What each vector would say: the final norm, then the unembedding.

    Logits, as float32 on the CPU. A norm sets the scale, so that the length of a
    vector hardly matters. Source: nostalgebraist (2020). Taught in chapter 04.
    """
    norm, unembed = model.ln_final._module, model.lm_head._module
    with torch.no_grad():
        return unembed(norm(vectors.to(unembed.weight))).float().cpu()


def top_tokens(
    model: Any, logits: Float[Tensor, "e v"], names: Sequence[str], n: int = 8
) -> pd.DataFrame:
    """The `n` likeliest and unlikeliest tokens of each row: name, end, rank, token."""
    known = logits[:, : len(model.tokenizer)]
    rows = []
    for end, sign in (("top", 1), ("bottom", -1)):
        values, ids = (sign * known).topk(n, dim=-1)
        for name, found, size in zip(names, ids.tolist(), values.tolist(), strict=True):
            for rank, (token, value) in enumerate(zip(found, size, strict=True)):
                word = model.tokenizer.decode([token])
                rows.append((name, end, rank, word, sign * value))
    return pd.DataFrame(rows, columns=["name", "end", "rank", "token", "logit"])


def word_tokens(model: Any, words: Column) -> dict[str, int]:
    """First token of " word" for the words that no other of the words shares it with.

    A word that is split still has a first token; two words that begin with the same
    one cannot be told apart by it, and both are left out.
    """
    words = column(words)
    rows = token_rows(model, [f" {word}" for word in words], special=False)
    first = {word: row[0] for word, row in zip(words, rows, strict=True)}
    counts = pd.Series(first).value_counts()
    return {word: token for word, token in first.items() if counts[token] == 1}


def own_word(
    logits: Float[Tensor, "e v"], names: Sequence[str], tokens: dict[str, int]
) -> pd.DataFrame:
    """Where each row's own word stands: emotion, rank (0 is best), top (bool).

    Only words in `tokens` compete and only their rows are kept.
    """
    words = list(tokens)
    rows = torch.tensor([list(names).index(word) for word in words])
    table = logits[rows][:, list(tokens.values())]
    rank = (table > table.diagonal()[:, None]).sum(1)
    return pd.DataFrame({"emotion": words, "rank": rank, "top": (rank == 0).numpy()})


def cosine_scores(
    rows: Float[Tensor, "n d"], directions: Float[Tensor, "e d"]
) -> Float[Tensor, "n e"]:
    """Cosine of each row with each direction; ValueError for one that is zero."""
    return as_directions(rows, "rows") @ as_directions(directions, "directions").T


def column_auc(
    scores: Float[Tensor, "n e"], names: Sequence[str], truth: Sequence[str]
) -> np.ndarray:
    """Area under the ROC curve of each column, its own texts against all others.

    0.5 is chance; a name without a text gives nan. Raises ValueError for a score that
    is not finite or a text without a label. Taught in chapter 04.
    """
    ranks = rankdata(finite(scores, "scores"), axis=0)
    own = np.asarray(present(truth, "truth"))[:, None] == np.asarray(names)[None]
    n_own = own.sum(0).astype(float)
    above = (ranks * own).sum(0) - n_own * (n_own + 1) / 2
    pairs = n_own * (len(own) - n_own)
    return np.divide(above, pairs, out=np.full(len(n_own), np.nan), where=pairs > 0)
