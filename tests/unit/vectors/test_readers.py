"""Readers: they read better where dimensions spread unevenly, and push nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from helpers.vectors import EmotionVectors, difference_of_means, extract, readers

EMOTIONS, EACH, WIDTH = 8, 12, 30
LABELS = [str(e) for e in range(EMOTIONS) for _ in range(EACH)]


def drawn(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


TRUTH = torch.randn(EMOTIONS, WIDTH, generator=drawn(0))
LOUD = torch.cat([torch.full((WIDTH // 2,), 0.5), torch.full((WIDTH // 2,), 8.0)])
TURN = torch.linalg.qr(torch.randn(WIDTH, WIDTH, generator=drawn(9)))[0]


def planted(seed: int, turn: torch.Tensor | None = None) -> torch.Tensor:
    """Texts around the true means; half of the dimensions are loud.

    With `turn` what is loud lies across the dimensions.
    """
    noise = torch.randn(len(LABELS), WIDTH, generator=drawn(seed)) * LOUD
    mixed = noise if turn is None else noise @ turn
    return TRUTH.repeat_interleave(EACH, 0) + mixed


def accuracy(means: torch.Tensor, test: torch.Tensor, kind: str | None) -> float:
    vectors, names = difference_of_means(means, LABELS)
    found = None if kind is None else readers(means, LABELS, vectors, kind)
    ev = EmotionVectors(vectors, names, 0, "m", 1.0, means.mean(0), 0, {}, found)
    best = ev.scores(test).argmax(-1)
    return float((best == torch.tensor([int(e) for e in LABELS])).float().mean())


def test_spread_reads_better_where_dimensions_spread_unevenly() -> None:
    plain, spread, lda = (
        accuracy(planted(1), planted(2), kind) for kind in (None, "spread", "lda")
    )
    assert plain < 0.5
    assert spread > plain + 0.3
    assert lda > plain + 0.3


def test_lda_reads_better_where_what_is_loud_lies_across() -> None:
    plain, spread, lda = (
        accuracy(planted(1, TURN), planted(2, TURN), kind)
        for kind in (None, "spread", "lda")
    )
    assert lda > max(plain, spread) + 0.2


@pytest.mark.parametrize("kind", ["spread", "lda"])
def test_where_all_is_even_a_reader_is_the_direction(kind: str) -> None:
    means = torch.randn(4000, 5, generator=drawn(3)) * 2
    labels = ["a", "b"] * 2000
    vectors = torch.eye(5)[:2]
    found = readers(means, labels, vectors, kind)
    assert torch.allclose(found, vectors / 2, atol=0.03)  # spread 2: one unit is a half


@pytest.mark.parametrize("kind", ["spread", "lda"])
def test_scores_have_spread_one_within_an_emotion(kind: str) -> None:
    means = planted(1)
    vectors, _ = difference_of_means(means, LABELS)
    scores = planted(5) @ readers(means, LABELS, vectors, kind).T
    within = scores.view(EMOTIONS, EACH, -1).std(1).square().mean().sqrt()
    assert 0.7 < float(within) < 1.4


@pytest.mark.parametrize("kind", ["spread", "lda"])
def test_scales_of_dimensions_do_not_matter(kind: str) -> None:
    means, test = planted(1), planted(2)
    scale = torch.logspace(-1, 1, WIDTH)
    scores = []
    for by in (torch.ones(WIDTH), scale):
        vectors, _ = difference_of_means(means * by, LABELS)
        scores.append((test * by) @ readers(means * by, LABELS, vectors, kind).T)
    assert torch.allclose(*scores, rtol=1e-2, atol=1e-2)


def test_what_no_reader_can_be_made_of() -> None:
    one = torch.eye(3)
    with pytest.raises(ValueError, match="no spread within"):
        readers(one, ["a", "b", "c"], one)
    with pytest.raises(ValueError, match="reader is 'qda': pass one of spread, lda"):
        readers(one, ["a", "b", "b"], one[:2], "qda")


def test_extraction_keeps_readers_beside_the_vectors(
    random_model: Any, tmp_path: Path
) -> None:
    rows = [(e, f"The {e} boat lay at pier {i} all day.") for e in "abc" for i in "123"]
    stories = pd.DataFrame(rows, columns=["emotion", "text"])
    options: dict[str, Any] = {"layer": 2, "start": 2, "denoise": None}
    plain = extract(random_model, stories, **options)
    read = extract(random_model, stories, reader="lda", **options)
    assert plain.readers is None
    assert torch.equal(plain.vectors, read.vectors)
    assert read.readers is not None
    back = EmotionVectors.load(read.save(tmp_path / "v"), random_model)
    assert back.readers is not None
    assert torch.equal(back.readers, read.readers)
    assert back.method == read.method
    assert back.method["reader"] == "lda"
    assert EmotionVectors.load(plain.save(tmp_path / "p")).readers is None
    at = torch.randn(4, read.vectors.shape[1])
    assert torch.equal(back.scores(at), (at - read.center) @ read.readers.T)
    with pytest.raises(ValueError, match="pass one of"):
        extract(random_model, stories, reader="svm", **options)
