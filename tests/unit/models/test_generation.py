"""What a checkpoint asks of generation without being asked: none of it is in force."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from helpers.models import EMBEDDED, load_model
from helpers.steering import generate

TEXTS = ["Ana walked to the market and", "It was late."]


def altered(folder: Path, settings: dict[str, Any]) -> Any:
    """The tiny model, whose checkpoint asks for these settings."""
    shutil.copytree(EMBEDDED / "tiny", folder / "tiny")
    path = folder / "tiny" / "generation_config.json"
    known = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps(known | settings))
    return load_model(folder / "tiny")


def likeliest(model: Any, text: str, n: int) -> str:
    """The likeliest tokens one after the other, each from the whole text."""
    ids = model.tokenizer(text, return_tensors="pt").input_ids
    at = ids.shape[1]
    with torch.no_grad():
        for _ in range(n):
            best = model._module(ids).logits[:, -1:].argmax(-1)
            ids = torch.cat([ids, best], 1)
    return str(model.tokenizer.decode(ids[0, at:], skip_special_tokens=True))


@pytest.mark.parametrize(
    "settings",
    [
        {"repetition_penalty": 1.3},
        {"num_beams": 3, "length_penalty": 2.0},
        {"no_repeat_ngram_size": 2},
        {"max_time": 1e-3},
        {"stop_strings": ["."]},
        {"suppress_tokens": list(range(6, 200))},
        {"return_dict_in_generate": True},
        {"prompt_lookup_num_tokens": 3},
        {"cache_implementation": "static"},
        {"min_new_tokens": 30},
    ],
    ids=lambda settings: next(iter(settings)),
)
def test_greedy_text_is_the_likeliest(tmp_path: Path, settings: dict) -> None:
    model = altered(tmp_path, settings)
    written = generate(model, TEXTS, max_new_tokens=12)
    assert written == [likeliest(model, text, 12) for text in TEXTS]


def test_steering_by_position_needs_the_cache(tmp_path: Path) -> None:
    plain, off = load_model("tiny"), altered(tmp_path, {"use_cache": False})
    vectors = torch.randn(4, 160, generator=torch.Generator().manual_seed(0))
    for vector in vectors:
        push = {"vector": vector, "layer": 2, "strength": 1.2, "norm": 12.0}
        push |= {"positions": "prompt", "max_new_tokens": 12}
        assert generate(off, TEXTS, **push) == generate(plain, TEXTS, **push)


def test_ends_are_kept() -> None:
    model = load_model("tiny")
    assert model._module.generation_config.eos_token_id is not None
