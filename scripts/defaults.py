"""Where a model is read and pushed best, chosen on topics that are held out.

`python -m scripts.defaults smollm2` reads the written stories once, all layers and all
starts pooled in one pass, and writes the evidence where the model's tier looks for its
layer and its start. Each topic is held out in turn: layer and start are chosen on the
other seven, and told on it. A run that is killed goes on where it stopped.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from tqdm.auto import tqdm

from helpers import cache
from helpers.activations import means_by_start, residual_norm
from helpers.datasets import load_openings, load_written_stories
from helpers.models import (
    evidence_file,
    load_model,
    load_neutral,
    n_layers,
)
from helpers.stats import bootstrap
from helpers.steering import next_logprobs
from helpers.vectors import (
    difference_of_means,
    held_out_topics,
    mean_of_means,
    named_right,
    nearest,
    readers,
    word_tokens,
)

STARTS = tuple(range(0, 61, 10))
PUSHED = 40  # emotion words whose first token is watched
STRENGTH = 0.1


def depths(model: Any) -> list[int]:
    """Every second layer, but for the first and the last fifth or so."""
    return list(range(n_layers(model) // 4, n_layers(model) - 2, 2))


def read_topics(model: Any, stories: Any) -> Float[Tensor, "c l t e d"]:
    """The readings of the written stories by topic and emotion, a topic at a time."""
    parts = []
    for _, some in tqdm(stories.groupby("topic", sort=False), unit="topic"):
        texts = list(some.sort_values("emotion")["text"])
        means = means_by_start(model, texts, depths(model), STARTS, progress=False)
        parts.append(means.transpose(0, 1))
    return torch.stack(parts, dim=2)


def read_by(kind: str) -> Any:
    """A reader for `named_right`, by `readers` of this kind."""

    def reader(rows: Any, labels: Sequence[str], asked: Any) -> list[str]:
        vectors, names = difference_of_means(rows, labels)
        scores = asked - mean_of_means(rows, labels)
        found = scores @ readers(rows, labels, vectors, kind).T
        return [names[i] for i in found.argmax(1).tolist()]

    return reader


def choose_reading(read: Float[Tensor, "c l t e d"]) -> dict[str, Any]:
    """Layer and start for all topics, and what such a choice gives on another one."""
    n_starts, n_layers_, n_topics, n_emotions, _ = read.shape
    topics = [t for t in range(n_topics) for _ in range(n_emotions)]
    labels = [str(e) for _ in range(n_topics) for e in range(n_emotions)]
    cells = [(i, j) for i in range(n_starts) for j in range(n_layers_)]
    pooled = {cell: read[cell].flatten(0, 1) for cell in cells}

    def right(cell: tuple[int, int], reader: Any = nearest) -> list[float]:
        found = named_right(pooled[cell], labels, topics, reader=reader)
        return list(found.reshape(n_topics, n_emotions).mean(1))

    table = {cell: right(cell) for cell in cells}
    _, told = held_out_topics(pooled, labels, topics, progress=False)
    cell = max(cells, key=lambda c: sum(table[c]))
    rulers = {kind: interval(right(cell, read_by(kind))) for kind in ("spread", "lda")}
    return {
        "start": STARTS[cell[0]],
        "layer": cell[1],
        "held out": interval(list(told["right"])),
        "readers there": {"direction": interval(table[cell])} | rulers,
        "right by start and layer": [
            [round(sum(table[i, j]) / n_topics, 4) for j in range(n_layers_)]
            for i in range(n_starts)
        ],
    }


def interval(values: Sequence[float]) -> dict[str, Any]:
    """A mean over topics, with its interval."""
    found = bootstrap(values, list(range(len(values))))
    return {
        "value": found.value,
        "low": found.low,
        "high": found.high,
        "n": len(values),
    }


def choose_push(model: Any, read: Float[Tensor, "l t e d"], names: Any) -> Any:
    """By layer, how far a push raises the first token of its own word above others'.

    Vectors are those of all topics; openings are of the validation's, and, for the
    layer that is chosen there, of the test's.
    """
    tokens = word_tokens(model, names)
    step = np.linspace(0, len(tokens) - 1, min(PUSHED, len(tokens)))
    words = [list(tokens)[int(i)] for i in step]
    own = torch.tensor([tokens[word] for word in words])
    rows = torch.tensor([list(names).index(word) for word in words])
    prompts = {s: list(load_openings(s, n=1)["prompt"]) for s in ("validation", "test")}
    neutral, layers = load_neutral(model)[:20], depths(model)
    plain = {
        split: next_logprobs(model, some, own.expand(len(some), -1))[:, None]
        for split, some in prompts.items()
    }

    def rise(i: int, split: str) -> Tensor:
        means = read[i].mean(0)
        vectors = (means - means.mean(0))[rows]
        texts = [p for p in prompts[split] for _ in words]
        wanted = own.expand(len(texts), -1)
        push: dict[str, Any] = {"layer": layers[i], "strength": STRENGTH}
        push["vector"] = vectors.repeat(len(prompts[split]), 1)
        push["norm"] = residual_norm(model, neutral, layers[i])
        moved = next_logprobs(model, texts, wanted, **push)
        each = moved.view(-1, len(words), len(words)) - plain[split]
        mean = each.mean(0)
        mine = mean.diagonal()
        return mine - (mean.sum(-1) - mine) / (len(words) - 1)

    found = [float(rise(i, "validation").mean()) for i in tqdm(range(len(layers)))]
    best = int(np.argmax(found))
    told = interval(rise(best, "test").tolist())
    return {
        "layer": layers[best],
        "strength": STRENGTH,
        "rise by layer (nats)": [round(x, 4) for x in found],
        "on other openings": told,
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure a model and write the evidence."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", nargs="?", default="smollm2")
    parser.add_argument("--out", type=Path, help="where the evidence goes")
    args = parser.parse_args(arguments)
    model, stories = load_model(args.model), load_written_stories()
    read = read_topics(model, stories)
    about, names = choose_reading(read), sorted(set(stories["emotion"]))
    about |= {"layer": depths(model)[about["layer"]], "layers": depths(model)}
    about |= {"starts": STARTS, "stories": len(stories)}
    out = args.out or evidence_file(args.model)
    write(about, out)
    about["push"] = choose_push(model, read[STARTS.index(about["start"])], names)
    write(about, out)


def write(about: dict[str, Any], out: Path) -> None:
    """Write the evidence, and tell it."""
    cache.write_json(out, about, indent=1)
    print(json.dumps(about, indent=1))


if __name__ == "__main__":
    main()
