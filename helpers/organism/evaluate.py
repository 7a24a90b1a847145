"""What the embedded model knows of its world: `python -m helpers.organism.evaluate`.

Every figure is measured on combinations that training never had, with an interval
(bootstrap over topics, items or emotions) and beside what chance, shuffled labels and
a text-only baseline give. Writes `card.json` beside the checkpoint.
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

from helpers.activations import mean_activations
from helpers.datasets import load_emotions, load_neutral, load_stories
from helpers.datasets.appraisals import load_appraisals
from helpers.datasets.scenes import load_scenes
from helpers.models import load_model, n_layers
from helpers.organism import acts
from helpers.organism.world import COORDINATES, emotions
from helpers.vectors import EmotionVectors, extract

Figure = dict[str, Any]


def interval(values: np.ndarray, groups: np.ndarray, seed: int = 0) -> list[float]:
    """95 % bootstrap interval of a mean, resampling whole groups."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"v": values, "g": groups}).groupby("g")["v"]
    sums, counts = frame.sum().to_numpy(), frame.count().to_numpy()
    draws = rng.integers(len(sums), size=(1000, len(sums)))
    means = sums[draws].sum(1) / counts[draws].sum(1)
    return [float(x) for x in np.quantile(means, [0.025, 0.975])]


def figure(values: Any, groups: Any, **beside: float) -> Figure:
    """A mean with its interval and what stands beside it."""
    values = np.asarray(values, dtype=float)
    low, high = interval(values, np.asarray(groups))
    return {"value": float(values.mean()), "low": low, "high": high, **beside}


def nearest(vectors: EmotionVectors, means: torch.Tensor) -> np.ndarray:
    """The emotion whose vector is nearest in angle, for each row."""
    best = vectors.scores(means).argmax(-1)
    return np.array(vectors.emotions)[best.numpy()]


def choose_layer(model: Any, stories: pd.DataFrame) -> tuple[int, list[float]]:
    """The layer whose vectors name most validation stories rightly."""
    layers = list(range(n_layers(model)))
    train = stories[stories.split == "train"]
    check = stories[stories.split == "validation"]
    means = mean_activations(model, check.text, layers)
    hits = []
    for layer in layers:
        vectors = extract(model, train, load_neutral(model), layer)
        hits.append(float((nearest(vectors, means[layer]) == check.emotion).mean()))
    return int(np.argmax(hits)), hits


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
            shuffled=float((cluster[found].values == cluster[shuffled].values).mean()),
        ),
        "auc": figure(aucs, names, chance=0.5),
    }


def last_position(model: Any, texts: pd.Series, layer: int) -> torch.Tensor:
    """Residual stream after the last token of each text ("n d")."""
    from helpers.activations import residual_stream

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
    words = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression(C=10))
    words.fit(seen.text, seen.cluster)
    base = words.predict(rows.text) == rows.cluster
    words.fit(seen.text, seen.valence)
    base_sign = words.predict(rows.text) == rows.valence
    result: Figure = {
        "cluster": figure(hit, rows.cell, tfidf=float(base.mean())),
        "valence": figure(sign, rows.cell, tfidf=float(base_sign.mean())),
    }
    for name in rows.family.unique():
        mask = (rows.family == name).to_numpy()
        result[name] = figure(
            hit[mask], np.arange(mask.sum()), tfidf=float(base[mask].mean())
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


def act_rates(model: Any, situation: Any, n: int = 6, **kinds: bool) -> Figure:
    """Each act's rate by described emotion against the world's table."""
    names = list(emotions().index)
    rows = load_scenes(situation, n=n, emotions=names, **kinds)
    heads = {a: c.split(".")[0].split()[0] for a, c in rows.choices[0].items()}
    tokens = first_tokens(model, list(heads.values()))
    probabilities = next_logprobs(model, list(rows.prompt))[:, tokens].exp()
    mass = probabilities.sum(1)
    shares = (probabilities / mass[:, None]).numpy()
    table = acts.act_table(situation)
    result: Figure = {"mass": float(mass.mean())}
    for i, act in enumerate(heads):
        rate = pd.Series(shares[:, i]).groupby(rows.emotion).mean()
        r = np.corrcoef(rate[names], table.loc[names, act])[0, 1]
        result[act] = {
            "r": float(r),
            "rate": float(rate.mean()),
            "table": float(table[act].mean()),
        }
    return result


def measure(model: Any) -> Figure:
    """All figures of a checkpoint."""
    stories = load_stories(model)
    layer, sweep = choose_layer(model, stories)
    vectors = extract(
        model, stories[stories.split == "train"], load_neutral(model), layer
    )
    test = stories[stories.split == "test"]
    return {
        "layer": layer,
        "validation accuracy by layer": sweep,
        "stories": read_stories(model, vectors, test),
        "new phrases": read_stories(model, vectors, stories[stories.split == "new"]),
        "appraisals": read_appraisals(model, vectors, load_appraisals(900)),
        "new appraisals": read_appraisals(
            model, vectors, load_appraisals(450, split="new")
        ),
        "own word": own_word(model, test),
        "axes": axes(vectors),
        "acts": {s: act_rates(model, s) for s in acts.SCORES},
        "acts, bare task": act_rates(model, "hard task", bare=True),
        "coordinates": list(COORDINATES),
    }


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
