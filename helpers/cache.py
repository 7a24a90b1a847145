"""A small disk cache addressed by content: the same question is computed once.

Files are safetensors, written under another name and then moved, so that a kill never
leaves half a file. The folder is `EMOTION_VECTORS_CACHE`, or the user's cache folder.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor


def folder() -> Path:
    """Where cached tensors live."""
    named = os.environ.get("EMOTION_VECTORS_CACHE")
    if named:
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "emotion-vectors"


def digest(*parts: Any) -> str:
    """A name for any JSON-like content; equal content has an equal name."""
    text = json.dumps(parts, sort_keys=True, default=str).encode()
    return hashlib.sha256(text).hexdigest()[:32]


def digest_texts(texts: Iterable[str]) -> str:
    """A name for a list of texts, in order."""
    state = hashlib.sha256()
    for text in texts:
        raw = text.encode()
        state.update(len(raw).to_bytes(8, "big"))
        state.update(raw)
    return state.hexdigest()[:32]


def read(name: str) -> dict[str, Tensor] | None:
    """The tensors kept under a name, or None; a damaged file counts as none."""
    path = folder() / f"{name}.safetensors"
    if not path.exists():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            return {key: file.get_tensor(key) for key in file.keys()}
    except (SafetensorError, OSError):
        path.unlink(missing_ok=True)
        return None


def write(name: str, tensors: dict[str, Tensor]) -> None:
    """Keep tensors under a name, all or nothing."""
    write_file(folder() / f"{name}.safetensors", tensors)


def write_file(
    path: Path, tensors: dict[str, Tensor], metadata: dict[str, str] | None = None
) -> None:
    """Write a safetensors file so that a kill leaves the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(dir=path.parent, suffix=".part")
    os.close(handle)
    try:
        save_file({k: v.contiguous() for k, v in tensors.items()}, part, metadata)
        os.replace(part, path)
    finally:
        Path(part).unlink(missing_ok=True)


def forget(names: Iterable[str]) -> None:
    """Remove what is kept under these names."""
    for name in names:
        (folder() / f"{name}.safetensors").unlink(missing_ok=True)


def fingerprint(model: Any) -> str:
    """A name for a model's weights: equal weights have an equal name.

    Hashes every parameter once and remembers the result on the model.
    """
    known = getattr(model, "_emotion_fingerprint", None)
    if known is None:
        state = hashlib.sha256()
        for name, value in model._module.state_dict().items():
            state.update(name.encode())
            flat = value.detach().cpu().contiguous().view(torch.uint8)
            state.update(flat.numpy().tobytes())
        known = state.hexdigest()[:32]
        model.__dict__["_emotion_fingerprint"] = known
    return known
