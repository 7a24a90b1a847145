"""Probes against plain PyTorch and scikit-learn, and on planted directions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from sklearn.metrics import roc_auc_score

from helpers.models import load_model
from helpers.vectors import (
    column_auc,
    logit_lens,
    own_word,
    word_counts,
)
from tests.unit.families import load_plain


@pytest.mark.parametrize("kind", ["llama", "gpt2", "gpt_neox", "gemma2"])
def test_logit_lens_equals_norm_and_unembedding(
    kind: str, family_folder: Callable[[str], Path]
) -> None:
    folder = family_folder(kind)
    model, (plain, _) = load_model(folder, device="cpu"), load_plain(folder)
    rows = torch.randn(5, 32, generator=torch.Generator().manual_seed(1))
    norms = {
        "llama": lambda: plain.model.norm,
        "gemma2": lambda: plain.model.norm,
        "gpt2": lambda: plain.transformer.ln_f,
        "gpt_neox": lambda: plain.gpt_neox.final_layer_norm,
    }
    with torch.no_grad():
        wanted = norms[kind]()(rows) @ plain.get_output_embeddings().weight.T
    assert torch.allclose(logit_lens(model, rows), wanted, atol=1e-4)


def test_auc_equals_scikit_learn() -> None:
    scores, names = torch.randn(60, 3), ["a", "b", "c"]
    truth = [names[i % 3] for i in range(60)]
    found = column_auc(scores, names, truth)
    for i, name in enumerate(names):
        wanted = roc_auc_score([t == name for t in truth], scores[:, i])
        assert abs(found[i] - wanted) < 1e-9


def test_own_words_are_found_where_planted() -> None:
    logits = torch.zeros(3, 10)
    logits[0, 4], logits[1, 5], logits[2, 4] = 1.0, 1.0, 1.0
    found = own_word(logits, ["a", "b", "c"], {"a": 4, "b": 5, "c": 6})
    assert found["top"].tolist() == [True, True, False]
    assert found["rank"].tolist() == [0, 0, 1]


def test_word_counts_know_nothing_of_the_held_out_texts() -> None:
    before, after = word_counts(["red red ox", "red ox", "ox sun"], ["moon", "red ox"])
    assert before.shape[1] == after.shape[1]
    assert after[0].abs().sum() == 0
    assert after[1].norm() > 0.99
