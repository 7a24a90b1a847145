"""What the embedded model knows of its world: `python -m helpers.organism.evaluate`.

Every figure is measured on combinations that training never had, with an interval
(bootstrap over topics, cells or emotions) and beside what chance, shuffled labels and
a text-only baseline give. `--out` keeps them as JSON, which the model card shows.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from helpers.activations import mean_activations
from helpers.datasets import load_emotions, load_neutral, load_stories
from helpers.datasets.appraisals import load_appraisals, load_exchanges
from helpers.datasets.scenes import ACTS, load_scenes
from helpers.models import EMBEDDED, default_layer, load_model, n_layers
from helpers.organism.acts import act_table
from helpers.organism.world import emotions
from helpers.stats import bootstrap, shuffled_labels
from helpers.steering import choice_logprobs
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
    """Nearest vector, nearest cluster and one-against-rest AUC on stories.

    Beside them chance, vectors of shuffled labels, and a text-only baseline (TF-IDF
    with a linear classifier, trained on the stories that the vectors come from).
    """
    means = mean_activations(model, rows.text, vectors.layer)
    scores = vectors.scores(means).numpy()
    names, truth = np.array(vectors.emotions), rows.emotion.to_numpy()
    cluster = load_emotions().set_index("emotion")["cluster"]
    train = load_stories(model).query("split == 'train'")
    words = text_only().fit(train.text, train.emotion).predict(rows.text)
    mixed = train.assign(emotion=shuffled_labels(list(train.emotion)))
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


def beside(hits: dict[str, np.ndarray], groups: Any, **more: float) -> Figure:
    """The share right with its interval, and the shares of the controls."""
    others = {k: float(v.mean()) for k, v in hits.items() if k}
    return figure(hits[""], groups, **more, **others)


def text_only() -> Any:
    """Word counts and nothing else: the baseline that needs no model."""
    return make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
        LinearSVC(),
    )


@torch.no_grad()
def last_position(model: Any, texts: pd.Series, layer: int) -> torch.Tensor:
    """Residual stream after the last token of each text ("n d")."""
    return torch.cat(
        [
            states[layer + 1]
            for states in last_states(model, list(texts), output_hidden_states=True)
        ]
    )


def asking(rows: pd.DataFrame) -> pd.Series:
    """The texts up to the place where the feeling would be named."""
    return rows.text + " " + rows.who + " felt"


def at_felt(
    model: Any, vectors: EmotionVectors, seen: pd.DataFrame, rows: pd.DataFrame
) -> np.ndarray:
    """The nearest vector at "... felt", centered on the mean of other such texts."""
    middle = last_position(model, asking(seen), vectors.layer).mean(0)
    at = last_position(model, asking(rows), vectors.layer) - middle
    return np.array(vectors.emotions)[(at @ vectors.unit.T).argmax(1).numpy()]


def appraisal_vectors(model: Any, stories: pd.DataFrame) -> EmotionVectors:
    """The story vectors of the layer that reads known appraisal stories best."""
    seen = load_appraisals(600, split="train")
    cluster = load_emotions().set_index("emotion")["cluster"]
    every = [
        extract(model, stories, load_neutral(model), i) for i in range(n_layers(model))
    ]
    found = [at_felt(model, v, seen[:300], seen[300:]) for v in every]
    right = [within(cluster[f], seen.clusters[300:]).mean() for f in found]
    return every[int(np.argmax(right))]


def read_appraisals(
    model: Any, vectors: EmotionVectors, split: str = "test", n: int = 900
) -> Figure:
    """Cluster and sign of valence read from appraisal alone, beside TF-IDF.

    Read twice: by the story vectors at "... felt", and from the word that the model
    finds likeliest there.
    """
    seen = load_appraisals(3000, split="train")
    rows = load_appraisals(n, split=split)  # type: ignore[arg-type]
    known = load_emotions().set_index("emotion").loc[list(vectors.emotions)]
    found = known.loc[at_felt(model, vectors, seen.head(300), rows)]
    spoken = known.loc[likeliest(model, list(asking(rows)), list(known.index))]
    rng = np.random.default_rng(0)
    drawn = [c[rng.integers(len(c))] for c in seen.clusters]
    words = text_only().fit(asking(seen), drawn).predict(asking(rows))
    signs = text_only().fit(asking(seen), seen.valence).predict(asking(rows))
    hits = {
        "": within(found["cluster"], rows.clusters),
        "own word": within(spoken["cluster"], rows.clusters),
        "tfidf": within(words, rows.clusters),
        "commonest": within([pd.Series(drawn).mode()[0]] * len(rows), rows.clusters),
    }
    sides = {
        "": np.sign(found["valence"].to_numpy()) == rows.valence.to_numpy(),
        "own word": np.sign(spoken["valence"].to_numpy()) == rows.valence.to_numpy(),
        "tfidf": signs == rows.valence.to_numpy(),
        "commonest": seen.valence.mode()[0] == rows.valence.to_numpy(),
    }
    result: Figure = {
        "cluster": beside(hits, rows.cell),
        "valence": beside(sides, rows.cell),
        "own word cluster": figure(hits["own word"], rows.cell),
        "own word valence": figure(sides["own word"], rows.cell),
    }
    for name in rows.family.unique():
        mask = (rows.family == name).to_numpy()
        part = {k: h[mask] for k, h in hits.items()}
        result[f"{name} cluster"] = beside(part, np.arange(mask.sum()))
        part = {k: h[mask] for k, h in sides.items()}
        result[f"{name} valence"] = beside(part, np.arange(mask.sum()))
    return result


def within(found: Any, allowed: pd.Series) -> np.ndarray:
    """Whether each cluster found is one of those that fit."""
    return np.array([f in a for f, a in zip(found, allowed, strict=True)])


def role_exchange(model: Any, vectors: EmotionVectors, n: int = 200) -> Figure:
    """Does the feeling move when the same deed is asked of the other person?

    Both texts of a pair hold the same words but for the last name. Right when the
    doer's emotions score higher, against the target's, for the doer than for the
    target. Chance, and whatever only counts words, is a half.
    """
    pairs = load_exchanges(n)
    gaps = []
    for side in ("doer", "target"):
        at = last_position(model, pairs[f"{side}_text"], vectors.layer)
        scores = at @ vectors.unit.T
        gaps.append(
            [
                float(
                    score[places(vectors, d)].mean() - score[places(vectors, t)].mean()
                )
                for score, d, t in zip(
                    scores, pairs.doer_emotions, pairs.target_emotions, strict=True
                )
            ]
        )
    right = np.array(gaps[0]) > np.array(gaps[1])
    return {
        "vectors": figure(right, pairs.act, chance=0.5),
        "own word": figure(exchanged_words(model, pairs), pairs.act, chance=0.5),
    }


def exchanged_words(model: Any, pairs: pd.DataFrame) -> np.ndarray:
    """The same, by the probabilities of the words after "felt"."""
    names = list(emotions().index)
    gaps = []
    for side in ("doer", "target"):
        found = next_logprobs(model, list(pairs[f"{side}_text"]))
        found = found[:, first_tokens(model, names)].exp()
        columns = [
            [[names.index(e) for e in row] for row in pairs[f"{who}_emotions"]]
            for who in ("doer", "target")
        ]
        gaps.append(
            [
                float(p[d].sum().log() - p[t].sum().log())
                for p, d, t in zip(found, *columns, strict=True)
            ]
        )
    return np.array(gaps[0]) > np.array(gaps[1])


def places(vectors: EmotionVectors, emotions: tuple[str, ...]) -> list[int]:
    """Rows of a set of vectors."""
    return [vectors.emotions.index(e) for e in emotions]


def last_states(
    model: Any, texts: list[str], batch: int = 64, **options: Any
) -> Iterator[Any]:
    """Hidden states at the last token by plain transformers, batch by batch.

    The final one alone, or all of them with `output_hidden_states`.
    """
    for i in range(0, len(texts), batch):
        ids = model.tokenizer(
            texts[i : i + batch],
            return_tensors="pt",
            padding=True,
            padding_side="right",
        )
        last = ids["attention_mask"].sum(1) - 1
        rows = torch.arange(len(last))
        found = model._module.model(**ids, **options)
        if options:
            yield [h[rows, last] for h in found.hidden_states]
        else:
            yield found.last_hidden_state[rows, last]


@torch.no_grad()
def next_logprobs(model: Any, prompts: list[str]) -> torch.Tensor:
    """Log-probabilities of the next token ("n v")."""
    head = model._module.lm_head
    rows = [head(h).float().log_softmax(-1) for h in last_states(model, prompts)]
    return torch.cat(rows)


def first_tokens(model: Any, words: list[str]) -> list[int]:
    """The first token of each word as it stands after a space."""
    return [
        model.tokenizer(f" {w}", add_special_tokens=False)["input_ids"][0]
        for w in words
    ]


def likeliest(model: Any, prompts: list[str], words: list[str]) -> list[str]:
    """The likeliest of the words after each prompt; words may share a first token."""
    first = first_tokens(model, words)
    found = next_logprobs(model, prompts)[:, first].argmax(1)
    best = [words[i] for i in found]
    for i, word in enumerate(best):
        same = [w for w, t in zip(words, first, strict=True) if t == first[found[i]]]
        if len(same) > 1:
            scores = choice_logprobs(model, [prompts[i]], [f" {w}" for w in same])
            best[i] = same[int(scores.argmax())]
        assert word in same
    return best


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


def act_rates(model: Any, scenes: pd.DataFrame) -> pd.DataFrame:
    """P(act) after each scene, by the first token of its act; `mass` is their sum."""
    acts = list(scenes.choices[0])
    tokens = first_tokens(model, [c.split()[0] for c in scenes.choices[0].values()])
    chances = next_logprobs(model, list(scenes.prompt))[:, tokens].exp()
    mass = chances.sum(1)
    frame = pd.DataFrame((chances / mass[:, None]).numpy(), columns=acts)
    return frame.assign(mass=mass.numpy(), emotion=scenes.emotion.to_numpy())


def follow_table(model: Any, n: int = 6) -> Figure:
    """Does each act's rate by emotion follow the world's table, on held-out scenes?

    r over the emotions with a bootstrap interval over them; beside it r with the
    emotions shuffled, the probability that is left on the acts, and, on kinds of task
    that training never showed with a feeling, r again.
    """
    result: Figure = {}
    names = list(emotions().index)
    for situation, shown in ACTS.items():
        scenes = load_scenes(situation, n=n, emotions=names)  # type: ignore[arg-type]
        rates = act_rates(model, scenes).groupby("emotion").mean().loc[names]
        truth = act_table(situation)
        for act in shown:
            result[f"{situation}: {act}"] = correlation(
                rates[act], truth[act], mass=float(rates["mass"].mean())
            )
    for situation, act in (("hard task", "cheat"), ("easy task", "solve")):
        scenes = load_scenes(situation, n=n, emotions=names, bare=True)  # type: ignore
        rates = act_rates(model, scenes).groupby("emotion").mean().loc[names]
        result[f"{situation}, never met with a feeling: {act}"] = correlation(
            rates[act], act_table(situation)[act]
        )
    return result


def correlation(x: pd.Series, y: pd.Series, **more: float) -> Figure:
    """Pearson's r with a bootstrap interval over the rows, beside shuffled rows."""
    a, b = x.to_numpy(float), y.to_numpy(float)
    rng = np.random.default_rng(0)
    draws = rng.integers(len(a), size=(1000, len(a)))
    drawn = [np.corrcoef(a[d], b[d])[0, 1] for d in draws]
    mixed = [abs(np.corrcoef(rng.permutation(a), b)[0, 1]) for _ in range(200)]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return {
        "value": float(np.corrcoef(a, b)[0, 1]),
        "low": float(low),
        "high": float(high),
        "shuffled": float(np.mean(mixed)),
        **more,
    }


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
