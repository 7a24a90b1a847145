"""Emotion vectors: the method step by step, what it finds, and what is saved."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import save_file

from helpers.activations import mean_activations, residual_norm
from helpers.datasets import load_stories
from helpers.models import load_model, load_neutral
from helpers.vectors import (
    EmotionVectors,
    difference_of_means,
    extract,
    neutral_components,
    project_out,
)
from tests.unit.families import load_plain, make_folder, plain_stream

WORDS = {
    "joyful": ["laughed", "sang"],
    "afraid": ["trembled", "hid"],
    "sad": ["wept", "mourned"],
}
PLACES = ["mill", "road", "lamp", "pier", "gate"]
PEOPLE = "Mia Omar Lena Raj Ines Tom Ada Sol".split()  # noqa: SIM905
LOOKS = "old wide gray near tall wet plain round".split()  # noqa: SIM905
NEUTRAL = [f"The {a} is {b}." for a in ("mill", "road", "lamp") for b in LOOKS]


@pytest.fixture(scope="module")
def stories() -> pd.DataFrame:
    rows = [
        (emotion, f"{person} {word} by the {place} and {word} again.", person)
        for emotion, words in WORDS.items()
        for word in words
        for place in PLACES
        for person in PEOPLE
    ]
    return pd.DataFrame(rows, columns=["emotion", "text", "person"])


@pytest.fixture(scope="module")
def found(random_model: Any, stories: pd.DataFrame) -> EmotionVectors:
    train = stories[stories.person != "Sol"]
    return extract(random_model, train, NEUTRAL, 1, start=2)


def test_extract_against_plain_torch(
    family_folder: Any, stories: pd.DataFrame, found: EmotionVectors
) -> None:
    """The same by hooks, numpy's means and a full eigendecomposition."""
    plain, tokenizer = load_plain(family_folder("llama"))

    def means(texts: Any) -> np.ndarray:
        streams = [plain_stream(plain, tokenizer, text)[1, 2:] for text in texts]
        return np.stack([stream.double().mean(0).numpy() for stream in streams])

    train = stories[stories.person != "Sol"]
    table = pd.DataFrame(means(train.text)).groupby(train.emotion.to_numpy()).mean()
    table = table.loc[list(found.emotions)]
    values, directions = np.linalg.eigh(np.cov(means(NEUTRAL).T))
    share = np.cumsum(values[::-1]) / values.sum()
    k = int(np.argmax(share >= 0.5)) + 1
    top = directions[:, ::-1][:, :k]
    want = (table - table.mean()).to_numpy()
    want = want - want @ top @ top.T
    assert found.method["components"] == k
    assert np.allclose(found.vectors.numpy(), want, atol=1e-4)
    assert np.allclose(found.center.numpy(), table.mean().to_numpy(), atol=1e-5)
    assert found.emotions == ("joyful", "afraid", "sad")
    assert (found.layer, found.start, found.model) == (1, 2, "llama-0")


def accuracy(vectors: EmotionVectors, means: torch.Tensor, truth: Any) -> float:
    """Share of texts whose highest score is their own emotion's."""
    best = np.array(vectors.emotions)[vectors.scores(means).argmax(-1).numpy()]
    return float((best == np.array(truth)).mean())


def test_held_out_people(
    random_model: Any, stories: pd.DataFrame, found: EmotionVectors
) -> None:
    """Texts with a name never seen are told apart, with shuffled labels not."""
    test = stories[stories.person == "Sol"]
    means = mean_activations(random_model, test.text, 1, start=2)
    assert accuracy(found, means, test.emotion) > 0.8
    rates = []
    for seed in range(10):
        train = stories[stories.person != "Sol"].copy()
        order = np.random.default_rng(seed).permutation(len(train))
        train["emotion"] = train.emotion.to_numpy()[order]
        shuffled = extract(random_model, train, NEUTRAL, 1, start=2)
        rates.append(accuracy(shuffled, means, test.emotion))
    assert np.mean(rates) < 0.55


def planted(noise: float) -> tuple[torch.Tensor, torch.Tensor, list[str]]:
    """Means with a direction for each of four labels, beside noise."""
    generator = torch.Generator().manual_seed(0)
    truth = torch.linalg.qr(torch.randn(64, 4, generator=generator))[0].T
    labels = [f"e{i % 4}" for i in range(400)]
    means = truth[[int(label[1]) for label in labels]] * 3
    return truth, means + noise * torch.randn(400, 64, generator=generator), labels


