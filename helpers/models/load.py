"""Load a model so that every family looks the same, and check it once.

The residual stream after block l is `model.layers[l].output`; `model.ln_final` and
`model.lm_head` lead from it to logits. The model carries its tokenizer.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from nnsight import TransformersModel
from transformers import GenerationConfig, PretrainedConfig

from helpers import cache
from helpers.models import memory, smollm2
from helpers.models import remote as ndif
from helpers.models.adapters import adapter_file, add_adapter
from helpers.models.beginnings import warn_of_lost_beginning
from helpers.models.checkpoint import check_vocabulary, load_weights
from helpers.models.differences import CHILDREN, add_difference, difference_file
from helpers.models.families import family
from helpers.models.properties import (
    EMBEDDED,
    OWN,
    TIERS,
    d_model,
    model_name,
    n_layers,
)
from helpers.models.selfcheck import check
from helpers.models.tokenizers import load_tokenizer


def load_model(
    name: str | Path,
    *,
    device: str | torch.device = "auto",
    dtype: str | torch.dtype = "auto",
    remote: bool | str = False,
    check_memory: bool = True,
) -> Any:
    """Load a model by name, with uniform `layers`, `ln_final` and `lm_head`.

    `name`: "tiny" (the embedded model), "base" or "suppressed" (its siblings),
    "sham" (the sibling of "suppressed" that was trained as long on ordinary replies),
    "seed_3" (the same, trained from another seed), "smollm2" (SmolLM2-135M-Instruct in
    a 4-bit copy, fetched once), "smollm2-calm" or "smollm2-sham" (the same with a
    low-rank adapter, trained on calm replies or on its own ones), "small" or "standard"
    (open models of 0.5 and 1.5 billion parameters), a folder in Hugging Face format,
    or a hub id.
    `device` "auto" takes CUDA, then MPS, then the CPU; `dtype` "auto" takes the
    checkpoint's own on a GPU and float32 on a CPU.
    With `remote` NDIF runs the model and only its configuration and tokenizer are
    fetched; remote="local" takes the same path but runs here.
    Warns where the tokenizer lacks a token that the model needs before every text.

    Raises ValueError for a family that is not known or a missing key, OSError for a
    model that cannot be found or is too large for the disk, MemoryError for one that
    the machine cannot hold (`check_memory` off loads it all the same), ImportError for
    "smollm2" without the extra "real", RuntimeError for a checkpoint that lacks
    weights or whose tokenizer is another's, or if the model is not what the book
    assumes.
    Taught in chapter 00.
    """
    path = resolve(str(name))
    if remote:
        ndif.prepare(path, remote)
    kind = model_type(path)
    options: dict[str, Any] = {"rename": family(kind).rename, "task": "text-generation"}
    if remote is not True:
        place = best_device(device)
        precision = best_dtype(dtype, place)
        if check_memory and path not in OWN:
            memory.check(path, precision, place)
    tokenizer = load_tokenizer(path)
    weights: Any = path if remote is True else load_weights(path, precision)
    if adapter := adapter_file(str(name)):
        add_adapter(weights, adapter)
    if difference := difference_file(str(name)):
        add_difference(weights, difference)
    model = TransformersModel(weights, tokenizer=tokenizer, **options)
    if remote is not True:
        model._module.to(place).eval()
    model._module.generation_config = generation_config(path, model, remote is True)
    remember(model, str(name), path, remote)
    check_vocabulary(model, model_name(model))
    if remote is not True:
        check(model, model_name(model), n_layers(model), d_model(model))
        model.__dict__["_emotion_stamp"] = cache.stamp(model)
        if "_emotion_source" not in model.__dict__:  # the book's own are known
            warn_of_lost_beginning(model, model_name(model))
    return model


def resolve(name: str) -> str:
    """The folder or hub id behind a name, fetched if need be; OSError if it is gone."""
    if name == smollm2.SMOLLM2.name or adapter_file(name):
        return str(smollm2.folder())
    if difference_file(name):
        name = CHILDREN[name]
    path = TIERS[name].path if name in TIERS else os.path.expanduser(name)
    if path.startswith(str(EMBEDDED)) and not Path(path, "config.json").exists():
        raise FileNotFoundError(
            f"the embedded model {name!r} is not in this copy of the package: "
            "`python -m helpers.organism.train` makes it"
        )
    return path


def model_type(path: str) -> str:
    """The family that a configuration names; raises OSError if there is none."""
    try:
        config, _ = PretrainedConfig.get_config_dict(path)
        return str(config["model_type"])
    except Exception as error:
        raise OSError(
            f"no model {path!r}: it is no folder with a model's config.json, and it "
            "could not be had from the Hugging Face hub (wrong id, gated, or no "
            'network). Without a network use load_model("tiny").'
        ) from error


def generation_config(path: str, model: Any, fetch: bool) -> GenerationConfig:
    """How the checkpoint begins and ends a text, and nothing else that it asks for.

    A model without weights does not know it: `fetch` reads the checkpoint's file.
    """
    own = model._module.generation_config
    if fetch:
        with suppress(OSError):
            own = GenerationConfig.from_pretrained(path)
    names = ("bos_token_id", "eos_token_id", "pad_token_id")
    return GenerationConfig(use_cache=True, **{n: getattr(own, n) for n in names})


def best_device(device: str | torch.device) -> str:
    """The device asked for, or the best there is; ValueError for one not here."""
    if str(device) != "auto":
        try:
            torch.empty(0, device=device)
            return str(torch.device(device))
        except (RuntimeError, AssertionError) as error:  # PyTorch raises either
            raise ValueError(
                f"device {str(device)!r} is not known here "
                f'({str(error).splitlines()[0]}): pass "cpu", "cuda", "mps" or "auto"'
            ) from error
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def best_dtype(dtype: str | torch.dtype, device: str) -> str | torch.dtype:
    """The dtype asked for, or the checkpoint's own on a GPU and float32 on a CPU.

    Raises ValueError for a name of none, or for whole numbers.
    """
    if dtype == "auto":
        return torch.float32 if device == "cpu" else "auto"
    named = getattr(torch, str(dtype).removeprefix("torch."), None)
    if not isinstance(named, torch.dtype) or not named.is_floating_point:
        raise ValueError(f'dtype {dtype!r} is not known: pass "bfloat16" or "float32"')
    return named


def remember(model: Any, name: str, path: str, remote: bool | str) -> None:
    """Note on the model what it is called, where it runs, and where it came from."""
    local = Path(path).is_dir()
    known = Path(path).name if local else path
    changed = bool(adapter_file(name) or difference_file(name))
    notes = model.__dict__
    notes["_emotion_name"] = name if changed else known
    notes["_emotion_tier"] = known if changed else name
    notes["_emotion_remote"] = remote
    if not remote and (path in OWN or changed or name == smollm2.SMOLLM2.name):
        notes["_emotion_source"] = source(path, model.config)
    revision = getattr(model.config, "_commit_hash", None)
    if remote is True:
        notes["_emotion_origin"] = (path, revision)
    elif not local and revision:
        notes["_emotion_origin"] = (path, revision, str(model._module.dtype))


def source(path: str, config: Any) -> str:
    """The checksums of the files that the weights came from: the GGUF, or their own."""
    known = getattr(config, "emotion_source", None)
    if known is not None:
        return f"{known} {getattr(config, 'emotion_conversion', '')}"
    with Path(path, "model.safetensors").open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
