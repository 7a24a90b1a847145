"""Count what a quick card asks of a model: `python -m scripts.passes`.

A dwarf stands in for the open model: its tokenizer and texts, six narrow blocks of
random weights. What it computes is nothing; which tokens go through it is the same. The
counts, and the seconds that are left when a model costs next to nothing, are written to
`helpers/card/passes.json`, from which chapters tell how long a card will take.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import wraps
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from tqdm.auto import tqdm
from transformers.models.llama.modeling_llama import LlamaDecoderLayer

from helpers.cache import replacing
from helpers.card import PARTS, PASSES, QUICK, card
from helpers.models import load_model, n_layers, sketch


@contextmanager
def counted() -> Iterator[list[int]]:
    """The tokens that go through Llama's blocks of models loaded from now on.

    Each block that a token meets counts once; padding counts, too.
    """
    plain, seen = LlamaDecoderLayer.forward, [0]

    @wraps(plain)
    def forward(self: Any, hidden_states: Any, *args: Any, **kwargs: Any) -> Any:
        seen[0] += hidden_states.shape[0] * hidden_states.shape[1]
        return plain(self, hidden_states, *args, **kwargs)

    LlamaDecoderLayer.forward = forward
    try:
        yield seen
    finally:
        LlamaDecoderLayer.forward = plain


def count() -> list[dict[str, Any]]:
    """Part, tokens through all blocks, and seconds, of a quick card on the dwarf."""
    rows = []
    with counted() as seen:
        dwarf = sketch("llama", load_model("smollm2").tokenizer)
        for names in tqdm(PARTS, unit="part"):
            before, began = seen[0], perf_counter()
            card(dwarf, figures=names, progress=False, **QUICK)
            tokens = (seen[0] - before) // n_layers(dwarf)
            seconds = round(perf_counter() - began, 1)
            rows.append({"part": names[0], "tokens": tokens, "seconds": seconds})
    return rows


def main() -> None:
    """Count in an empty cache, so that nothing is left out, and write the table."""
    with TemporaryDirectory() as empty:
        os.environ["EMOTION_VECTORS_CACHE"] = empty
        rows = count()
    with replacing(PASSES) as part:
        part.write_text(json.dumps(rows, indent=1) + "\n", "utf-8")
    print(f"{sum(row['tokens'] for row in rows):,} tokens: {PASSES}")


if __name__ == "__main__":
    main()