def test_planted_directions_are_found_and_shuffled_ones_are_not() -> None:
    truth, means, labels = planted(noise=0.5)
    vectors, emotions = difference_of_means(means, labels)
    want = truth - truth.mean(0)
    assert emotions == ("e0", "e1", "e2", "e3")
    assert torch.cosine_similarity(vectors, want).min() > 0.98
    order = np.random.default_rng(0).permutation(400)
    shuffled, names = difference_of_means(means, [labels[i] for i in order])
    aligned = shuffled[[names.index(e) for e in emotions]]
    assert aligned.norm(dim=-1).max() < 0.3 * vectors.norm(dim=-1).min()


def test_emotions_of_unequal_size_weigh_the_same() -> None:
    means = torch.tensor([[0.0], [0.0], [0.0], [8.0]])
    vectors, _ = difference_of_means(means, ["a", "a", "a", "b"])
    assert vectors.tolist() == [[-4.0], [4.0]]


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_components_hold_the_share(share: float) -> None:
    scales = torch.linspace(3, 0.1, 20)
    means = torch.randn(300, 20, generator=torch.Generator().manual_seed(1)) * scales
    components = neutral_components(means + 100.0, share)
    centered = means - means.mean(0)
    held = (centered @ components.T).square().sum() / centered.square().sum()
    less = (centered @ components[:-1].T).square().sum() / centered.square().sum()
    assert less < share <= held + 1e-6
    unit = torch.eye(len(components))
    assert torch.allclose(components @ components.T, unit, atol=1e-5)


def test_projection_theorem() -> None:
    """Nothing is left along what was taken out, the rest is kept, twice is once."""
    generator = torch.Generator().manual_seed(2)
    components = torch.linalg.qr(torch.randn(32, 5, generator=generator))[0].T
    vectors = torch.randn(7, 32, generator=generator)
    left = project_out(vectors, components)
    assert (left @ components.T).abs().max() < 1e-5
    assert torch.allclose(project_out(left, components), left, atol=1e-6)
    removed = vectors - left
    total = left.square().sum(-1) + removed.square().sum(-1)
    assert torch.allclose(total, vectors.square().sum(-1), rtol=1e-5)
    assert torch.linalg.matrix_rank(removed) == 5
    other = project_out(torch.randn(3, 32, generator=generator), components)
    assert torch.allclose(project_out(other, components), other, atol=1e-5)


def test_neutral_directions_are_gone(
    random_model: Any, stories: pd.DataFrame, found: EmotionVectors
) -> None:
    """Denoised vectors say nothing of how neutral texts differ most."""
    neutral = mean_activations(random_model, NEUTRAL, 1, start=2)
    components = neutral_components(neutral, 0.5)
    assert (found.unit @ components.T).abs().max() < 1e-5
    noisy = extract(random_model, stories, NEUTRAL, 1, start=2, denoise=None)
    assert (noisy.unit @ components.T).abs().max() > 0.01


def test_steps_can_be_switched_off(random_model: Any, stories: pd.DataFrame) -> None:
    means = mean_activations(random_model, stories.text, 1, start=2)
    sad = torch.tensor((stories.emotion == "sad").to_numpy())
    plain = extract(random_model, stories, None, 1, start=2, denoise=None)
    assert plain.method["components"] == 0
    assert plain.vectors.sum(0).abs().max() < 1e-4
    right = means[sad].mean(0)
    assert torch.allclose(plain["sad"] + plain.center, right, atol=1e-5)


def test_scores(random_model: Any, found: EmotionVectors) -> None:
    """One unit of score is one residual norm along the vector."""
    norm = residual_norm(random_model, NEUTRAL, 1)
    assert found.norm == pytest.approx(norm)
    point = found.center + 0.25 * norm * found.unit[2]
    assert float(found.scores(point)[2]) == pytest.approx(0.25, abs=1e-5)
    assert found.scores(point.expand(4, 6, -1)).shape == (4, 6, 3)
    raw = found.scores(point, centered=False)
    assert torch.allclose(raw, found.unit @ point / norm, atol=1e-5)


