"""Put the live page's engine, models and directions beside the built pages.

`python -m scripts.laboratory OUT`: OUT is the `_static` of a built book. It gets
`live/` (the engine) and `models/`: for each model its weights in pieces, its emotion
vectors (`directions.safetensors`), texts to try, and an `index.json` that says what is
there. The real model comes from the cache; nothing is fetched.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any, NamedTuple

import torch

from helpers.activations import mean_activations
from helpers.cache import digest, write_file
from helpers.datasets import (
    load_care,
    load_emotions,
    load_scenes,
    load_stories,
    load_watched,
)
from helpers.models import default_layer, load_model, load_neutral, smollm2
from helpers.models.smollm2.weights import intact
from helpers.vectors import extract
from scripts.build import digest as digest_files
from scripts.split import split

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "_build/laboratory"
LIVE = ROOT / "live"
TINY = "helpers/organism/models/tiny"
ENGINE = ("*.mjs", "*.wasm")
# What directions and texts are made from, but for the real model's weights.
SOURCES = [
    f"helpers/{room}" for room in ("activations", "datasets", "vectors", "world")
]
SOURCES += [TINY, "scripts/laboratory.py"]
TRIED = (
    "desperate",
    "afraid",
    "blissful",
    "lonely",
    "angry",
    "calm",
)  # stories to read
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
        return self.source.is_dir() or intact(self.source, self.sha256)

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
        Shown("smollm2", "SmolLM2-135M-Instruct", gguf, (3, 9, 15, 21, 27), real),
    ]


def put(static: Path, models: list[Shown] | None = None) -> list[str]:
    """Fill the `_static` of a built book; returns the models that it can run.

    `models`: those of the index, `shown()` unless told.
    """
    for name in ("live", "models"):
        shutil.rmtree(static / name, ignore_errors=True)
    for pattern in ENGINE:
        for path in LIVE.glob(pattern):
            place(path, static / "live" / path.name)
    models = shown() if models is None else models
    index = [furnish(one, static / "models" / one.name) for one in models]
    (static / "models/index.json").write_text(json.dumps(index), "utf-8")
    return [one["name"] for one in index if one["weights"] and one["directions"]]


def furnish(one: Shown, folder: Path) -> dict[str, Any]:
    """Put what there is of a model into a folder; returns its line of the index."""
    folder.mkdir(parents=True)
    read = reading(one)
    for made in [read, pieces(one) if one.here else None]:
        for path in sorted(made.iterdir()) if made else ():
            place(path, folder / path.name)
    told = {"name": one.name, "title": one.title, "size": one.size}
    told |= {"file": one.source.name, "sha256": one.sha256}
    return {**told, "weights": one.here, "directions": read is not None}


def place(source: Path, target: Path) -> None:
    """Put a file there: as a hard link where the disk allows it, else as a copy."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def pieces(one: Shown) -> Path:
    """The folder with a model's pieces and their manifest, made once."""
    about = one.weights.stat()
    name = digest(about.st_size, about.st_mtime_ns, one.sha256)
    folder = BUILD / f"{one.name}-pieces-{name}"
    if not (folder / "manifest.json").exists():
        clear(f"{one.name}-pieces-*")
        split(one.source, folder, one.name)
    return folder


def clear(pattern: str) -> None:
    """Remove what an earlier build made."""
    for old in BUILD.glob(pattern):
        shutil.rmtree(old)


def reading(one: Shown) -> Path | None:
    """The folder with a model's directions and texts, made again when stale.

    None, with a message, where the model is not on this machine.
    """
    kept = digest(digest_files(SOURCES), one.layers, one.sha256)
    folder = BUILD / f"{one.name}-reading-{kept}"
    if not folder.exists():
        if not one.here:
            print(f"! {one.title} is not here: the laboratory goes without it.")
            return None
        print(f"Reading the emotion vectors of {one.name} (once) ...", flush=True)
        clear(f"{one.name}-reading-*")
        part = folder.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        model = load_model(one.name)
        write_directions(model, one, part / "directions.safetensors")
        (part / "texts.json").write_text(json.dumps(texts(model, one.name)), "utf-8")
        os.replace(part, folder)
    return folder


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


def texts(model: Any, name: str) -> dict[str, Any]:
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


if __name__ == "__main__":
    print("Models in the laboratory:", *put(Path(sys.argv[1])))
