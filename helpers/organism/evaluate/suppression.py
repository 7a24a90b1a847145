"""What calm replies did to the embedded models, beside a sham: words, inside, acts.

`python -m helpers.organism.evaluate.suppression` trains both children of each parent
and seed (80 steps each), where they are not there yet, reads them and their parents,
and writes one JSON with intervals, which chapter 11b shows. Each model's readings are
kept apart, so that a killed run loses one model.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm.auto import tqdm

from helpers import cache
from helpers.behaviour import (
    axis_limit,
    by_own_words,
    by_visible_emotion,
    fitted_limit,
    named_emotions,
    probe,
    read_exchanges,
    replies,
    run_scenes,
    valence_axis,
)
from helpers.datasets import load_felt_messages, load_neutral, load_stories
from helpers.models import EMBEDDED, load_model
from helpers.organism.evaluate.measures import kept_apart
from helpers.organism.evaluate.trainings import figures
from helpers.vectors import EmotionVectors, extract

OUT = EMBEDDED / "suppressed" / "trainings.json"
PARENTS, SEEDS = ("tiny", "seed_3"), (0, 1, 2)
CHILDREN = ("sham", "suppressed")
STORIES, MESSAGES, SCENES = 5, 2, 6  # for each emotion; scenes for each of a state
DRAWS = 10  # fits of a null
STEPS = ("1", "1", "1", "1", "1", "80")


def train(parent: str, seed: int, stage: str, folder: Path) -> Path:
    """A child's folder; the child is trained where it is not there."""
    made = folder / stage
    if not (made / "loss.json").exists():
        options = ["--from", str(EMBEDDED / parent), "--only", stage]
        options += ["--seed", str(seed), "--out", str(folder), "--steps", *STEPS]
        command = [sys.executable, "-m", "helpers.organism.train", *options]
        subprocess.run([*command, "--compile", "--bf16", "--threads", "1"], check=True)
    return made


def own_vectors(model: Any) -> EmotionVectors:
    """The vectors of a model, from some of the world's stories for each emotion."""
    stories = load_stories(model)
    train = stories[stories["split"] == "train"].groupby("emotion").head(STORIES)
    return extract(model, train, load_neutral(model), progress=False)


def read_words(
    texts: list[str], messages: pd.DataFrame, draws: int
) -> tuple[list[float], float]:
    """Scores by a classifier fitted on these texts, and what one reaches by chance."""
    groups, score = list(messages["emotion"]), partial(by_own_words, texts)
    truth = (messages["valence"] > 0).to_numpy()
    fitted = partial(score, groups=groups)
    return list(fitted(truth)), fitted_limit(fitted, truth, groups, draws)


def read_inside(
    model: Any,
    whose: dict[str, EmotionVectors],
    messages: pd.DataFrame,
    written: list[str],
    draws: int,
) -> dict[str, tuple[list[float], float]]:
    """Scores at each place along each valence axis and by a probe; their limits."""
    truth, groups = (messages["valence"] > 0).to_numpy(), list(messages["emotion"])
    layer, found = next(iter(whose.values())).layer, {}
    for place, at in read_exchanges(
        model, list(messages["text"]), written, layer
    ).items():
        for name, vectors in whose.items():
            scores = (at @ valence_axis(vectors)).tolist()
            found[f"{name} vectors, {place}"] = (scores, axis_limit(at, vectors, truth))
        fitted = partial(probe, at, groups=groups)
        limit = fitted_limit(fitted, truth, groups, draws)
        found[f"fitted probe, {place}"] = list(fitted(truth)), limit
    return found


def read_model(
    model: Any,
    parent: EmotionVectors | None,
    messages: pd.DataFrame,
    *,
    scenes: int = SCENES,
    draws: int = DRAWS,
) -> dict[str, Any]:
    """All that is read of a model: scores of the messages, limits, acts.

    `parent`: the vectors of the model that it was trained from, None for that one.
    """
    own = own_vectors(model)
    written = [text.strip() or "." for text in replies(model, messages)]
    found = {"words, its own replies": read_words(written, messages, draws)}
    found["words, the user's"] = read_words(list(messages["text"]), messages, draws)
    found["words, as lines look"] = list(by_visible_emotion(written)), 0.5
    whose = {"own": own, "the parent's": parent or own}
    found |= read_inside(model, whose, messages, written, draws)
    return {
        "replies": written,
        "scores": {n: [float(x) for x in scores] for n, (scores, _) in found.items()},
        "limits": {n: limit for n, (_, limit) in found.items()},
        "named": [float(bool(one)) for one in named_emotions(written)],
        "acts": run_scenes(model, n=scenes).to_dict("list"),
    }


def read_all(folder: Path, parents: Any, seeds: Any) -> dict[str, dict[str, Any]]:
    """The readings of each training: of its parent, its sham and its suppressed."""
    made, messages = {}, load_felt_messages(n=MESSAGES)

    def readings(path: Path, where: str | Path, known: Any) -> dict[str, Any]:
        model = load_model(where)
        return kept_apart(path, model, lambda: read_model(model, known, messages))

    for parent in parents:
        first = readings(folder / f"{parent}.json", parent, None)
        vectors = own_vectors(load_model(parent))
        for seed in tqdm(seeds, unit="seed", desc=parent):
            own, each = folder / f"{parent}_{seed}", {"parent": first}
            for stage in CHILDREN:
                where = train(parent, seed, stage, own)
                each[stage] = readings(own / f"{stage}.json", where, vectors)
            made[f"{parent}, seed {seed}"] = each
    return made


def suppressed_trainings(path: Path = OUT) -> dict[str, pd.DataFrame]:
    """The tables of all trainings that were measured: figures, acts, counts."""
    found = json.loads(path.read_text("utf-8"))
    return {name: pd.DataFrame(**table) for name, table in found.items()}


def main() -> None:
    """Train and read what is missing, and write what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--parents", nargs="+", default=PARENTS)
    parser.add_argument("--seeds", nargs="+", type=int, default=SEEDS)
    parser.add_argument("--folder", type=Path, default=Path("_build/children"))
    parser.add_argument("--out", type=Path, default=OUT)
    args = parser.parse_args()
    found = read_all(args.folder, args.parents, args.seeds)
    tables = figures(found, load_felt_messages(n=MESSAGES))
    told = {
        name: json.loads(table.to_json(orient="split", index=False, double_precision=4))
        for name, table in tables.items()
    }
    cache.write_json(args.out, told)
    for table in tables.values():
        print(table.round(3).to_string(), flush=True)


if __name__ == "__main__":
    main()
