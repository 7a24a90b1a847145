"""A twin of a model with random weights; the same model trained from other seeds."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from transformers import CONFIG_MAPPING, AutoConfig, AutoModelForCausalLM

from helpers import cache
from helpers.models.families import family
from helpers.models.load import load_model, resolve
from helpers.models.properties import EMBEDDED, model_name


def random_twin(model: Any, *, seed: int = 0, folder: str | Path | None = None) -> Any:
    """A model like `model` whose weights are drawn at random, loaded.

    The control for "a network of this shape, reading these tokens, would do that":
    words alone pass through random weights, too. It is written to `folder` (None: the
    cache) in float32. Raises ValueError for a model that does not run here.
    Taught in chapter 13.
    """
    if model.__dict__.get("_emotion_remote") is True:
        raise ValueError("a twin of a remote model would have to be loaded here whole")
    tier = str(model.__dict__.get("_emotion_tier", ""))
    config = AutoConfig.from_pretrained(resolve(tier) if tier else model_name(model))
    name = f"random-{model_name(model).split('/')[-1]}"
    options = cache.digest("twin", config.to_dict(), seed)
    place = cache.place("twins") / options if folder is None else Path(folder)
    target = place / name
    draw_weights(config, model.tokenizer, target, seed=seed)
    return load_model(target, device=str(model.device), dtype="float32")


def draw_weights(config: Any, tokenizer: Any, target: Path, *, seed: int) -> None:
    """Write a model of random weights to a folder, whole or not at all."""
    if target.exists():
        return
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        made = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    target.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=target.parent) as part:
        tokenizer.save_pretrained(f"{part}/{target.name}")
        made.save_pretrained(f"{part}/{target.name}")
        with suppress(OSError):  # another process was first
            os.replace(f"{part}/{target.name}", target)


SKETCH: dict[str, Any] = {
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 6,
    "num_attention_heads": 4,
    "num_key_value_heads": 4,
    "head_dim": 16,
    "max_position_embeddings": 512,
}
GPT2: dict[str, Any] = {"n_embd": 64, "n_layer": 6, "n_head": 4, "n_positions": 512}


def sketch(kind: str, tokenizer: Any, *, seed: int = 0) -> Any:
    """A small model of a family (a config's model_type) with random weights, loaded.

    It shows what comes from the architecture alone, before anything is learned. Raises
    ValueError for a family that the book does not know.
    """
    family(kind)
    shape = GPT2 if kind == "gpt2" else SKETCH
    ends = {"eos_token_id": tokenizer.eos_token_id, "bos_token_id": None}
    ends["pad_token_id"] = tokenizer.pad_token_id
    config = CONFIG_MAPPING[kind](vocab_size=len(tokenizer), **shape, **ends)
    options = cache.digest("sketch", config.to_dict(), seed)
    target = cache.place("twins") / options / kind
    draw_weights(config, tokenizer, target, seed=seed)
    return load_model(target, device="cpu", dtype="float32")


def relatives(model: Any) -> dict[str, Any]:
    """The model and its like that were trained from other seeds, by name.

    The model itself comes first. Only `tiny` has such. Taught in chapter 06.
    """
    found = {model_name(model): model}
    if model_name(model) == "tiny":
        beside = sorted(path.parent for path in EMBEDDED.glob("seed_*/config.json"))
        found |= {path.name: load_model(path) for path in beside}
    return found
