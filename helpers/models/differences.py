"""A child of an embedded model, kept as what sets its weights apart from its parent's.

Both are in 16 bits (bfloat16). Counted in steps from one such number to the next, a
short training moves a weight by few: packed, that is a third of the weights, and exact.
`python -m helpers.models.differences tiny FOLDER` writes the one of FOLDER's name.
"""

from __future__ import annotations

import argparse
import hashlib
import lzma
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor

from helpers import cache
from helpers.models.properties import EMBEDDED

CHILDREN = {"sham": "tiny"}  # each child's parent


def difference_file(name: str) -> Path | None:
    """The file behind the name of such a child; None for what is no such name."""
    if name not in CHILDREN or Path(name).exists():
        return None
    path = EMBEDDED / name / "difference.safetensors"
    if not path.exists():
        raise FileNotFoundError(
            f"the embedded model {name!r} is not in this copy of the package: `python "
            "-m helpers.organism.evaluate.suppression` trains it"
        )
    return path


def places(weights: Float[Tensor, ...]) -> Int[np.ndarray, " n"]:
    """Where each number stands in the row of all 16-bit numbers, 0 at 0."""
    raw = weights.bfloat16().flatten().view(torch.int16).numpy()
    return np.where(raw < 0, -(raw & 0x7FFF), raw)


def numbers(at: Int[np.ndarray, " n"]) -> Float[Tensor, " n"]:
    """The numbers that stand at these places."""
    raw = np.where(at < 0, -at | np.int16(-0x8000), at)
    return torch.from_numpy(raw).view(torch.bfloat16)


def write_difference(parent: Path, child: Path, path: Path) -> None:
    """Write what sets the weights of a child's folder apart from its parent's."""
    one, two = (load_file(folder / "model.safetensors") for folder in (parent, child))
    steps = [places(two[name]) - places(one[name]) for name in sorted(one)]
    signed = np.concatenate(steps)  # of 16 bits: what is beyond them comes round
    folded = ((signed << 1) ^ (signed >> 15)).astype("<i2")  # 0, -1, 1, -2, 2 ...
    halves = folded.view(np.uint8).reshape(-1, 2).T.tobytes()  # low bytes, then high
    packed = np.frombuffer(bytearray(lzma.compress(halves, preset=9)), np.uint8)
    source = hashlib.sha256((parent / "model.safetensors").read_bytes()).hexdigest()
    cache.write_file(path, {"steps": torch.from_numpy(packed)}, {"parent": source})


def add_difference(module: Any, path: Path) -> None:
    """Give a loaded parent the weights of its child.

    The configuration's `emotion_source` says so from then on. Raises RuntimeError for
    a difference from other weights.
    """
    parent = EMBEDDED / CHILDREN[path.parent.name] / "model.safetensors"
    source = hashlib.sha256(parent.read_bytes()).hexdigest()
    with safe_open(path, "pt") as file:
        known = file.metadata()["parent"]
        packed = file.get_tensor("steps").numpy().tobytes()
    if known != source:
        raise RuntimeError(
            f"{path.parent.name} was trained from the weights {known}, and those of "
            f"{parent.parent.name} are {source}: train it again"
        )
    halves = np.frombuffer(lzma.decompress(packed), np.uint8).reshape(2, -1)
    folded = np.ascontiguousarray(halves.T).view("<u2").ravel()
    left = (folded >> 1).astype(np.int16) ^ -(folded & 1).astype(np.int16)
    with torch.no_grad():
        for name, weights in sorted(load_file(parent).items()):
            own, left = left[: weights.numel()], left[weights.numel() :]
            moved = numbers(places(weights) + own).view(weights.shape)
            module.get_parameter(name).copy_(moved)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    module.config.emotion_source = f"{source}+{digest}"


def main() -> None:
    """Write the difference of a trained child from one of the package's own models."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parent", choices=sorted(set(CHILDREN.values())))
    parser.add_argument("child", type=Path, help="its folder, named as it will be")
    args = parser.parse_args()
    path = EMBEDDED / args.child.name / "difference.safetensors"
    write_difference(EMBEDDED / args.parent, args.child, path)
    print(f"{path}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
