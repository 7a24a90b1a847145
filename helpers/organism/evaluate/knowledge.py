"""What the embedded model knows of its world.

Run `python -m helpers.organism.evaluate.knowledge`.

Every figure is measured on combinations that training never had, with an interval
(bootstrap over topics, cells or emotions) and beside what chance, shuffled labels and
a text-only baseline give. `--out` keeps them as JSON, which the model card shows.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.decomposition import PCA
from sklearn.metrics import roc_auc_score

from helpers import cache
from helpers.activations import mean_activations
from helpers.behaviour import act_rates, agreement
from helpers.datasets import (
    ACTS,
    load_emotions,
    load_neutral,
    load_scenes,
    load_stories,
)
from helpers.models import EMBEDDED, default_layer, load_model, n_layers
from helpers.organism.evaluate.appraisal import (
    appraisal_vectors,
    read_appraisals,
    role_exchange,
)
from helpers.organism.evaluate.measures import Figure, beside, figure, likeliest
from helpers.stats import shuffled_labels
from helpers.vectors import EmotionVectors, extract, word_classifier
from helpers.world import act_table, emotions


def nearest(vectors: EmotionVectors, means: torch.Tensor) -> np.ndarray:
    """The emotion whose vector is nearest in angle, for each row."""
    best = vectors.scores(means).argmax(-1)
    return np.array(vectors.emotions)[best.numpy()]


def layer_sweep(model: Any, stories: pd.DataFrame) -> list[float]:
    """Share of validation stories that the vectors of each layer name rightly."""
    layers = list(range(n_layers(model)))
    train = stories[stories.split == "train"]
    check = stories[stories.split == "validation"]
    means = mean_activations(model, check.text, layers)
    mean_activations(model, train.text, layers)  # so that extract finds them cached
    hits = []
    for layer in layers:
        vectors = extract(model, train, load_neutral(model), layer)
        hits.append(float((nearest(vectors, means[layer]) == check.emotion).mean()))
    return hits


def read_stories(model: Any, vectors: EmotionVectors, rows: pd.DataFrame) -> Figure:
    """Nearest vector, nearest cluster and one-against-rest AUC on stories.

    Beside them chance, vectors of shuffled labels, and a text-only baseline (TF-IDF
    with a linear classifier, trained on the stories that the vectors come from).
    """
    means = mean_activations(model, rows.text, vectors.layer)
    scores = vectors.scores(means).numpy()
    names, truth = np.array(vectors.emotions), rows.emotion.to_numpy()
    cluster = load_emotions().set_index("emotion")["cluster"]
    train = load_stories(model).query("split == 'train'")
    words = word_classifier().fit(train.text, train.emotion).predict(rows.text)
    dealt = shuffled_labels(list(train.emotion), list(train.topic))
    mixed = train.assign(emotion=dealt)
    other = extract(model, mixed, load_neutral(model), vectors.layer)
    guesses = {"": nearest(vectors, means), "tfidf": words}
    guesses["shuffled"] = nearest(other, means)
    hits = {k: g == truth for k, g in guesses.items()}
    near = {
        k: cluster[g].to_numpy() == cluster[truth].to_numpy()
        for k, g in guesses.items()
    }
    aucs = [roc_auc_score(truth == e, scores[:, i]) for i, e in enumerate(names)]
    return {
        "emotion": beside(hits, rows.topic, chance=1 / len(names)),
        "cluster": beside(near, rows.topic),
        "auc": figure(aucs, names, chance=0.5),
    }


def own_word(model: Any, rows: pd.DataFrame) -> Figure:
    """How often "He felt" goes on with the right one of all emotion words."""
    words = list(emotions().index)
    pronoun = np.where(rows.person == "first", "I", "")
    prompts = [
        f"{text} {who or guess(text)} felt"
        for text, who in zip(rows.text, pronoun, strict=True)
    ]
    found = np.array(likeliest(model, prompts, words))
    return figure(found == rows.emotion, rows.topic, chance=1 / len(words))


def guess(text: str) -> str:
    """The pronoun of a third-person story."""
    padded = f" {text.lower()} "
    she = sum(padded.count(f" {w} ") for w in ("she", "her", "herself"))
    he = sum(padded.count(f" {w} ") for w in ("he", "his", "him", "himself"))
    return "She" if she >= he else "He"


def follow_table(model: Any, n: int = 6) -> Figure:
    """Does each act's rate by emotion follow the world's table, on held-out scenes?

    r over the emotions with a bootstrap interval over them; beside it the r that 95 %
    of reorderings stay below, the probability that is left on the acts, and, on kinds
    of task that training never showed with a feeling, r again.
    """
    result: Figure = {}
    for situation, acts in ACTS.items():
        result |= follow(model, situation, acts, n=n, bare=False)
    for situation, act in (("hard task", "cheat"), ("easy task", "solve")):
        found = follow(model, situation, (act,), n=n, bare=True)
        for name, it in found.items():
            result[name.replace(":", ", never met with a feeling:")] = it
    return result


def follow(
    model: Any, situation: str, acts: tuple[str, ...], *, n: int, bare: bool
) -> Figure:
    """The agreement of acts of one situation with the world's table."""
    names = list(emotions().index)
    scenes = load_scenes(situation, n=n, emotions=names, bare=bare)  # type: ignore[arg-type]
    rates = act_rates(model, scenes).groupby(scenes["emotion"]).mean().loc[names]
    truth, mass = act_table(situation).loc[names], float(rates["mass"].mean())
    return {
        f"{situation}: {act}": {**agreement(rates[act], truth[act]), "mass": mass}
        for act in acts
    }


