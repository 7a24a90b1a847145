"""Remake the cards that ship: of the embedded models, the open model, random twins.

`make cards` measures what is missing or was measured otherwise, a figure at a time: a
run that is killed goes on where it stopped. The embedded models and a twin of `tiny`
with random weights get whole cards; the open model and its twin the sizes of `QUICK`,
so that all take about half an hour on one idle core.
"""

from __future__ import annotations

import argparse
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tqdm.auto import tqdm

from helpers.card import QUICK, SHIPPED, card
from helpers.datasets import load_stories
from helpers.models import (
    CHECKPOINTS,
    default_layer,
    default_start,
    load_model,
    random_twin,
)

OPEN = "smollm2"
TWINS = {f"random-{name}": name for name in ("tiny", OPEN)}
NAMES = (OPEN, *CHECKPOINTS, *TWINS)
WORK = Path("_build/cards")


def measured(name: str) -> tuple[Any, dict[str, Any]]:
    """A model by its card's name, and how it is measured."""
    own = TWINS.get(name, name)
    model = load_model(own)
    options = {"layer": default_layer(model), "start": default_start(model)}
    options |= {"stories": load_stories(model)} | (QUICK if own == OPEN else {})
    return (random_twin(model) if name in TWINS else model), options


def remake(name: str) -> Path:
    """Measure what a card lacks, and put it where cards ship once it is whole."""
    part, target = (folder / f"{name}.card.json" for folder in (WORK, SHIPPED))
    model, options = measured(name)
    part.parent.mkdir(parents=True, exist_ok=True)
    if target.exists() and not part.exists():
        shutil.copy(target, part)
    if part.exists() and not same(model, options, part):
        part.unlink()
    card(model, path=part, **options)
    target.parent.mkdir(exist_ok=True)
    os.replace(part, target)
    return target


def same(model: Any, options: dict[str, Any], path: Path) -> bool:
    """Whether the card at `path` is one of this model, measured so."""
    try:
        card(model, path=path, **options | {"figures": [], "progress": False})
    except ValueError:
        return False
    return True


def main(arguments: Sequence[str] | None = None) -> None:
    """Remake some cards, or all that ship."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="some of " + ", ".join(NAMES))
    asked = parser.parse_args(arguments).names or list(NAMES)
    if strange := set(asked) - set(NAMES):
        parser.error(f"no card ships of {sorted(strange)}: choose from {list(NAMES)}")
    for name in tqdm(asked, unit="card"):
        print(remake(name))


if __name__ == "__main__":
    main()
