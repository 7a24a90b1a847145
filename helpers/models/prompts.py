"""Prompts and what is asked of them, checked before a model runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from helpers.models.tokens import check_characters, check_length
from helpers.stats import Number, column, number, whole

BEFORE = ("\n", "=", "a")  # short texts that seldom melt into what follows


def check_prompts(model: Any, prompts: Any, room: int) -> list[str]:
    """The prompts as a list; raises ValueError if one is empty or too long."""
    texts = [prompts] if isinstance(prompts, str) else column(prompts)
    if not texts:
        raise ValueError("no prompts: pass at least one text")
    for i, text in enumerate(texts):
        if not isinstance(text, str) or not text:
            raise ValueError(f"prompt {i} is {text!r}, so it is empty: pass a text")
    for i, row in enumerate(token_rows(model, texts)):
        if not row:
            raise ValueError(f"prompt {i} is empty: pass a text of at least one token")
        check_length(model, f"prompt {i}", len(row), room)
    return texts


def token_rows(
    model: Any, texts: Sequence[str], *, special: bool = True
) -> list[list[int]]:
    """Token ids of each text; a text that comes back often is tokenized once.

    Not `special`: of texts that go on from another one, as they stand there.
    """
    different = list(dict.fromkeys(texts))
    for text in different:
        check_characters(text, repr(text[:40]))
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
    return whole(max_new_tokens, "max_new_tokens", least=1)


def check_seeds(seed: Any, temperature: Number, n: int) -> list[int]:
    """One seed for each row; raises ValueError for what does not fit."""
    if number(temperature, "temperature") < 0:
        raise ValueError(f"temperature is {temperature}: pass 0 (greedy) or more")
    if not isinstance(seed, Iterable) or getattr(seed, "ndim", 1) == 0:
        return [whole(seed, "seed") + i for i in range(n)]
    seeds = [whole(one, "seed") for one in column(seed)]
    if len(seeds) != n:
        raise ValueError(f"{len(seeds)} seeds for {n} prompts: pass one each")
    return seeds
