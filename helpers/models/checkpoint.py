"""A checkpoint whose parts do not fit together is refused when it is loaded."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from transformers import AutoModelForCausalLM

SHOWN = 4  # weights that an error names


def load_weights(path: str, dtype: str | torch.dtype) -> Any:
    """The language model of a folder or hub id, every weight of it from the checkpoint.

    Without this check those that are missing are drawn at random. Tied weights may be
    missing. Raises RuntimeError, naming them, for weights that are missing, that the
    model has no place for, or whose shape is another.
    """
    options: dict[str, Any] = {"dtype": dtype, "output_loading_info": True}
    module, found = AutoModelForCausalLM.from_pretrained(
        path, ignore_mismatched_sizes=True, **options
    )
    shapes = [
        f"{name} ({tuple(theirs)} for {tuple(ours)})"
        for name, theirs, ours in found["mismatched_keys"]
    ]
    wrong = {
        "missing": found["missing_keys"],
        "not in the model": found["unexpected_keys"],
        "of another shape": shapes,
    }
    if told := [f"{what}: {named(names)}" for what, names in wrong.items() if names]:
        raise RuntimeError(
            f"the weights of {path} do not fit its config.json ({'; '.join(told)}): "
            "save or download it again, whole"
        )
    return module


def named(weights: Iterable[str]) -> str:
    """A few of some weights by name, and how many more there are."""
    names = sorted(weights)
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def check_vocabulary(model: Any, name: str) -> None:
    """Raise RuntimeError for a tokenizer with a token that the model has no row for."""
    rows = int(model._module.get_input_embeddings().weight.shape[0])
    token, last = max(model.tokenizer.get_vocab().items(), key=lambda item: item[1])
    if last >= rows:
        raise RuntimeError(
            f"the tokenizer of {name} has the token {token!r} with id {last}, but the "
            f"model has embeddings for 0..{rows - 1}: take the tokenizer that belongs "
            "to these weights"
        )
