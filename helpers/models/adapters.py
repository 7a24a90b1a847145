"""Low-rank adapters of the open model: what a short training adds to its weights.

Each of the trained matrices W becomes W + scale · B · A. `helpers.organism.adapters`
trains them; reading them needs nothing but their file.
Source: Hu et al. (2021), "LoRA: low-rank adaptation of large language models".
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open

from helpers.models.properties import EMBEDDED
from helpers.models.smollm2 import SMOLLM2

ADAPTERS = EMBEDDED.parent / "adapters"


def adapter_file(name: str) -> Path | None:
    """The file behind a name such as "smollm2-calm"; None for what is no such name.

    Raises FileNotFoundError for an adapter that there is not.
    """
    if not name.startswith(f"{SMOLLM2.name}-") or Path(name).exists():
        return None
    path = ADAPTERS / f"{name}.safetensors"
    if not path.exists():
        known = sorted(p.stem for p in ADAPTERS.glob(f"{SMOLLM2.name}-*.safetensors"))
        raise FileNotFoundError(
            f"no adapter {name!r} of {SMOLLM2.name}: pass one of "
            f"{', '.join(known) or 'none, none is here'}, or make it with `python -m "
            "helpers.organism.adapters`"
        )
    return path


def add_adapter(module: Any, path: Path) -> None:
    """Add an adapter's products, made in float32, to the weights that it was made for.

    The configuration's `emotion_source` says so from then on. Raises RuntimeError for
    an adapter of other weights.
    """
    config = module.config
    source = str(getattr(config, "emotion_source", None))
    with safe_open(path, "pt") as file:
        facts = file.metadata()
        pairs = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    if facts["parent"] != source:
        raise RuntimeError(
            f"{path.name} was trained on the weights {facts['parent']}, and these are "
            f"{source}: load the model that it belongs to"
        )
    for name in sorted({name.rpartition(".")[0] for name in pairs}):
        weight = module.get_submodule(name).weight
        low = pairs[f"{name}.B"].float() @ pairs[f"{name}.A"].float()
        with torch.no_grad():
            weight.copy_(weight.float() + float(facts["scale"]) * low.to(weight.device))
    own = hashlib.sha256(path.read_bytes()).hexdigest()
    config.emotion_source = f"{source}+{own}"
