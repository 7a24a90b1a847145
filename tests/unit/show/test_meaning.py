"""The lens panel takes each token's own height off."""

from __future__ import annotations

from typing import Any

import torch

from helpers.show.panels.meaning import above_own_height, commonest


def test_each_tokens_mean_over_the_vectors_is_taken_off(random_model: Any) -> None:
    net = random_model._module
    rows = torch.randn(
        5, net.lm_head.in_features, generator=torch.Generator().manual_seed(0)
    )
    with torch.no_grad():
        logits = net.lm_head(net.model.norm(rows.to(net.lm_head.weight))).float()
    names = tuple("abcde")
    table = above_own_height(random_model, logits, names, 3)
    logits = logits[:, : len(random_model.tokenizer)]
    above = logits - logits.mean(0)
    for i, name in enumerate(names):
        own = table[table["name"] == name]
        for end, found in (("top", above[i]), ("bottom", -above[i])):
            side = own[own["end"] == end]
            values, ids = found.topk(3)
            told = torch.tensor(side["logit"].to_numpy()).abs()
            torch.testing.assert_close(told.float(), values.abs(), atol=0.006, rtol=0)
            word = random_model.tokenizer.decode([int(ids[0])]).strip()
            first = f"{'+' if end == 'top' else '-'}1 {word}"
            assert side["place"].iloc[0] == first


def test_the_commonest_token_is_counted_over_rows() -> None:
    logits = torch.randn(6, 40, generator=torch.Generator().manual_seed(1))
    logits[:4, 7] = 9
    assert commonest(logits, 2) == (7, 4)
