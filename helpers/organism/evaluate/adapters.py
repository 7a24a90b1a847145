"""What calm replies did to the open model, beside a sham: words, inside, general loss.

`python -m helpers.organism.evaluate.adapters` reads `smollm2`, its sham and its calm
adapter on the messages that no training saw, and writes one JSON with intervals over
situations. Each model's readings are kept apart, so that a killed run loses one model.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from jaxtyping import Bool, Float
from sklearn.metrics import roc_auc_score
from tqdm.auto import tqdm

from helpers import cache
from helpers.behaviour import (
    axis_limit,
    by_own_words,
    probe,
    read_exchanges,
    valence_axis,
)
from helpers.datasets import (
    load_emotions,
    load_neutral,
    load_replies,
    load_written_stories,
)
from helpers.models import ADAPTERS, chat_prompt, load_model
from helpers.organism.evaluate.measures import kept_apart
from helpers.organism.evaluate.trainings import (
    Measure,
    Reading,
    estimates,
    of_score,
    share,
)
from helpers.steering import generate, surprise
from helpers.vectors import EmotionVectors, extract

MODELS = ("smollm2", "smollm2-sham", "smollm2-calm")
PAIRS = tuple((MODELS[i], MODELS[j]) for i, j in ((2, 1), (2, 0), (1, 0)))
OUT = ADAPTERS / "measured.json"
TOKENS, WARM = 32, 0.7  # of a reply, and its temperature
EACH, NORMED = 12, 10  # each 12th emotion has own vectors; texts that give a norm
APART, N_TEXTS = 60, 24  # of each 60th emotion stories, and so many texts, for the loss
DRAWS = 20  # of a null
COLUMNS = ["part", "measure", "model", "value", "low", "high", "control"]

Rows = pd.DataFrame


class Task(NamedTuple):
    """What is to be told of which messages, and the situations that they are of."""

    chosen: Bool[np.ndarray, " n"]
    truth: Bool[np.ndarray, " k"]
    groups: np.ndarray


def tasks(rows: Rows) -> dict[str, Task]:
    """Joy against distress and anger; any emotion against plain need."""
    moved, all_of = (rows["kind"] != "need").to_numpy(), np.ones(len(rows), bool)
    joy, groups = (rows["kind"] == "joy").to_numpy(), rows["situation"].to_numpy()
    return {
        "pleasant": Task(moved, joy[moved], groups[moved]),
        "moved": Task(all_of, moved, groups),
    }


def own_vectors(model: Any) -> EmotionVectors:
    """Vectors of each EACH-th emotion, from written stories of the train topics."""
    stories, some = load_written_stories(), load_emotions()["emotion"][::EACH]
    chosen = stories[(stories.split == "train") & stories.emotion.isin(some)]
    neutral = load_neutral(model)[:NORMED]
    return extract(model, chosen, neutral, denoise=None, progress=False)


def write(model: Any, rows: Rows) -> list[str]:
    """A reply to each message, drawn from seeds of their own."""
    prompts = [chat_prompt(model, text) for text in rows["message"]]
    options: dict[str, Any] = {"temperature": WARM, "max_new_tokens": TOKENS}
    written = generate(model, prompts, seed=0, progress=False, **options)
    return [text.strip() or "." for text in written]


def some_stories() -> Rows:
    """The stories of the general loss: of each topic as many."""
    stories = load_written_stories()
    return stories[stories.emotion.isin(load_emotions()["emotion"][::APART])]


def nats(model: Any, rows: Rows) -> dict[str, list[float]]:
    """Nats a token: of stories and neutral texts, and of both replies to messages."""
    prompts = [chat_prompt(model, text) for text in rows["message"]]
    given: dict[str, Any] = {
        "stories": some_stories()["text"],
        "neutral": load_neutral(model),
    }
    found = {}
    for name, texts in given.items():
        cut = [text.partition(" ") for text in list(texts)[:N_TEXTS]]
        first, rest = [one for one, _, _ in cut], [f" {other}" for *_, other in cut]
        found[name] = surprise(model, first, rest)
    for name, column in {"calm replies": "calm", "its own replies": "own"}.items():
        found[name] = surprise(model, prompts, list(rows[column]))
    return {name: [float(x) for x in each] for name, each in found.items()}


def fitted(
    score: Callable[[Any, Any], Any], task: Task
) -> tuple[Float[np.ndarray, " k"], float]:
    """Scores that a classifier gives, and what it reaches with shuffled labels.

    That is the 95th percentile of the AUC over DRAWS shufflings.
    """
    rng, found = np.random.default_rng(0), []
    for _ in range(DRAWS):
        mixed = rng.permutation(task.truth)
        found.append(roc_auc_score(mixed, score(mixed, task.groups)))
    return score(task.truth, task.groups), float(np.quantile(found, 0.95))


def measure_model(model: Any, parent: EmotionVectors, rows: Rows) -> dict[str, Any]:
    """What a model wrote, its scores by measure, what a null reaches, and its loss."""
    written, own = write(model, rows), own_vectors(model)
    known, made = tasks(rows), {}
    for name, task in known.items():
        texts = list(np.array(written)[task.chosen])
        made[f"words: {name}"] = fitted(partial(by_own_words, texts), task)
    for place, at in read_exchanges(
        model, list(rows["message"]), written, parent.layer
    ).items():
        for name, task in known.items():
            here = at[torch.tensor(task.chosen)]
            found = fitted(partial(probe, here), task)
            made[f"inside, fitted probe, {place}: {name}"] = found
        here, task = at[torch.tensor(known["pleasant"].chosen)], known["pleasant"]
        for whose, vectors in {"own": own, "the parent's": parent}.items():
            scores = (here @ valence_axis(vectors)).numpy()
            limit = axis_limit(here, vectors, task.truth, DRAWS)
            made[f"inside, {whose} vectors, {place}: pleasant"] = scores, limit
    return {
        "replies": written,
        "scores": {n: [float(x) for x in scores] for n, (scores, _) in made.items()},
        "limits": {n: limit for n, (_, limit) in made.items()},
        "nats": nats(model, rows),
    }


def of_scores(reading: Reading, rows: Rows) -> Iterator[tuple[str, Measure]]:
    """The measures of words and inside, by name."""
    known = tasks(rows)
    for name in reading["scores"]:
        _, truth, groups = known[name.rpartition(" ")[2]]
        yield name, of_score(name, truth, list(groups))


def of_nats(rows: Rows) -> Iterator[tuple[str, Measure]]:
    """Nats a token, by what is read."""
    situations = list(rows["situation"])
    kinds: dict[str, list[Any]] = {
        "calm replies": situations,
        "its own replies": situations,
        "stories": list(some_stories()["topic"])[:N_TEXTS],
        "neutral": list(range(N_TEXTS)),
    }
    for kind, groups in kinds.items():
        mean = partial(lambda k, reading, kept: share(k, reading["nats"], kept), kind)
        yield kind, Measure(mean, groups, lambda reading: None)


def table(
    found: dict[str, Reading], part: str, measures: Iterable[tuple[str, Measure]]
) -> list[tuple[Any, ...]]:
    """Each measure of each model, and the paired differences of models."""
    return [
        (part, *row[:-1])
        for name, measure in measures
        for row in estimates(found, name, measure, PAIRS)
    ]


def readings(name: str, rows: Rows, states: Path) -> dict[str, Any]:
    """A model's readings, with the vectors of the first model beside its own."""
    model = load_model(name)

    def read() -> dict[str, Any]:
        parent = model if name == MODELS[0] else load_model(MODELS[0])
        return measure_model(model, own_vectors(parent), rows)

    return kept_apart(states / f"{name}.json", model, read)


