"""A small disk cache addressed by content: the same question is computed once.

Files are safetensors, written under another name and then moved, so that a kill never
leaves half a file. The folder is `EMOTION_VECTORS_CACHE`, or the user's cache folder.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor


def home() -> Path:
    """The book's folder in the user's cache folder."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "emotion-vectors"


def folder() -> Path:
    """Where cached tensors live."""
    return Path(os.environ.get("EMOTION_VECTORS_CACHE") or home())


def digest(*parts: Any) -> str:
    """A name for any JSON-like content; equal content has an equal name."""
    text = json.dumps(parts, sort_keys=True).encode()
    return hashlib.sha256(text).hexdigest()[:32]


def digest_bytes(pieces: Iterable[bytes]) -> str:
    """A name for a list of byte strings, in order."""
    state = hashlib.sha256()
    for piece in pieces:
        state.update(len(piece).to_bytes(8, "big"))
        state.update(piece)
    return state.hexdigest()[:32]


def cached(key: Any, compute: Callable[[], dict[str, Tensor]]) -> dict[str, Tensor]:
    """The tensors kept under a JSON-like key, computed and kept when there are none."""
    name = digest(key)
    kept = read(name)
    if kept is None:
        kept = compute()
        write(name, kept)
    return kept


def read(name: str) -> dict[str, Tensor] | None:
    """The tensors kept under a name, or None; a damaged file counts as none."""
    path = folder() / f"{name}.safetensors"
    if not path.exists():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            return {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
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


def stamp(module: torch.nn.Module) -> str:
    """A quick name for the weights as they lie in memory: changes with an edit."""
    where = [(v.data_ptr(), v._version) for v in module.state_dict().values()]
    return digest(where)


def fingerprint(model: Any) -> str:
    """A name for a model: equal weights in the same architecture have an equal name.

    An unedited model from the hub is named by its id, revision and dtype; any other by
    a hash of its configuration and of every parameter, which is remembered until one
    is edited in place.
    """
    origin = model.__dict__.get("_emotion_origin")
    if model.__dict__.get("_emotion_remote") is True:
        return digest("remote", origin)
    now = stamp(model._module)
    if origin is not None and origin[-1] == now:
        return digest(origin[:-1])
    known = model.__dict__.get("_emotion_fingerprint")
    if known is None or known[0] != now:
        known = (now, digest_bytes(model_bytes(model._module)))
        model.__dict__["_emotion_fingerprint"] = known
    return known[1]


def model_bytes(module: Any) -> Iterable[bytes]:
    """The configuration, then the name and bytes of each parameter and buffer.

    Two families can have the same parameters and compute different things.
    """
    config = module.config.to_dict()
    for passing in ("_name_or_path", "transformers_version"):
        config.pop(passing, None)
    yield json.dumps(config, sort_keys=True, default=str).encode()
    for name, value in module.state_dict().items():
        yield f"{name} {value.dtype}".encode()
        flat = value.detach().cpu().contiguous().flatten()
        yield flat.view(torch.uint8).numpy().tobytes()
