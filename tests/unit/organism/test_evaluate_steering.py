"""The own-word measure finds planted words, and random directions stay at chance."""

from __future__ import annotations

from typing import Any

import torch

from helpers.organism.evaluate.steering import own_word_hits, quick_hits
from helpers.stats import random_directions

PROMPTS = ["The cat sat on", "Nobody came to the"]


def own_tokens(model: Any, n: int = 12) -> tuple[list[str], list[int]]:
    """Words that are one token after a space, and these tokens."""
    tokenizer = model.tokenizer
    words, ids = [], []
    for token in range(2, len(tokenizer)):
        text = tokenizer.decode([token])
        word = text.strip()
        if text.startswith(" ") and word.isalpha() and len(word) > 1:
            row = tokenizer(text, add_special_tokens=False)["input_ids"]
            if row == [token]:
                words.append(word)
                ids.append(token)
    return words[:n], ids[:n]


def test_planted_words_are_raised_most_and_random_directions_are_not(
    random_model: Any,
) -> None:
    words, ids = own_tokens(random_model)
    assert len(words) >= 6
    # At the last layer only the final norm stands before the unembedding.
    unembedding = random_model._module.lm_head.weight.detach()[ids].float()
    scale = random_model._module.model.norm.weight.detach().float()
    planted = (unembedding - unembedding.mean(0)) * scale
    dose: dict[str, Any] = {"layer": 3, "strength": 3.0, "norm": 4.0}
    hits = own_word_hits(random_model, PROMPTS, words, planted, **dose)
    assert hits.shape == (2, len(words))
    assert hits.mean() > 0.8
    assert quick_hits(random_model, PROMPTS, words, planted, **dose) > 0.8
    mixed = planted.roll(1, dims=0)
    assert own_word_hits(random_model, PROMPTS, words, mixed, **dose).mean() < 0.2
    shares = [
        own_word_hits(
            random_model,
            PROMPTS[:1],
            words,
            random_directions(planted, len(words), seed=seed),
            **dose,
        ).mean()
        for seed in range(5)
    ]
    assert sum(shares) / len(shares) < 0.35
    assert torch.isfinite(planted).all()
