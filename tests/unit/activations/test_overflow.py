"""A text on which a model overflows in 16 bits is named at every door that reads it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from helpers.activations import (
    last_position,
    mean_activations,
    residual_norm,
    residual_stream,
    span_means,
)
from helpers.models import load_model
from helpers.steering import choice_logprobs, generate, next_logprobs
from helpers.vectors import extract
from tests.unit.families import TEXTS, load_plain, make_folder

WORD = "z"  # stands in no text
BAD = f"{TEXTS[3]} {WORD}"
READ = [*TEXTS[:3], BAD, TEXTS[4]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model in which one token's numbers are too large for 16 bits."""
    made = make_folder(tmp_path_factory.mktemp("overflow"), "llama")
    model, tokenizer = load_plain(made)
    (token,) = tokenizer(WORD, add_special_tokens=False)["input_ids"]
    with torch.no_grad():
        model.get_input_embeddings().weight[token] = 6e4
        for block in model.model.layers:
            block.mlp.down_proj.weight.mul_(3000)
    model.save_pretrained(made)
    return made


DOORS: dict[str, Callable[[Any, list[str]], Any]] = {
    "means": lambda m, t: mean_activations(m, t, [1, 3], start=1, progress=False),
    "one by one": lambda m, t: mean_activations(m, t, 3, start=1, batch_size=1),
    "last": lambda m, t: last_position(m, t, 3),
    "stream": lambda m, t: [residual_stream(m, text, 3) for text in t],
    "norm": lambda m, t: residual_norm(m, t, 3),
    "spans": lambda m, t: span_means(m, t, [[(0, len(x))] for x in t], 3),
    "choices": lambda m, t: choice_logprobs(m, t, [" a", " the cat"]),
    "next": lambda m, t: next_logprobs(m, t, torch.full((len(t), 1), 9)),
    "text": lambda m, t: generate(m, t, max_new_tokens=2),
    "vectors": lambda m, t: extract(
        m,
        pd.DataFrame({"text": t, "emotion": ["glad", "sad", "glad", "sad", "sad"]}),
        TEXTS[:3],
        3,
        start=1,
        progress=False,
    ),
}


@pytest.mark.parametrize("door", DOORS)
def test_the_text_is_named(folder: Path, own_cache: Path, door: str) -> None:
    model = load_model(folder, device="cpu", dtype="float16")
    for _ in range(2):  # nothing of it was kept
        with pytest.raises(ValueError, match=rf"{WORD}'.*\n?.*bfloat16"):
            DOORS[door](model, READ)
    DOORS[door](model, TEXTS)
    DOORS[door](load_model(folder, device="cpu", dtype="bfloat16"), READ)
