"""What suppression did, for some checkpoints: words, inside, acts, steering.

`python -m helpers.organism.evaluate.suppression FOLDER ...` measures folders that each
hold the checkpoints `tiny` and `suppressed` of one training seed (or that are such a
`suppressed` folder with `tiny` beside it), and writes one JSON with intervals, which
chapter 11 shows.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import pandas as pd

from helpers.behaviour import (
    compare,
    measure_inside,
    measure_steering,
    measure_words,
    replies,
    run_scenes,
    state_gaps,
    summarize,
)
from helpers.datasets import load_felt_messages, load_neutral, load_stories
from helpers.models import EMBEDDED, load_model
from helpers.vectors import EmotionVectors, extract

OUT = EMBEDDED / "suppressed" / "seeds.json"


def pair_of(folder: Path) -> tuple[Path, Path]:
    """The folders of a parent and its suppressed child.

    Raises FileNotFoundError if one of them holds no model.
    """
    root = folder.parent if folder.name == "suppressed" else folder
    pair = root / "tiny", root / "suppressed"
    for one in pair:
        if not (one / "config.json").exists():
            raise FileNotFoundError(
                f"no model in {one}: give folders with `tiny` and `suppressed` in them"
            )
    return pair


def own_vectors(model: Any) -> EmotionVectors:
    """The story vectors of a model."""
    stories = load_stories(model)
    return extract(
        model, stories[stories.split == "train"], load_neutral(model), progress=False
    )


def measure_pair(
    parent: Any, child: Any, *, n: int = 6, messages: int = 2
) -> dict[str, list[dict[str, Any]]]:
    """All tables of one pair, each row marked with the model it is of.

    `n` act scenes for each emotion of a state, `messages` for each emotion.
    """
    said = load_felt_messages(n=messages)
    vectors = {"tiny": own_vectors(parent), "suppressed": own_vectors(child)}
    tables: dict[str, list[pd.DataFrame]] = {k: [] for k in ("words", "inside", "acts")}
    tables |= {"gaps": [], "steering": []}
    runs = {}
    for name, model in (("tiny", parent), ("suppressed", child)):
        own = vectors[name]
        runs[name] = run_scenes(model, n=n)
        found = {
            "words": measure_words(replies(model, said), said),
            "inside": measure_inside(model, own, vectors["tiny"], said),
            "acts": summarize(runs[name]),
            "gaps": state_gaps(runs[name]),
            "steering": measure_steering(model, own),
        }
        for part, table in found.items():
            tables[part].append(table.assign(model=name))
    made = {k: pd.concat(v, ignore_index=True) for k, v in tables.items()}
    made["same acts"] = compare(runs["tiny"], runs["suppressed"])
    return {k: json.loads(v.to_json(orient="records")) for k, v in made.items()}


def suppressed_seeds(path: Path = OUT) -> dict[str, dict[str, pd.DataFrame]]:
    """The tables of every seed that was measured; empty if there are none."""
    if not path.exists():
        return {}
    found = json.loads(path.read_text("utf-8"))
    return {
        seed: {part: pd.DataFrame(rows) for part, rows in tables.items()}
        for seed, tables in found.items()
    }


def main() -> None:
    """Measure folders and write what was found; a seed that is there is replaced."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument(
        "--names", nargs="+", help="a name for each (seed 0, seed 1 ...)"
    )
    args = parser.parse_args()
    names = args.names or [f"seed {i}" for i in range(len(args.folders))]
    if len(names) != len(args.folders):
        parser.error(f"{len(names)} names for {len(args.folders)} folders")
    done = json.loads(args.out.read_text("utf-8")) if args.out.exists() else {}
    for name, folder in zip(names, args.folders, strict=True):
        parent, child = (load_model(path) for path in pair_of(folder))
        done[name] = measure_pair(parent, child)
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(json.dumps(done, indent=1))
        for part, rows in done[name].items():
            print(
                f"{name}: {part}\n{pd.DataFrame(rows).round(3).to_string()}\n",
                flush=True,
            )


if __name__ == "__main__":
    main()