def axes(vectors: EmotionVectors) -> Figure:
    """The first three principal axes against valence and arousal (|r|)."""
    known = load_emotions().set_index("emotion").loc[list(vectors.emotions)]
    pca = PCA(3).fit(vectors.vectors.numpy())
    places = pca.transform(vectors.vectors.numpy())
    result: Figure = {"explained": [float(x) for x in pca.explained_variance_ratio_]}
    for name in ("valence", "arousal"):
        r = np.corrcoef(places.T, known[name])[3, :3]
        first = int(np.abs(r).argmax())
        result[name] = np.abs(r).tolist()
        along = np.sign(r[first]) * places[:, first]
        result[f"{name}, best axis"] = agreement(along, known[name])
        mixed = np.random.default_rng(0).permuted(
            np.tile(known[name].to_numpy(float), (200, 1)), axis=1
        )
        best = [max(abs(np.corrcoef(places.T, m)[3, :3])) for m in mixed]
        result[f"{name} shuffled, best of three, 95th percentile"] = float(
            np.quantile(best, 0.95)
        )
    return result


def measure(model: Any) -> Figure:
    """All figures of a checkpoint."""
    stories = load_stories(model)
    layer = default_layer(model)
    vectors = extract(
        model, stories[stories.split == "train"], load_neutral(model), layer
    )
    test = stories[stories.split == "test"]
    felt = appraisal_vectors(model, stories[stories.split == "train"])
    return {
        "layer": layer,
        "validation accuracy by layer": layer_sweep(model, stories),
        "stories": read_stories(model, vectors, test),
        "new phrases": read_stories(model, vectors, stories[stories.split == "new"]),
        "appraisal layer": felt.layer,
        "appraisals": read_appraisals(model, felt),
        "new appraisals": read_appraisals(model, felt, "new", 450),
        "role exchange": role_exchange(model, felt),
        "own word": own_word(model, test),
        "axes": axes(vectors),
        "acts": follow_table(model),
    }


def saved_figures(name: str = "tiny", of: str = "card") -> Figure:
    """The figures that were measured for a checkpoint of this package.

    `of`: "card" for those of this module, "steering" for `evaluate_steering`.
    """
    figures: Figure = json.loads((EMBEDDED / name / f"{of}.json").read_text("utf-8"))
    return figures


def saved_seeds(name: str = "tiny") -> dict[str, Figure]:
    """The figures of trainings from other seeds that were measured, by seed."""
    paths = sorted((EMBEDDED / name).glob("card_seed_*.json"))
    return {p.stem.removeprefix("card_"): saved_figures(name, p.stem) for p in paths}


def main_figures(figures: Figure) -> dict[str, Figure]:
    """The figures that trainings from other seeds should repeat, by name."""
    asked = {
        "stories": ("emotion", "cluster", "auc"),
        "appraisals": ("cluster", "valence", "own word cluster", "own word valence"),
        "role exchange": ("vectors", "own word"),
        "axes": ("valence, best axis", "arousal, best axis"),
        "acts": tuple(figures["acts"]),
    }
    found = {f"{of}: {n}": figures[of][n] for of, names in asked.items() for n in names}
    return {**found, "own word": figures["own word"]}


def loss_log(name: str = "tiny") -> list[dict[str, Any]]:
    """Training loss by stage and step of a checkpoint of this package."""
    log: list[dict[str, Any]] = json.loads(
        (EMBEDDED / name / "loss.json").read_text("utf-8")
    )
    return log


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", nargs="?", default="tiny")
    parser.add_argument("--out", type=Path, help="write the figures to this file")
    args = parser.parse_args()
    figures = measure(load_model(args.model))
    print(json.dumps(figures, indent=1))
    if args.out:
        cache.write_json(args.out, figures, indent=1)


if __name__ == "__main__":
    main()
