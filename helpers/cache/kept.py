"""Results that ship with the package, under those of the user's own cache.

Only models that the book ships or pins have any. A name holds the checksum of the file
that the weights came from, and no device, dtype or library version, so that it is found
everywhere. `make kept` sets `EMOTION_VECTORS_ASKED` to a folder: what is asked for is
noted there, and what is missing is written.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError
from torch import Tensor

from helpers.cache.identity import fingerprint, hooked, stamp
from helpers.cache.store import digest, read, read_file, write, write_file

Tensors = dict[str, Tensor]
LARGEST = 6e4  # that 16 bits hold


class Key(NamedTuple):
    """The names of a result: in the user's cache, and among those that ship."""

    own: str | None = None
    kept: str | None = None
    about: str = ""

    def part(self, *more: Any) -> Key:
        """The key of a part of the result."""
        own, kept = (name and digest(name, *more) for name in self[:2])
        return Key(own, kept, self.about)


def model_key(model: Any, what: str, *parts: Any, device: str) -> Key:
    """The key of a result: equal for equal weights and JSON-like parts.

    It has no names where something acts on the model that no name can tell.
    """
    if hooked(model):
        return Key()
    remote = model.__dict__.get("_emotion_remote") is True
    now = "remote" if remote else stamp(model)
    own = digest(what, fingerprint(model, now), device, *parts)
    return shipped_key(model, what, *parts, now=now)._replace(own=own)


def shipped_key(
    model: Any, what: str, *parts: Any, now: str | None = None, of: Sequence[Any] = ()
) -> Key:
    """The same for what is looked up among the results that ship, and nowhere else.

    `now` is the model's stamp, where it is known; `of` what `part` will be asked for.
    """
    source = model.__dict__.get("_emotion_source")
    if source is None:
        return Key()
    name = digest(what, source, *parts)
    files = [name, *(digest(name, part) for part in of)]
    there = any((shipped() / f"{file}.safetensors").exists() for file in files)
    known = now or asked() or there
    if not known or hooked(model):
        return Key()
    if (now or stamp(model)) != model.__dict__["_emotion_stamp"]:
        return Key()
    return Key(None, name, f"{what} of {model.__dict__['_emotion_name']}")


def shipped() -> Path:
    """Where the results that ship lie."""
    named = os.environ.get("EMOTION_VECTORS_KEPT")
    return Path(named) if named else Path(__file__).parents[1] / "kept"


def asked() -> Path | None:
    """Where it is noted what is asked for, if it is."""
    named = os.environ.get("EMOTION_VECTORS_ASKED")
    return Path(named) if named else None


def cached(
    key: Key, compute: Callable[[], Tensors], *, half: bool = False
) -> dict[str, Tensor]:
    """The tensors of a key, computed and kept when there are none.

    `half`: 16 bits are enough for those that ship.
    """
    found = find(key, half=half)
    return keep(key, compute(), half=half) if found is None else found


def find(key: Key, *, half: bool = False) -> Tensors | None:
    """The tensors of a key, or None."""
    found = None if key.kept is None else find_shipped(key.kept)
    if found is None and key.own is not None:
        found = read(key.own)
        if found is not None:
            found = ship(key, found, half=half)
    return found


def keep(key: Key, tensors: Tensors, *, half: bool = False) -> Tensors:
    """Keep the tensors of a key; returns what a later call will find."""
    if key.own is not None:
        write(key.own, tensors)
    return ship(key, tensors, half=half)


def find_shipped(name: str) -> Tensors | None:
    """The tensors that ship under a name, in 32 bits, or None."""
    if folder := asked():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    try:
        found = read_file(shipped() / f"{name}.safetensors")
    except (OSError, SafetensorError):
        return None
    return {k: v.float() if v.is_floating_point() else v for k, v in found.items()}


def ship(key: Key, tensors: Tensors, *, half: bool) -> Tensors:
    """Where it is noted what is asked for, write it; returns what will be found."""
    if asked() is None or key.kept is None:
        return tensors
    fits = half and all(v.abs().max() < LARGEST for v in tensors.values() if v.numel())
    bits = torch.float16 if fits else torch.float32
    small = {k: v.to(bits) if v.is_floating_point() else v for k, v in tensors.items()}
    about = {"what": key.about, "numbers": str(bits).removeprefix("torch.")}
    target = shipped() / f"{key.kept}.safetensors"
    write_file(target, small, {"kept": json.dumps(about)})
    return find_shipped(key.kept) or tensors


def as_tensors(texts: Sequence[str]) -> Tensors:
    """Texts as bytes, and how many each has."""
    parts = [text.encode("utf-8", "surrogatepass") for text in texts]
    whole = torch.frombuffer(bytearray(b"".join(parts) + b"."), dtype=torch.uint8)
    return {"text": whole[:-1], "bytes": torch.tensor([len(part) for part in parts])}


def as_texts(tensors: Tensors) -> list[str]:
    """The texts again."""
    parts = tensors["text"].split(tensors["bytes"].tolist())
    return [bytes(part.tolist()).decode("utf-8", "surrogatepass") for part in parts]
