"""Prompts and what is asked of them, checked before a model runs."""

from __future__ import annotations

from collections.abc import Sequence
from operator import index
from typing import Any

from helpers.models import model_name, text_config


def check_prompts(model: Any, prompts: Any, room: int) -> list[str]:
    """The prompts as a list; raises ValueError if one is empty or too long."""
    texts = [prompts] if isinstance(prompts, str) else list(prompts)
    if not texts:
        raise ValueError("no prompts: pass at least one text")
    for i, text in enumerate(texts):
        if not isinstance(text, str) or not text:
            raise ValueError(f"prompt {i} is {text!r}, so it is empty: pass a text")
    context = getattr(text_config(model), "max_position_embeddings", None)
    for i, row in enumerate(token_rows(model, texts)):
        if not row:
            raise ValueError(f"prompt {i} is empty: pass a text of at least one token")
        if context and len(row) + room > context:
            raise ValueError(
                f"prompt {i} has {len(row)} tokens and {room} are to follow, but "
                f"{model_name(model)}'s context is {context}: shorten one of them"
            )
    return texts


def token_rows(
    model: Any, texts: Sequence[str], *, special: bool = True
) -> list[list[int]]:
    """Token ids of each text; a text that comes back often is tokenized once."""
    different = list(dict.fromkeys(texts))
    ids = model.tokenizer(different, add_special_tokens=special, verbose=False)
    known = dict(zip(different, ids["input_ids"], strict=True))
    return [known[text] for text in texts]


def check_new(max_new_tokens: Any) -> int:
    """How many tokens to write; raises ValueError unless it is one or more."""
    if isinstance(max_new_tokens, bool) or not hasattr(max_new_tokens, "__index__"):
        raise ValueError(f"max_new_tokens {max_new_tokens!r} is not a whole number")
    if index(max_new_tokens) < 1:
        raise ValueError(f"max_new_tokens is {max_new_tokens}: pass 1 or more")
    return index(max_new_tokens)


def check_seeds(seed: Any, temperature: float, n: int) -> list[int]:
    """One seed for each row; raises ValueError for what does not fit."""
    if not temperature >= 0:
        raise ValueError(f"temperature is {temperature}: pass 0 (greedy) or more")
    alone = hasattr(seed, "__index__")
    seeds = [index(seed) + i for i in range(n)] if alone else [index(s) for s in seed]
    if len(seeds) != n:
        raise ValueError(f"{len(seeds)} seeds for {n} prompts: pass one each")
    return seeds
