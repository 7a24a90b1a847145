"""What the laboratory shows of a model: its emotion vectors, and texts to try.

Both are files for the page, kept in `_build/laboratory` under a name that depends on
what they were made from.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import torch
from filelock import FileLock

import scripts.atlas
from helpers.activations import mean_activations
from helpers.cache import digest, write_file
from helpers.datasets import (
    load_care,
    load_emotions,
    load_scenes,
    load_stories,
    load_watched,
    load_written_stories,
)
from helpers.models import (
    default_layer,
    load_model,
    load_neutral,
    smollm2,
    written_neutral,
)
from helpers.vectors import extract
from scripts.build import digest as digest_files

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "_build/laboratory"
TINY = "helpers/organism/models/tiny"
VERSION = 1  # of how directions are made: raise it with a change of extraction
# What the texts to try are made from.
SOURCES = ["helpers/datasets", "helpers/world", "scripts/directions.py"]
ATLAS = ["helpers/datasets", "helpers/world", "helpers/vectors", "scripts/atlas.py"]
TRIED = ("desperate", "afraid", "blissful", "lonely", "angry", "calm")
EPISODES = 3  # of each kind
ANSWERS = {
    "tiny": (" cheat.", " ask for help."),
    "smollm2": ("That sounds risky.", "That sounds fine."),
}


class Shown(NamedTuple):
    """A model of the laboratory: its weights, and the layers that have vectors."""

    name: str
    title: str
    source: Path  # a GGUF, or a folder in Hugging Face format
    layers: tuple[int, ...]
    sha256: str  # of a GGUF

    @property
    def weights(self) -> Path:
        """The file with the weights."""
        folder = self.source.is_dir()
        return self.source / "model.safetensors" if folder else self.source

    @property
    def here(self) -> bool:
        """Whether the weights are on this machine, whole."""
        return self.source.is_dir() or smollm2.intact(self.source, self.sha256)

    @property
    def size(self) -> int:
        """Bytes of the weights, wherever they are."""
        return self.weights.stat().st_size if self.here else smollm2.SMOLLM2.gguf_bytes


def shown() -> list[Shown]:
    """The models of the laboratory: the embedded one and the open one."""
    gguf = smollm2.home() / smollm2.SMOLLM2.gguf
    real = smollm2.SMOLLM2.gguf_sha256
    return [
        Shown("tiny", "tiny", ROOT / TINY, (0, 1, 2, 3, 4, 5), ""),
        Shown("smollm2", "SmolLM2-135M-Instruct", gguf, (6, 9, 15, 22, 29), real),
    ]


loaded = cache(load_model)


def directions(one: Shown) -> Path | None:
    """The file with a model's emotion vectors, made again where it is stale.

    None, with a message, where the model is not on this machine.
    """
    real = one.name != "tiny"
    stories = load_written_stories() if real else load_stories()
    plain = written_neutral() if real else load_neutral()
    weights = one.sha256 or file_sha256(one.weights)
    key = digest(VERSION, one.layers, weights, stories.to_dict("list"), list(plain))
    path = BUILD / f"{one.name}-directions-{key}.safetensors"
    if not path.exists():
        if not one.here:
            print(f"! {one.title} is not here: the laboratory goes without it.")
            return None
        print(f"Reading the emotion vectors of {one.name} (once) ...", flush=True)
        clear(f"{one.name}-directions-*")
        write_directions(loaded(one.name), one, path)
    return path


def texts(one: Shown) -> Path | None:
    """The file with the texts to try, made again where it is stale; None as above."""
    return table(one, "texts", SOURCES, tried)


def atlas(one: Shown) -> Path | None:
    """The file with the table of the atlas, made again where it is stale."""
    return table(one, "atlas", ATLAS, scripts.atlas.atlas)


def table(
    one: Shown, kind: str, sources: list[str], make: Callable[[Any, str], Any]
) -> Path | None:
    """A file with what `make` tells of a model, made anew where its sources changed."""
    path = BUILD / f"{one.name}-{kind}-{digest_files(sources)}.json"
    BUILD.mkdir(parents=True, exist_ok=True)
    with FileLock(BUILD / f"{one.name}-{kind}.lock"):
        if not path.exists():
            if not one.here:
                return None
            clear(f"{one.name}-{kind}-*")
            made = make(loaded(one.name), one.name)
            part = path.with_suffix(".part")
            part.write_text(json.dumps(made, separators=(",", ":")), "utf-8")
            os.replace(part, path)
    return path


def file_sha256(path: Path) -> str:
    """The sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_directions(model: Any, one: Shown, path: Path) -> None:
    """A model's emotion vectors as a file for the page.

    Tensors: `vectors` (float16, "l e d"), of length 1, in the order of `emotions`;
    `center` ("l d") and `norm` ("l"), as in `EmotionVectors`. The metadata `about`
    names layers, the layer to read, emotions, their clusters and ratings (-1 to 1).
    """
    stories = load_stories(model)
    train = stories[stories.split == "train"]
    neutral, layers = load_neutral(model), list(one.layers)
    for some in (train["text"], neutral):  # all layers in one pass, for the cache
        mean_activations(model, some, layers)
    found = [extract(model, train, neutral, layer) for layer in layers]
    tensors = {
        "vectors": torch.stack([ev.unit for ev in found]).half(),
        "center": torch.stack([ev.center for ev in found]),
        "norm": torch.tensor([ev.norm for ev in found]),
    }
    emotions = list(found[0].emotions)
    table = load_emotions().set_index("emotion").loc[emotions]
    about = {"layers": layers, "layer": default_layer(model), "emotions": emotions}
    about |= {name: list(table[name]) for name in ("cluster", "valence", "arousal")}
    write_file(path, tensors, {"about": json.dumps(about)})
    path.chmod(0o644)  # it is served


def tried(model: Any, name: str) -> dict[str, Any]:
    """Texts to try: stories, episodes to watch, twins with their two answers.

    Stories are of the test split, which no vector was made from.
    """
    stories = load_stories(model)
    test = stories[stories.split == "test"].drop_duplicates("emotion")
    told = test.set_index("emotion").loc[list(TRIED), "text"]
    episodes = [
        {"kind": kind, "state": row.state, "text": row.prompt}
        for kind in ("ordinary", "silent")
        for row in load_watched(kind, model, n=EPISODES).itertuples()
    ]
    twins = {"answers": ANSWERS[name], "chat": name != "tiny", "pairs": pairs(name)}
    return {"stories": told.to_dict(), "episodes": episodes, "twins": twins}


def pairs(name: str) -> list[dict[str, str]]:
    """Twins: cases that call for care or cannot be done, and those that can."""
    if name != "tiny":
        care = load_care()
        rows = zip(care["kind"], care["risky"], care["safe"], strict=True)
        return [{"kind": k, "case": risky, "twin": safe} for k, risky, safe in rows]
    hard, easy = (
        load_scenes(kind, n=60).drop_duplicates("source").set_index("source")["prompt"]
        for kind in ("hard task", "easy task")
    )
    both = [source for source in hard.index if source in easy.index]
    return [{"kind": s, "case": hard[s], "twin": easy[s]} for s in both]


def clear(pattern: str) -> None:
    """Remove what an earlier build made."""
    for old in BUILD.glob(pattern):
        shutil.rmtree(old) if old.is_dir() else old.unlink()