def adapter_figures(path: Path = OUT) -> dict[str, pd.DataFrame]:
    """What was found: `figures`, and `replies` (a row a message, a column a model)."""
    found = json.loads(path.read_text("utf-8"))
    replies = pd.DataFrame(found["replies"], index=found["ids"])
    return {"figures": pd.DataFrame(found["figures"]), "replies": replies}


def main() -> None:
    """Measure the three models and write what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--states", type=Path, default=Path("_build/adapters"))
    parser.add_argument("--models", nargs="+", default=MODELS, choices=MODELS)
    args = parser.parse_args()
    rows = load_replies()
    rows = rows[rows["split"] == "test"].reset_index(drop=True)
    bar = tqdm(args.models, unit="model")
    found = {name: readings(name, rows, args.states) for name in bar}
    if set(found) < set(MODELS):
        return
    lines = table(found, "auc", of_scores(found[MODELS[0]], rows))
    lines += table(found, "nats a token", of_nats(rows))
    figures = pd.DataFrame(lines, columns=COLUMNS)
    made = {
        "ids": list(rows["id"]),
        "replies": {name: found[name]["replies"] for name in MODELS},
        "figures": json.loads(figures.to_json(orient="records")),
    }
    cache.write_json(args.out, made, indent=1, ensure_ascii=False)
    print(figures.round(3).to_string(), flush=True)


if __name__ == "__main__":
    main()
