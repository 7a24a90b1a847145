"""Tiny random models of every family that the book knows, made on the spot.

Nothing is downloaded: a tokenizer is trained on a few sentences, and the weights are
random, with norms and biases shaken so that a wrong norm or a lost bias shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from tokenizers import (
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    trainers,
)
from tokenizers.processors import TemplateProcessing
from transformers import (
    CONFIG_MAPPING,
    AutoModelForCausalLM,
    AutoTokenizer,
    PreTrainedTokenizerFast,
)

TEXTS = [
    "The cat sat on the mat and looked at the rain until the door opened.",
    "She waited for a letter all week.",
    "A long walk along the river, past the mill and the old bridge, made him calm "
    "again, and by the evening he could laugh about the broken cup.",
    "Nobody came to the station that night.",
    "The baker counted the loaves twice, then a third time, and found one missing.",
]
VOCABULARY = 384  # more outputs than tokens, as many real models have
SMALL: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 128,
    "initializer_range": 0.2,
    "bos_token_id": None,
    "eos_token_id": 0,
    "pad_token_id": 1,
}
GPT_NAMES: dict[str, Any] = {
    "n_embd": 32,
    "n_layer": 4,
    "n_head": 4,
    "n_positions": 128,
    "n_inner": 48,
}
SPECIAL: dict[str, dict[str, Any]] = {
    "bloom": {"hidden_size": 32, "n_layer": 4, "n_head": 4},
    "falcon": {"ffn_hidden_size": 48, "num_kv_heads": 4},
    "gemma2": {"sliding_window": 8, "query_pre_attn_scalar": 8},
    "gemma3": {"sliding_window": 8, "query_pre_attn_scalar": 8},
    "gemma3_text": {"sliding_window": 8, "query_pre_attn_scalar": 8},
    "gpt2": GPT_NAMES,
    "gpt_neo": {
        "num_layers": 4,
        "num_heads": 4,
        "attention_types": [[["global", "local"], 2]],
        "window_size": 8,
    },
    "gptj": {**GPT_NAMES, "rotary_dim": 8},
    "mixtral": {"num_local_experts": 2},
    "olmo3": {"sliding_window": 8},
    "opt": {"ffn_dim": 48, "word_embed_proj_dim": 32},
    "qwen3_moe": {
        "moe_intermediate_size": 16,
        "num_experts": 4,
        "num_experts_per_tok": 2,
    },
}
EYE = {
    "hidden_size": 16,
    "intermediate_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "image_size": 16,
    "patch_size": 8,
}
# The families that the book promises, and others that it knows.
NAMED = ["llama", "qwen2", "qwen3", "gemma2", "gemma3_text"]
NAMED += ["gpt2", "gpt_neox", "mistral", "olmo2", "phi3"]
OTHERS = ["bloom", "cohere", "falcon", "gemma", "gemma3", "gpt_neo", "gptj", "granite"]
OTHERS += ["mixtral", "olmo", "olmo3", "opt", "phi", "qwen3_moe", "smollm3"]
OTHERS += ["stablelm", "starcoder2"]


def make_tokenizer(
    texts: Sequence[str] = TEXTS, size: int = 320, template: str | None = None
) -> PreTrainedTokenizerFast:
    """A byte-level BPE tokenizer of about `size` tokens, trained on a few texts."""
    bare = Tokenizer(models.BPE())
    bare.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bare.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=["<|end|>", "<|pad|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    bare.train_from_iterator(list(texts) * 4, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=bare,
        eos_token="<|end|>",
        pad_token="<|pad|>",
        chat_template=template,
        model_input_names=["input_ids", "attention_mask"],
    )


def make_spaced_tokenizer(
    texts: Sequence[str] = TEXTS, size: int = 320, template: str | None = None
) -> PreTrainedTokenizerFast:
    """As Llama 2's and Mistral's: a space before every text, taken off when decoded."""
    bare = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True))
    space = "▁"
    bare.normalizer = normalizers.Sequence(
        [normalizers.Prepend(space), normalizers.Replace(" ", space)]
    )
    bare.pre_tokenizer = pre_tokenizers.Split(space, "merged_with_next")
    bare.decoder = decoders.Sequence(
        [decoders.Replace(space, " "), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=["</s>", "<unk>", "<s>"],
        initial_alphabet=[chr(i) for i in range(33, 127)] + [space, "\n", "é", "—"],
        show_progress=False,
    )
    bare.train_from_iterator(list(texts) * 4, trainer)
    bare.post_processor = TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", 2)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=bare,
        unk_token="<unk>",
        bos_token="<s>",
        eos_token="</s>",
        pad_token="<unk>",
        chat_template=template,
        model_input_names=["input_ids", "attention_mask"],
    )


def make_config(kind: str, vocabulary: int, **changes: Any) -> Any:
    """The configuration of a tiny model of a family."""
    options = {**SMALL, "vocab_size": vocabulary, **SPECIAL.get(kind, {}), **changes}
    if kind in ("gpt2", "gptj", "bloom"):  # their names stand for the common ones
        for key in ("hidden_size", "num_hidden_layers", "num_attention_heads"):
            if key not in SPECIAL[kind]:
                options.pop(key, None)
    if kind == "falcon":
        del options["head_dim"]
    if kind == "gemma3":  # reads pictures too; the book uses its language part
        return CONFIG_MAPPING[kind](text_config=options, vision_config=EYE)
    return CONFIG_MAPPING[kind](**options)


def make_folder(
    root: Path,
    kind: str,
    *,
    seed: int = 0,
    name: str | None = None,
    tokenizer: PreTrainedTokenizerFast | None = None,
    **changes: Any,
) -> Path:
    """A folder in Hugging Face format with a tiny random model of a family."""
    tokenizer = tokenizer or make_tokenizer()
    torch.manual_seed(seed)
    outputs = max(VOCABULARY, len(tokenizer) + 64)  # some load with a token more
    config = make_config(kind, outputs, **changes)
    model = AutoModelForCausalLM.from_config(config)
    with torch.no_grad():
        for part, value in model.named_parameters():
            if value.ndim == 1:  # norms and biases start at 1 and 0: shake them
                value.add_(0.2 * torch.randn_like(value))
            assert value.isfinite().all(), part
    folder = root / (name or f"{kind}-{seed}")
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def load_plain(folder: Path, **options: Any) -> tuple[Any, Any]:
    """The model and tokenizer as Hugging Face loads them, without nnsight."""
    model = AutoModelForCausalLM.from_pretrained(folder, **options).eval()
    return model, AutoTokenizer.from_pretrained(folder)


def plain_blocks(model: Any) -> torch.nn.ModuleList:
    """The blocks of a language model: the last module list as long as its depth."""
    depth = model.config.get_text_config().num_hidden_layers
    lists = [m for m in model.modules() if isinstance(m, torch.nn.ModuleList)]
    return next(m for m in lists if len(m) == depth)


@torch.no_grad()
def plain_stream(model: Any, tokenizer: Any, text: str) -> torch.Tensor:
    """The residual stream "l s d" of one text by plain PyTorch hooks."""
    kept: list[torch.Tensor] = []

    def keep(module: Any, inputs: Any, output: Any) -> None:
        kept.append(output[0] if isinstance(output, tuple) else output)

    hooks = [block.register_forward_hook(keep) for block in plain_blocks(model)]
    model(**tokenizer(text, return_tensors="pt"))
    for hook in hooks:
        hook.remove()
    return torch.cat(kept)
