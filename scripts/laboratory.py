"""Put the live page's engine, models and directions beside the built pages.

`python -m scripts.laboratory OUT`: OUT is the `_static` of a built book. It gets
`live/` (the engine) and `models/`: for each model its weights in pieces, its emotion
vectors (`directions.safetensors`), texts to try, the table of the atlas, and an
`index.json` that says what is there. The real model comes from the cache; nothing is
fetched.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from helpers.cache import digest
from scripts import directions as made
from scripts.directions import ROOT, Shown, atlas, clear, directions, shown, texts
from scripts.split import split

LIVE = ROOT / "live"
ENGINE = ("*.mjs", "*.wasm")


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
    vectors, tried, table = directions(one), texts(one), atlas(one)
    if vectors and tried:
        place(vectors, folder / "directions.safetensors")
        place(tried, folder / "texts.json")
    if table:
        place(table, folder / "atlas.json")
    for path in sorted(pieces(one).iterdir()) if one.here else ():
        place(path, folder / path.name)
    told = {"name": one.name, "title": one.title, "size": one.size}
    told |= {"file": one.source.name, "sha256": one.sha256}
    told |= {"directions": bool(vectors and tried), "atlas": bool(table)}
    return {**told, "weights": one.here}


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
    folder = made.BUILD / f"{one.name}-pieces-{name}"
    if not (folder / "manifest.json").exists():
        clear(f"{one.name}-pieces-*")
        split(one.source, folder, one.name)
    return folder


if __name__ == "__main__":
    print("Models in the laboratory:", *put(Path(sys.argv[1])))
