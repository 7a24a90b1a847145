"""Load a model so that every family looks the same, and check it once.

The residual stream after block l is `model.layers[l].output`; `model.ln_final` and
`model.lm_head` lead from it to logits. The model carries its tokenizer.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from nnsight import TransformersModel
from torch import Tensor
from transformers import AutoConfig, AutoTokenizer

EMBEDDED = Path(__file__).parent / "organism" / "models"
HUB = {"small": "Qwen/Qwen2.5-0.5B-Instruct", "standard": "Qwen/Qwen2.5-1.5B-Instruct"}
START = 50  # positions skipped before pooling, as in the paper


@dataclass(frozen=True)
class Names:
    """Where a family keeps its blocks, its final norm and its unembedding."""

    layers: str = "model.layers"
    ln_final: str = "model.norm"
    lm_head: str = "lm_head"


LLAMA_LIKE = Names()
GPT = Names("transformer.h", "transformer.ln_f")
FAMILIES: dict[str, Names] = {
    "gemma": LLAMA_LIKE,
    "gemma2": LLAMA_LIKE,
    "gemma3_text": LLAMA_LIKE,
    "gpt2": GPT,
    "gpt_neo": GPT,
    "gpt_neox": Names("gpt_neox.layers", "gpt_neox.final_layer_norm", "embed_out"),
    "gptj": GPT,
    "granite": LLAMA_LIKE,
    "llama": LLAMA_LIKE,
    "mistral": LLAMA_LIKE,
    "olmo": LLAMA_LIKE,
    "olmo2": LLAMA_LIKE,
    "olmo3": LLAMA_LIKE,
    "phi": Names(ln_final="model.final_layernorm"),
    "phi3": LLAMA_LIKE,
    "qwen2": LLAMA_LIKE,
    "qwen3": LLAMA_LIKE,
    "smollm3": LLAMA_LIKE,
    "stablelm": LLAMA_LIKE,
    "starcoder2": LLAMA_LIKE,
}


def load_model(
    name: str | Path,
    *,
    device: str = "auto",
    dtype: str | torch.dtype = "auto",
    remote: bool = False,
) -> Any:
    """Load a model by name, with uniform `layers`, `ln_final` and `lm_head`.

    `name`: "tiny" (the embedded model), "base" or "suppressed" (its siblings),
    "small" or "standard" (open models of 0.5 and 1.5 billion parameters), a folder
    in Hugging Face format, or a hub id. `device` "auto" takes CUDA, then MPS, then the
    CPU; `dtype` "auto" takes the checkpoint's own on a GPU and float32 on a CPU.
    With `remote` nothing is downloaded but the configuration: NDIF runs the model.

    Raises ValueError for a family that is not known, OSError for a model that cannot
    be found, RuntimeError if the loaded model does not behave as the book assumes.
    Taught in chapter 00.
    """
    path = resolve(str(name))
    config = find_config(path)
    names = family(config)
    tokenizer = AutoTokenizer.from_pretrained(path)
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    options: dict[str, Any] = {"task": "text-generation", "tokenizer": tokenizer}
    if remote:
        check_key()
    else:
        place = best_device(device)
        options |= {"dispatch": True, "dtype": best_dtype(dtype, place)}
    rename = {names.layers: "layers", names.ln_final: "ln_final"}
    if names.lm_head != "lm_head":
        rename[names.lm_head] = "lm_head"
    model = TransformersModel(path, rename=rename, **options)
    model.__dict__["_emotion_name"] = str(name)
    if not remote:
        model._module.to(place).eval()
        check(model)
    return model


def resolve(name: str) -> str:
    """The folder or hub id behind a name."""
    if name in HUB:
        return HUB[name]
    embedded = EMBEDDED / name
    return str(embedded) if (embedded / "config.json").exists() else name


def find_config(path: str) -> Any:
    """The configuration of a model; raises OSError that says what to do."""
    try:
        return AutoConfig.from_pretrained(path)
    except (OSError, ValueError) as error:
        raise OSError(
            f"no model {path!r}: it is no folder with a config.json, and it could not "
            "be had from the Hugging Face hub (wrong id, gated, or no network). "
            'Without a network use load_model("tiny").'
        ) from error


def family(config: Any) -> Names:
    """Where this family keeps its parts; raises ValueError if it is not known."""
    kind = config.model_type
    if kind not in FAMILIES:
        raise ValueError(
            f"model family {kind!r} is not known: the book knows {sorted(FAMILIES)}. "
            "CONTRIBUTING.md says how to add a family."
        )
    return FAMILIES[kind]


def best_device(device: str) -> str:
    """The device asked for, or the best there is."""
    if device != "auto":
        return device
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def best_dtype(dtype: str | torch.dtype, device: str) -> str | torch.dtype:
    """The dtype asked for, or the checkpoint's own on a GPU and float32 on a CPU."""
    if dtype != "auto":
        return getattr(torch, dtype) if isinstance(dtype, str) else dtype
    return torch.float32 if device == "cpu" else "auto"


def check_key() -> None:
    """Raise ValueError if there is no key for NDIF."""
    if not os.environ.get("NDIF_API_KEY"):
        raise ValueError(
            "remote=True needs a key: set the environment variable NDIF_API_KEY "
            "(on Colab: a secret of that name) and load again"
        )


def n_layers(model: Any) -> int:
    """Number of blocks."""
    return int(model.config.num_hidden_layers)


def d_model(model: Any) -> int:
    """Width of the residual stream."""
    return int(model.config.hidden_size)


def model_name(model: Any) -> str:
    """The name that the model was loaded by."""
    return str(model.__dict__.get("_emotion_name", model.config._name_or_path))


def default_layer(model: Any) -> int:
    """The layer to read by default: the embedded model's own, else 60 % of depth."""
    own = getattr(model.config, "emotion_layer", None)
    return int(own) if own is not None else round(0.6 * (n_layers(model) - 1))


def default_start(model: Any) -> int:
    """Positions to skip before pooling: the embedded model's own, else 50."""
    own = getattr(model.config, "emotion_start", None)
    return int(own) if own is not None else START


def unwrap(output: Any) -> Tensor:
    """A block's output as a tensor: some families return a tuple."""
    return output[0] if isinstance(output, tuple) else output


def check(model: Any) -> None:
    """Assert once what every chapter relies on; raises RuntimeError if it fails.

    The residual stream after block l equals Hugging Face's `hidden_states[l + 1]`
    (but for the last, which HF gives after the final norm), and a text in a padded
    batch equals the text alone.
    """
    texts = ["The door is open.", "A small boat lay at the end of the long pier."]
    last = n_layers(model) - 2
    with torch.no_grad():
        with model.trace(texts):
            both = unwrap(model.layers[max(last, 0)].output).save()
        with model.trace(texts[0]):
            alone = unwrap(model.layers[max(last, 0)].output).save()
        ids = model.tokenizer(texts[0], return_tensors="pt").to(model.device)
        states = model._module(**ids, output_hidden_states=True).hidden_states
    if alone.shape[-1] != d_model(model) or len(states) != n_layers(model) + 1:
        raise RuntimeError(f"unexpected shapes in {model_name(model)}: {alone.shape}")
    own = both[0][-alone.shape[1] :]
    loose = 1e-3 if alone.dtype == torch.float32 else 0.1
    scale = alone.float().abs().max()
    if last >= 0 and (alone - states[last + 1]).abs().max() > loose * scale:
        raise RuntimeError(f"layer {last} of {model_name(model)} is not what HF calls it")
    if (own - alone[0]).float().abs().max() > loose * scale:
        raise RuntimeError(f"padding changes what {model_name(model)} computes")
