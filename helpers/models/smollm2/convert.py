"""Turn the GGUF of SmolLM2 into a Hugging Face folder in float32, exactly.

transformers reads the weights; the tokenizer is put together here, since its reading
of one differs from version to version.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import torch
from tokenizers import AddedToken, Tokenizer, decoders, pre_tokenizers
from tokenizers.models import BPE
from tqdm.auto import tqdm
from transformers import AutoModelForCausalLM

from helpers.models.memory import bare

VERSION = 1  # raise it when the folder's content changes: old folders are made anew
CONTROL = 3  # the GGUF's type of tokens such as <|im_end|>
SPECIAL = {"bos": "bos", "eos": "eos", "unk": "unknown", "pad": "padding"}


def convert(gguf: Path, folder: Path, sha256: str) -> None:
    """Write weights, configuration and tokenizer; `sha256` names the file they are of.

    Weights are dequantized without rounding; nothing else changes their values.
    """
    folder.mkdir(parents=True)
    with tqdm(total=2, unit="step", desc="converting to float32") as bar:
        write_tokenizer(gguf, folder)
        bar.update()
        write_model(gguf, folder, sha256)
        bar.update()


def write_model(gguf: Path, folder: Path, sha256: str) -> None:
    """The weights in the model's plain class: the loaded one counts as quantized."""
    options: dict[str, Any] = {"gguf_file": gguf.name, "dtype": torch.float32}
    loaded = AutoModelForCausalLM.from_pretrained(gguf.parent, **options)
    known = loaded.config.to_dict()
    for stray in ("quantization_config", "_model_name_or_path", "unk_token_id"):
        known.pop(stray, None)
    plain = bare(type(loaded.config).from_dict(known))
    plain.load_state_dict(loaded.state_dict(), assign=True)
    plain.tie_weights()
    plain.config.emotion_source = sha256
    plain.config.emotion_conversion = VERSION
    plain.save_pretrained(folder)
    shutil.copymode(folder / "config.json", folder / "model.safetensors")  # for others


def write_tokenizer(gguf: Path, folder: Path) -> None:
    """The tokenizer that SmolLM2 was trained with, in a form that any version reads."""
    from gguf import GGUFReader

    fields = GGUFReader(gguf).fields
    known = {n: f.contents() for n, f in fields.items() if n.startswith("tokenizer")}
    whole = byte_pairs(known).to_str(pretty=True)
    (folder / "tokenizer.json").write_text(whole, "utf-8", newline="\n")
    tokens = known["tokenizer.ggml.tokens"]
    ids = {
        name: known[f"tokenizer.ggml.{its}_token_id"] for name, its in SPECIAL.items()
    }
    facts: dict[str, Any] = {f"{name}_token": tokens[i] for name, i in ids.items()}
    facts |= {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_input_names": ["input_ids", "attention_mask"],
        "model_max_length": fields["llama.context_length"].contents(),
        "clean_up_tokenization_spaces": False,
        "chat_template": known["tokenizer.chat_template"],
    }
    text = json.dumps(facts, indent=2, ensure_ascii=False) + "\n"
    (folder / "tokenizer_config.json").write_text(text, "utf-8", newline="\n")


def byte_pairs(known: dict[str, Any]) -> Tokenizer:
    """The tokenizer itself: vocabulary, merges and control tokens of the GGUF."""
    tokens = known["tokenizer.ggml.tokens"]
    merges = [tuple(pair.split(" ")) for pair in known["tokenizer.ggml.merges"]]
    backend = Tokenizer(BPE({token: i for i, token in enumerate(tokens)}, merges))
    # transformers' reading of a GGUF lacks these digits that stand alone (so "\n\n1"
    # has other tokens), the length, and before 5.22 the end of text and padding.
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    backend.decoder = decoders.ByteLevel()
    kinds = zip(tokens, known["tokenizer.ggml.token_type"], strict=True)
    control = [token for token, kind in kinds if kind == CONTROL]
    backend.add_special_tokens([AddedToken(t, normalized=False) for t in control])
    return backend
