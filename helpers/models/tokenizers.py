"""A tokenizer as everything here takes it: ids and mask, and no end behind a text."""

from __future__ import annotations

import json
from typing import Any

from tokenizers import Tokenizer
from transformers import AutoTokenizer


def load_tokenizer(path: str) -> Any:
    """The tokenizer, with the end of text as padding where it has none of its own.

    Of its outputs only ids and mask are left, since models differ in what else they
    take. What it puts behind a text, as fine-tunes save it, is taken away: a prompt
    would end before it is gone on with. Raises ValueError where that cannot be done,
    and for files that hold no tokenizer.
    """
    try:
        tokenizer = AutoTokenizer.from_pretrained(path)
    except ValueError as error:  # of JSON that is cut off, too
        raise ValueError(
            f"the tokenizer of {path} cannot be read "
            f"({str(error).strip().splitlines()[0]}): save or download it again, whole"
        ) from error
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.unk_token
    if tokenizer.pad_token is None:
        raise ValueError(
            f"the tokenizer of {path} has neither a padding nor an end-of-text token: "
            "set one in its tokenizer_config.json"
        )
    tokenizer.model_input_names = ["input_ids", "attention_mask"]
    if added_behind(tokenizer) and tokenizer.is_fast:
        take_away_ends(tokenizer.backend_tokenizer)
    if ends := added_behind(tokenizer):
        raise ValueError(
            f"the tokenizer of {path} ends every text with {ends}, so that no prompt "
            "can be gone on with: set add_eos_token to false in its "
            "tokenizer_config.json, or take such tokens out of its tokenizer.json"
        )
    return tokenizer


def added_behind(tokenizer: Any) -> list[str]:
    """The tokens that a tokenizer puts behind every text."""
    ids = tokenizer("a")["input_ids"]
    plain = tokenizer("a", add_special_tokens=False)["input_ids"]
    for end in range(len(ids), len(plain) - 1, -1):
        if ids[end - len(plain) : end] == plain:
            return list(tokenizer.convert_ids_to_tokens(ids[end:]))
    return list(tokenizer.convert_ids_to_tokens(ids))  # the text itself is not there


def take_away_ends(backend: Any) -> None:
    """Make a tokenizer put nothing behind a text; what it puts before one stays."""
    state = json.loads(backend.to_str())
    processor = state["post_processor"]
    for part in processor.get("processors", [processor]):
        if part["type"] == "TemplateProcessing":
            for kind in ("single", "pair"):
                pieces = part[kind]
                last = max(i for i, piece in enumerate(pieces) if "Sequence" in piece)
                part[kind] = pieces[: last + 1]
    backend.post_processor = Tokenizer.from_str(json.dumps(state)).post_processor
