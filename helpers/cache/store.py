"""A small disk cache addressed by content: the same question is computed once.

Files are safetensors, written under another name and then moved, so that a kill never
leaves half a file. The folder is `EMOTION_VECTORS_CACHE`, or the user's cache folder;
where it cannot be used, work goes on without it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import tempfile
import time
import warnings
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

DAY = 86_400.0  # seconds after which nobody is still writing a file
TOLD: set[str] = set()  # what this process was warned of


def home() -> Path:
    """The book's folder in the user's cache folder; OSError for a user without one."""
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        return Path(base or Path.home() / ".cache") / "emotion-vectors"
    except RuntimeError as error:
        raise OSError("this user has no home folder") from error


def folder() -> Path:
    """Where cached tensors live; OSError where there is no such place."""
    named = os.environ.get("EMOTION_VECTORS_CACHE")
    return Path(named) if named else home()


def digest(*parts: Any) -> str:
    """A name for any JSON-like content, numpy's numbers included.

    Equal content has an equal name.
    """
    text = json.dumps(parts, sort_keys=True, default=lambda x: x.tolist()).encode()
    return hashlib.sha256(text).hexdigest()[:32]


def digest_bytes(pieces: Iterable[bytes]) -> str:
    """A name for a list of byte strings, in order."""
    state = hashlib.sha256()
    for piece in pieces:
        state.update(len(piece).to_bytes(8, "big"))
        state.update(piece)
    return state.hexdigest()[:32]


def read(name: str) -> dict[str, Tensor] | None:
    """The tensors kept under a name, or None; a damaged file counts as none."""
    with contextlib.suppress(OSError):
        try:
            return read_file(folder() / f"{name}.safetensors")
        except SafetensorError:
            forget([name])
    return None


def read_file(path: Path) -> dict[str, Tensor]:
    """The tensors of a file; OSError where it may not be read, else SafetensorError."""
    path.open("rb").close()  # what may not be read is not taken for damaged
    with safe_open(path, framework="pt") as file:
        return {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118


def write(name: str, tensors: dict[str, Tensor]) -> None:
    """Keep tensors under a name, all or nothing; warns where they cannot be kept."""
    with optional():
        write_file(folder() / f"{name}.safetensors", tensors)


def write_file(
    path: Path, tensors: dict[str, Tensor], metadata: dict[str, str] | None = None
) -> None:
    """Write a safetensors file so that a kill leaves the old one or the new one.

    Raises OSError where it cannot be written.
    """
    with replacing(path) as part:  # save_file would let nobody else read it
        whole = {name: value.contiguous() for name, value in tensors.items()}
        part.write_bytes(save(whole, metadata))


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Another name to write under: it takes the place of `path` once all is written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sweep(path.parent)
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    try:
        yield part
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def write_json(path: Path, value: Any, **how: Any) -> None:
    """Write JSON so that a kill leaves the old file or the new one."""
    with replacing(path) as part:
        part.write_text(json.dumps(value, **how) + "\n", "utf-8")


@lru_cache
def sweep(where: Path) -> None:
    """Remove, once a process, what killed writers have left in a folder."""
    for part in where.glob(f"*.{8 * '[0-9a-f]'}.part"):
        with contextlib.suppress(OSError):
            if os.access(part, os.R_OK) and time.time() - part.stat().st_mtime > DAY:
                part.unlink()


def forget(names: Iterable[str]) -> None:
    """Remove what is kept under these names."""
    for name in names:
        with contextlib.suppress(OSError):
            (folder() / f"{name}.safetensors").unlink()


@contextlib.contextmanager
def optional() -> Iterator[None]:
    """Keep something where that is possible; where it is not, warn once and go on."""
    try:
        yield
    except OSError as error:
        if not TOLD:
            warnings.warn(
                f"results cannot be kept ({error}), so they are computed anew each "
                "time: set EMOTION_VECTORS_CACHE to a folder that can be written",
                stacklevel=4,
            )
        TOLD.add("unkept")


def place(kind: str) -> Path:
    """A folder for files of one kind: in the cache, or else for this process alone."""
    with optional():
        path = folder() / kind
        path.mkdir(parents=True, exist_ok=True)
        if os.access(path, os.W_OK):
            return path
        raise PermissionError(f"{path} cannot be written")
    return Path(passing().name, kind)


@lru_cache(1)
def passing() -> tempfile.TemporaryDirectory[str]:
    """A folder that goes when the process ends."""
    return tempfile.TemporaryDirectory(prefix="emotion-vectors-")
