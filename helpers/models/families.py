"""What ran on what: the table that `python -m scripts.matrix` leaves in the package."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd


@dataclass(frozen=True)
class Names:
    """Module paths of a family's blocks, final norm and unembedding."""

    layers: str = "model.layers"
    ln_final: str = "model.norm"
    lm_head: str = "lm_head"

    @property
    def rename(self) -> dict[str, str]:
        """The same as nnsight wants it: from the family's path to the book's name."""
        pairs = {self.layers: "layers", self.ln_final: "ln_final"}
        return pairs | ({self.lm_head: "lm_head"} if self.lm_head != "lm_head" else {})


LLAMA_LIKE = Names()

GPT = Names("transformer.h", "transformer.ln_f")

FAMILIES: dict[str, Names] = {
    "bloom": GPT,
    "cohere": LLAMA_LIKE,
    "falcon": GPT,
    "gemma": LLAMA_LIKE,
    "gemma2": LLAMA_LIKE,
    "gemma3": Names("model.language_model.layers", "model.language_model.norm"),
    "gemma3_text": LLAMA_LIKE,
    "gpt2": GPT,
    "gpt_neo": GPT,
    "gpt_neox": Names("gpt_neox.layers", "gpt_neox.final_layer_norm", "embed_out"),
    "gptj": GPT,
    "granite": LLAMA_LIKE,
    "llama": LLAMA_LIKE,
    "mistral": LLAMA_LIKE,
    "mixtral": LLAMA_LIKE,
    "olmo": LLAMA_LIKE,
    "olmo2": LLAMA_LIKE,
    "olmo3": LLAMA_LIKE,
    "opt": Names("model.decoder.layers", "model.decoder.final_layer_norm"),
    "phi": Names(ln_final="model.final_layernorm"),
    "phi3": LLAMA_LIKE,
    "qwen2": LLAMA_LIKE,
    "qwen3": LLAMA_LIKE,
    "qwen3_moe": LLAMA_LIKE,
    "smollm3": LLAMA_LIKE,
    "stablelm": LLAMA_LIKE,
    "starcoder2": LLAMA_LIKE,
}


def family(kind: str) -> Names:
    """Where the family `kind` (a config's model_type) keeps its parts.

    Raises ValueError if the family is not known.
    """
    if kind not in FAMILIES:
        raise ValueError(
            f"model family {kind!r} is not known: the book knows {sorted(FAMILIES)}. "
            "A new family is one line in helpers/models/families.py."
        )
    return FAMILIES[kind]


PATH = Path(__file__).parent / "families.json"


def load_family_table(path: Path = PATH) -> pd.DataFrame:
    """A row for each family and chapter: family, about, chapter, status, detail.

    Empty if the matrix was not run for this copy. `status` is runs, refused or fails.
    Shown on the page on larger models.
    """
    names = ["family", "about", "chapter", "status", "detail"]
    if not path.exists():
        return pd.DataFrame(columns=names)
    made = json.loads(path.read_text("utf-8"))
    about = {name: entry["about"] for name, entry in made["families"].items()}
    rows = [
        (c["family"], about[c["family"]], c["chapter"], c["status"], c["detail"])
        for c in made["cells"]
    ]
    return pd.DataFrame(rows, columns=names)