def test_as_a_container(found: EmotionVectors) -> None:
    assert len(found) == 3
    assert torch.equal(found["afraid"], found.vectors[1])
    frame = found.to_frame()
    assert list(frame.index) == list(found.emotions)
    assert frame.shape == (3, 32)
    with pytest.raises(KeyError, match=r"no vector for 'joyfull': did you mean joyful"):
        found["joyfull"]


def test_round_trip(random_model: Any, found: EmotionVectors, tmp_path: Path) -> None:
    path = found.save(tmp_path / "v1.2")
    assert path == tmp_path / "v1.2.safetensors"
    for given in (path, tmp_path / "v1.2"):
        back = EmotionVectors.load(given, random_model)
        assert torch.equal(back.vectors, found.vectors)
        assert torch.equal(back.center, found.center)
        for name in ("emotions", "layer", "model", "norm", "start", "method"):
            assert getattr(back, name) == getattr(found, name)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_vectors_of_another_model(found: EmotionVectors, tmp_path: Path) -> None:
    path = found.save(tmp_path / "v")
    wide = load_model(make_folder(tmp_path, "gpt2", n_embd=64))
    with pytest.raises(ValueError, match=r"width 32 .*llama-0.* d_model 64"):
        EmotionVectors.load(path, wide)
    flat = load_model(make_folder(tmp_path, "llama", seed=3, num_hidden_layers=1))
    with pytest.raises(ValueError, match=r"layer 1, but llama-3 has layers 0\.\.0"):
        EmotionVectors.load(path, flat)
    other = load_model(make_folder(tmp_path, "llama", seed=4))
    with pytest.warns(UserWarning, match="of llama-0, not of llama-4"):
        EmotionVectors.load(path, other)


def test_what_is_no_vector_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no vector file .*save one with"):
        EmotionVectors.load(tmp_path / "none")
    path = tmp_path / "other.safetensors"
    save_file({"weights": torch.zeros(2)}, path)
    with pytest.raises(ValueError, match="is no file of emotion vectors"):
        EmotionVectors.load(path)
    save_file({"vectors": torch.zeros(2)}, path, {"emotion_vectors": json.dumps({})})
    with pytest.raises(ValueError, match="is no file of emotion vectors"):
        EmotionVectors.load(path)
    path.write_bytes(b"not a file of tensors")
    with pytest.raises(ValueError, match="is no file of emotion vectors"):
        EmotionVectors.load(path)


def test_left_out_neutral_texts_are_the_models_own() -> None:
    model = load_model("tiny", device="cpu")
    stories = load_stories(model, emotions=["happy", "sad"]).query("split == 'test'")
    bare = extract(model, stories, progress=False)
    told = extract(model, stories, load_neutral(model), progress=False)
    assert torch.equal(bare.vectors, told.vectors)
    assert bare.method == told.method


BAD: list[tuple[Any, dict[str, Any], str]] = [
    (lambda s: s.rename(columns={"text": "story"}), {}, r"lack the columns \['text'\]"),
    (lambda s: s[s.emotion == "sad"], {}, r"1 emotion\(s\)"),
    (lambda s: s, {"neutral": NEUTRAL[:1] * 4}, "two or more neutral texts, not 1"),
    (lambda s: s, {"denoise": float("nan")}, "denoise is nan: pass a finite"),
    (lambda s: s, {"start": -1}, "start is -1"),
    (lambda s: s, {"start": 2.0}, r"start 2\.0 is not a whole number"),
    (lambda s: s, {"batch_size": 0}, "batch_size is 0: pass 1 or more"),
    (lambda s: s.assign(text=s.text.iloc[0]), {"denoise": None}, "has no direction"),
    (lambda s: s.assign(emotion=[*s.emotion[:-1], None]), {}, r"emotion: row \d+ is"),
    (lambda s: s, {"neutral": []}, "denoise needs two or more neutral texts, not 0"),
    (lambda s: s, {"denoise": 50.0}, r"denoise is 50\.0: pass a share"),
    (lambda s: s, {"layer": 9}, r"layer 9 is outside 0\.\.3"),
]


@pytest.mark.parametrize(("change", "options", "message"), BAD)
def test_bad_input(
    change: Any,
    options: dict[str, Any],
    message: str,
    random_model: Any,
    stories: pd.DataFrame,
) -> None:
    given: dict[str, Any] = {"neutral": NEUTRAL, "layer": 1, "start": 2} | options
    with pytest.raises(ValueError, match=message):
        extract(random_model, change(stories), **given)
