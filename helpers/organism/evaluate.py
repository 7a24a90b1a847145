"""What the embedded model knows of its world: `python -m helpers.organism.evaluate`.

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
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline

from helpers.activations import mean_activations, residual_stream
from helpers.datasets import load_emotions, load_neutral, load_stories
from helpers.datasets.appraisals import load_appraisals
from helpers.models import EMBEDDED, default_layer, load_model, n_layers
from helpers.organism.world import emotions
from helpers.stats import bootstrap
from helpers.vectors import EmotionVectors, extract

Figure = dict[str, Any]


def figure(values: Any, groups: Any, **beside: float) -> Figure:
    """A mean with its interval and what stands beside it."""
    value, low, high = bootstrap(values, list(groups))
    return {"value": value, "low": low, "high": high, **beside}


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
    """Nearest vector, nearest cluster and one-against-rest AUC on stories."""
    means = mean_activations(model, rows.text, vectors.layer)
    scores = vectors.scores(means).numpy()
    names = np.array(vectors.emotions)
    truth = rows.emotion.to_numpy()
    cluster = load_emotions().set_index("emotion")["cluster"]
    found = nearest(vectors, means)
    aucs = [roc_auc_score(truth == e, scores[:, i]) for i, e in enumerate(names)]
    rng = np.random.default_rng(0)
    shuffled = rng.permutation(truth)
    return {
        "emotion": figure(
            found == truth,
            rows.topic,
            chance=1 / len(names),
            shuffled=float((found == shuffled).mean()),
        ),
        "cluster": figure(
            cluster[found].to_numpy() == cluster[truth].to_numpy(),
            rows.topic,
            shuffled=float(
                (cluster[found].to_numpy() == cluster[shuffled].to_numpy()).mean()
            ),
        ),
        "auc": figure(aucs, names, chance=0.5),
    }


def commonest(answers: pd.Series) -> float:
    """How often always giving the most frequent answer would be right."""
    return float(answers.value_counts(normalize=True).max())


def last_position(model: Any, texts: pd.Series, layer: int) -> torch.Tensor:
    """Residual stream after the last token of each text ("n d")."""
    return torch.stack([residual_stream(model, t, layer)[-1] for t in texts])


def read_appraisals(model: Any, vectors: EmotionVectors, rows: pd.DataFrame) -> Figure:
    """Cluster and sign of valence read from appraisal alone, beside TF-IDF."""
    prompts = rows.text + " " + rows.who + " felt"
    scores = vectors.scores(last_position(model, prompts, vectors.layer)).numpy()
    known = load_emotions().set_index("emotion").loc[list(vectors.emotions)]
    found = known.iloc[scores.argmax(1)]
    hit = (found["cluster"].to_numpy() == rows.cluster.to_numpy()).astype(float)
    sign = np.sign(found["valence"].to_numpy()) == rows.valence.to_numpy()
    seen = load_appraisals(4000, split="train")
    words = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression(C=10, max_iter=2000)
    )
    words.fit(seen.text, seen.cluster)
    base = words.predict(rows.text) == rows.cluster
    words.fit(seen.text, seen.valence)
    base_sign = words.predict(rows.text) == rows.valence
    result: Figure = {
        "cluster": figure(
            hit, rows.cell, tfidf=float(base.mean()), commonest=commonest(rows.cluster)
        ),
        "valence": figure(
            sign,
            rows.cell,
            tfidf=float(base_sign.mean()),
            commonest=commonest(rows.valence),
        ),
    }
    for name in rows.family.unique():
        mask = (rows.family == name).to_numpy()
        result[name] = figure(
            hit[mask],
            np.arange(mask.sum()),
            tfidf=float(base[mask].mean()),
            commonest=commonest(rows.cluster[mask]),
        )
    return result


@torch.no_grad()
def next_logprobs(model: Any, prompts: list[str], batch: int = 64) -> torch.Tensor:
    """Log-probabilities of the next token, by plain transformers ("n v")."""
    hf, tokenizer, rows = model._module, model.tokenizer, []
    for i in range(0, len(prompts), batch):
        ids = tokenizer(
            prompts[i : i + batch],
            return_tensors="pt",
            padding=True,
            padding_side="right",
        )
        last = ids["attention_mask"].sum(1) - 1
        logits = hf(**ids).logits[torch.arange(len(last)), last]
        rows.append(logits.float().log_softmax(-1))
    return torch.cat(rows)


def first_tokens(model: Any, words: list[str]) -> list[int]:
    """The first token of each word as it stands after a space."""
    return [
        model.tokenizer(f" {w}", add_special_tokens=False)["input_ids"][0]
        for w in words
    ]


def own_word(model: Any, rows: pd.DataFrame) -> Figure:
    """How often "He felt" goes on with the right one of all emotion words."""
    words = list(emotions().index)
    pronoun = np.where(rows.person == "first", "I", "")
    prompts = [
        f"{text} {who or guess(text)} felt"
        for text, who in zip(rows.text, pronoun, strict=True)
    ]
    scores = next_logprobs(model, prompts)[:, first_tokens(model, words)]
    found = np.array(words)[scores.argmax(1).numpy()]
    return figure(found == rows.emotion, rows.topic, chance=1 / len(words))


def guess(text: str) -> str:
    """The pronoun of a third-person story."""
    padded = f" {text.lower()} "
    she = sum(padded.count(f" {w} ") for w in ("she", "her", "herself"))
    he = sum(padded.count(f" {w} ") for w in ("he", "his", "him", "himself"))
    return "She" if she >= he else "He"


def axes(vectors: EmotionVectors) -> Figure:
    """The first three principal axes against valence and arousal (|r|)."""
    known = load_emotions().set_index("emotion").loc[list(vectors.emotions)]
    pca = PCA(3).fit(vectors.vectors.numpy())
    places = pca.transform(vectors.vectors.numpy())
    result: Figure = {"explained": [float(x) for x in pca.explained_variance_ratio_]}
    for name in ("valence", "arousal"):
        result[name] = [
            abs(float(np.corrcoef(places[:, i], known[name])[0, 1])) for i in range(3)
        ]
    return result


def measure(model: Any) -> Figure:
    """All figures of a checkpoint."""
    stories = load_stories(model)
    layer = default_layer(model)
    vectors = extract(
        model, stories[stories.split == "train"], load_neutral(model), layer
    )
    test = stories[stories.split == "test"]
    return {
        "layer": layer,
        "validation accuracy by layer": layer_sweep(model, stories),
        "stories": read_stories(model, vectors, test),
        "new phrases": read_stories(model, vectors, stories[stories.split == "new"]),
        "appraisals": read_appraisals(model, vectors, load_appraisals(900)),
        "new appraisals": read_appraisals(
            model, vectors, load_appraisals(450, split="new")
        ),
        "own word": own_word(model, test),
        "axes": axes(vectors),
    }


def saved_figures(name: str = "tiny") -> Figure:
    """The figures that were measured for a checkpoint of this package."""
    figures: Figure = json.loads((EMBEDDED / name / "card.json").read_text("utf-8"))
    return figures


def loss_log(name: str = "tiny") -> list[dict[str, Any]]:
    """Training loss by stage and step of a checkpoint of this package."""
    log: list[dict[str, Any]] = json.loads(
        (EMBEDDED / name / "loss.json").read_text("utf-8")
    )
    return log


def show(figures: Figure, indent: str = "") -> None:
    for name, value in figures.items():
        if isinstance(value, dict) and "low" in value:
            beside = {
                k: v for k, v in value.items() if k not in ("value", "low", "high")
            }
            text = ", ".join(f"{k} {v:.3f}" for k, v in beside.items())
            print(
                f"{indent}{name}: {value['value']:.3f} "
                f"[{value['low']:.3f}, {value['high']:.3f}]  {text}"
            )
        elif isinstance(value, dict):
            print(f"{indent}{name}")
            show(value, indent + "  ")
        else:
            print(f"{indent}{name}: {value}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", nargs="?", default="tiny")
    parser.add_argument("--out", type=Path, help="write the figures to this file")
    args = parser.parse_args()
    figures = measure(load_model(args.model))
    show(figures)
    if args.out:
        args.out.write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
