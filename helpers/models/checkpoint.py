"""A checkpoint whose parts do not fit together is refused when it is loaded."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM

SHOWN = 4  # weights that an error names


def load_weights(path: str, dtype: str | torch.dtype) -> Any:
    """The language model of a folder or hub id, every weight of it from the checkpoint.

    Without this check those that are missing are drawn at random. Tied weights may be
    missing. Raises RuntimeError for a file that cannot be read, and, naming them, for
    weights that are missing, that the model has no place for, whose shape is another,
    or that are not finite.
    """
    options: dict[str, Any] = {"dtype": dtype, "output_loading_info": True}
    try:
        module, found = AutoModelForCausalLM.from_pretrained(
            path, ignore_mismatched_sizes=True, **options
        )
    except SafetensorError as error:
        raise RuntimeError(
            f"the weights of {path} cannot be read ({error}): save or download them "
            "again, whole"
        ) from error
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
    check_finite(module, path)
    return module


def check_finite(module: torch.nn.Module, path: str) -> None:
    """Raise RuntimeError, naming them, for weights that are not finite."""
    known = module.named_parameters()
    if wrong := [name for name, value in known if not value.isfinite().all()]:
        raise RuntimeError(
            f"weights of {path} are not finite ({named(wrong)}): save or download it "
            'again, or, where it is loaded with dtype="float16", pass "bfloat16"'
        )


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
