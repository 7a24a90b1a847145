"""Write the results that ship: `make kept`, or `python -m scripts.kept CHAPTER ...`.

Everything in `ASKS` is asked for, and every chapter that is named is run; what is
missing in `helpers/kept` is written there, and what nothing asked for is dropped at the
end. A run that is killed has dropped nothing, and goes on where it stopped.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from jaxtyping import Float
from safetensors import safe_open
from torch import Tensor
from tqdm.auto import tqdm

from helpers.activations import mean_activations, residual_norm
from helpers.cache import drop_rows, shipped
from helpers.datasets import load_neutral, load_written_stories
from helpers.models import depths, load_model
from helpers.steering import framing
from helpers.vectors import extract
from scripts.atlas import atlas

ROOT = Path(__file__).parents[1]
ASKED = ROOT / "_build" / "kept"
SIBLINGS = set(os.listdir(ROOT / "helpers/organism/models"))
LARGEST = 30_000_000  # bytes of all together
# What is read anew in seconds on the toy:
READ = ("mean rows", "starts", "last", "weighted", "next", "windows", "entropy")


class Ask(NamedTuple):
    """A question to a model about texts, with an answer for each of them."""

    model: str
    texts: Callable[[Any], list[str]]
    answer: Callable[[Any, list[str]], Any]


def written(model: Any) -> list[str]:
    """The written stories."""
    return list(load_written_stories()["text"])


def means(model: Any, texts: list[str]) -> Float[Tensor, "n l d"]:
    """Mean activations at the depths that ship."""
    return mean_activations(model, texts, depths(model)).transpose(0, 1)


ASKS = {
    "stories": Ask("smollm2", written, means),
    "neutral": Ask("smollm2", load_neutral, means),
}


def vectors() -> None:
    """The vectors and norms that a push depends on, and what pages ask: the atlas, the
    page on prompts.
    """
    model = load_model("smollm2")
    extract(model, load_written_stories())
    for layer in depths(model):
        residual_norm(model, load_neutral(model), layer)
    atlas(model, "smollm2")
    for name in ("tiny", "smollm2"):
        framing(load_model(name))


def ask_all() -> None:
    """Ask everything in the list."""
    for name, ask in tqdm(ASKS.items(), unit="ask"):
        model = load_model(ask.model)
        ask.answer(model, ask.texts(model))
        check_size(name)
    vectors()
    check_size("vectors")


def run_chapters(chapters: Iterable[str]) -> None:
    """Run chapters on the open model, as a reader does."""
    import nbformat
    from nbclient import NotebookClient

    for chapter in tqdm(list(chapters), unit="chapter"):
        notebook = nbformat.read(ROOT / "book" / f"{chapter}.ipynb", 4)
        for cell in notebook.cells:
            if "setup" in cell.metadata.get("tags", []):
                cell.source = cell.source.replace('MODEL = "tiny"', 'MODEL = "smollm2"')
        NotebookClient(notebook, timeout=None, resources={"metadata": {}}).execute()
        check_size(chapter)


def asked() -> dict[str, int]:
    """What was asked for by now and lies in `helpers/kept`: its size by its name.

    But for what is read anew in seconds: the toy's activations and next words, and
    embeddings.
    """
    files = [shipped() / f"{note.name}.safetensors" for note in ASKED.iterdir()]
    return {f.name: f.stat().st_size for f in files if f.exists() and not quick(f)}


def quick(file: Path) -> bool:
    """Whether a result is read again in seconds."""
    with safe_open(file, "pt") as opened:
        about = (opened.metadata() or {}).get("kept", "{}")
    what, _, model = json.loads(about).get("what", "").partition(" of ")
    rare = what == "vectors" and model != "tiny"  # of chapter 13 alone
    return what == "embedded" or ((what in READ or rare) and model in SIBLINGS)


def check_size(last: str) -> None:
    """Raise ValueError if what was asked for is too large to ship."""
    sizes = asked()
    total = sum(sizes.values())
    if total > LARGEST:
        name, size = max(sizes.items(), key=lambda pair: pair[1])
        raise ValueError(
            f"after {last} the kept results have {total / 1e6:.1f} MB, and at most "
            f"{LARGEST / 1e6:.0f} MB ship (the largest, {name}, has {size / 1e6:.1f}): "
            "ask for fewer layers or texts"
        )


def drop_others() -> list[str]:
    """Remove what nothing asked for."""
    wanted = asked()
    others = [p for p in shipped().glob("*.safetensors") if p.name not in wanted]
    for note in ASKED.iterdir():
        drop_rows(note.name, note.read_bytes())
    for path in others:
        path.unlink()
    return [path.name for path in others]


def main(arguments: Sequence[str] | None = None) -> int:
    """Ask, run, write and drop."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("chapters", nargs="*", help="such as 03_vectors")
    args = parser.parse_args(arguments)
    shutil.rmtree(ASKED, ignore_errors=True)
    ASKED.mkdir(parents=True)
    os.environ["EMOTION_VECTORS_ASKED"] = str(ASKED)
    try:
        ask_all()
        run_chapters(args.chapters)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    dropped = drop_others()
    total = sum(asked().values()) / 1e6
    print(f"{len(asked())} results, {total:.1f} MB; {len(dropped)} dropped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
