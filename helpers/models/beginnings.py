"""A model that learned with a token before every text, and a tokenizer that puts none.

Converted checkpoints lose it. Such a model loads, passes every check of shapes, and
writes the same word for ever.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from typing import Any

import torch

from helpers.models.properties import text_config
from helpers.models.selfcheck import LONG, SHORT
from helpers.models.tokens import pad

GAIN = 0.5  # nats a token that a beginning token gains beyond any other
NAMES = re.compile(r"^<s>$|bos|begin|start", re.IGNORECASE)
ORDINARY = ("\n", ".")  # what stands first in the comparison


def warn_of_lost_beginning(model: Any, name: str) -> None:
    """Warn where texts lack the token that the model learned to find before them.

    Of two plain sentences it is told how much less surprising they are after each
    token that may be meant to begin a text, and after ordinary ones: a first token of
    any kind helps many models, since attention rests there.
    """
    tokenizer = model.tokenizer
    texts = [tokenizer(text)["input_ids"] for text in (SHORT, LONG)]
    known = beginnings(model)
    if not known or texts[0][0] in tokenizer.all_special_ids:
        return
    plain = {"add_special_tokens": False}
    others = [tokenizer(text, **plain)["input_ids"][-1:] for text in ORDINARY]
    alone, *rest = losses(model, texts, [[], *others, *([i] for i in known)])
    other, each = min(rest[: len(others)]), rest[len(others) :]
    best = min(each)
    if min(alone, other) - best > GAIN:
        token = tokenizer.convert_ids_to_tokens(known[each.index(best)])
        warnings.warn(
            f"{name} seems to need {token!r} before every text, and its tokenizer puts "
            f"none: on two plain sentences it lowers the loss from {alone:.1f} to "
            f"{best:.1f} nats a token, another token to {other:.1f}. Set add_bos_token "
            "to true (and bos_token to it) in its tokenizer_config.json, and load it",
            stacklevel=3,
        )


def beginnings(model: Any) -> list[int]:
    """The tokens that may be meant to begin a text, by what is said of them."""
    tokenizer, added = model.tokenizer, model.tokenizer.added_tokens_decoder
    named = [i for i, token in added.items() if NAMES.search(token.content)]
    said = [tokenizer.bos_token_id, getattr(text_config(model), "bos_token_id", None)]
    said.append(model._module.generation_config.bos_token_id)
    rows = int(model._module.get_input_embeddings().weight.shape[0])
    told = [i for i in said if isinstance(i, int) and 0 <= i < rows]
    return list(dict.fromkeys([*told, *named[:4]]))


@torch.no_grad()
def losses(
    model: Any, texts: Sequence[list[int]], before: Sequence[list[int]]
) -> list[float]:
    """Mean surprise of the tokens of texts from their second on, after each beginning.

    In nats a token.
    """
    rows = [[*first, *text] for first in before for text in texts]
    ids, mask = (x.to(model.device) for x in pad(model, rows))
    logits = model._module(input_ids=ids, attention_mask=mask.long()).logits
    each = -logits[:, :-1].float().log_softmax(-1)
    nats = each.gather(-1, ids[:, 1:, None])[..., 0].cpu()
    found = []
    for i, first in enumerate(before):
        own = [
            nats[i * len(texts) + j, len(first) : len(first) + len(text) - 1]
            for j, text in enumerate(texts)
        ]
        found.append(float(torch.cat(own).mean()))
    return found
