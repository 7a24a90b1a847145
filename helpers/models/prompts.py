"""Prompts and what is asked of them, checked before a model runs."""

from __future__ import annotations

from collections.abc import Sequence
from operator import index
from typing import Any

from helpers.models.properties import model_name, text_config

BEFORE = ("\n", "=", "a")  # short texts that seldom melt into what follows


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
    """Token ids of each text; a text that comes back often is tokenized once.

    Not `special`: of texts that go on from another one, as they stand there.
    """
    different = list(dict.fromkeys(texts))
    if special:
        ids = model.tokenizer(different, verbose=False)["input_ids"]
    else:
        ids = following_rows(model.tokenizer, different)
    known = dict(zip(different, ids, strict=True))
    return [known[text] for text in texts]


def adds_space(tokenizer: Any) -> bool:
    """Whether a tokenizer puts a space before every text, as Llama 2's does."""
    ids = tokenizer("x", add_special_tokens=False)["input_ids"]
    return bool(ids) and str(tokenizer.convert_ids_to_tokens(ids[0]))[0] in "▁Ġ"


def following_rows(tokenizer: Any, texts: Sequence[str]) -> list[list[int]]:
    """Token ids of texts that go on from another, without a space of the tokenizer's.

    Where it adds one, a text is tokenized after a short one, which is then cut off.
    """
    if not texts:
        return []
    plain = {"add_special_tokens": False, "verbose": False}
    rows = [list(row) for row in tokenizer(list(texts), **plain)["input_ids"]]
    if not adds_space(tokenizer):
        return rows
    left = [i for i, text in enumerate(texts) if text]
    for short in BEFORE:
        head = tokenizer(short, **plain)["input_ids"]
        joined = tokenizer([short + texts[i] for i in left], **plain)["input_ids"]
        for i, row in zip(list(left), joined, strict=True):
            if list(row[: len(head)]) == list(head):
                rows[i] = list(row[len(head) :])
                left.remove(i)
        if not left:
            break
    return rows


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
