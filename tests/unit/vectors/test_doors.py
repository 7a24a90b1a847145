"""What vectors are made of: each kind of number comes in, what is nothing does not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import save_file

from helpers.vectors import (
    EmotionVectors,
    column_auc,
    cosine_scores,
    difference_of_means,
    extract,
    geometry,
    left_out_ridge,
    map_rows,
    mean_of_means,
    neutral_components,
    project_out,
    readers,
    rulers,
)
from tests.unit.families import TEXTS

NAMES = ("happy", "sad", "calm")


def made(**changes: Any) -> EmotionVectors:
    """Three vectors, with changes."""
    rows = torch.randn(3, 8, generator=torch.Generator().manual_seed(0))
    own: dict[str, Any] = {"vectors": rows, "emotions": NAMES, "layer": 1}
    own |= {"model": "m", "norm": 2.0, "center": torch.zeros(8), "start": 0}
    return EmotionVectors(**own | changes)


def with_row(value: float) -> torch.Tensor:
    """Three rows, of which the second is all of one value."""
    rows = torch.ones(3, 8)
    rows[1] = value
    return rows


@pytest.mark.parametrize("gap", [None, np.nan, pd.NA, 3, 2.5, ""])
def test_a_story_without_a_word_for_its_emotion(random_model: Any, gap: Any) -> None:
    labels = pd.Series(["glad", "sad"] * 2, index=[4, 2, 9, 7], dtype=object)
    stories = pd.DataFrame({"text": TEXTS[:4], "emotion": labels.to_numpy()})
    stories.index, labels[9] = labels.index, gap
    stories["emotion"] = labels
    with pytest.raises(ValueError, match="emotion: row 9 is"):
        extract(random_model, stories, TEXTS, 1, start=2, progress=False)
    means = torch.randn(4, 8)
    for function in (difference_of_means, mean_of_means):
        with pytest.raises(ValueError, match="emotion: row 2 is"):
            function(means, list(labels))
    with pytest.raises(ValueError, match="4 labels for 3 texts"):
        difference_of_means(means[:3], ["a", "b", "a", "b"])


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"vectors": with_row(np.nan)}, "8 of 24 vectors of m are not finite.*'sad'"),
        ({"vectors": with_row(np.inf)}, "'sad'"),
        ({"vectors": with_row(0)}, "row 'sad' is zero, so it has no direction"),
        ({"center": torch.full((8,), torch.nan)}, "center are not finite"),
        ({"norm": np.nan}, "norm is nan: pass a finite"),
        ({"norm": 0.0}, r"norm is 0\.0: pass a mean norm above 0"),
        ({"norm": -3.0}, r"norm is -3\.0"),
        ({"emotions": ("a", "a", "b")}, "all different"),
        ({"emotions": ("a", "b")}, "3 vectors with the names"),
    ],
)
def test_what_is_no_vector_is_neither_used_nor_kept(
    tmp_path: Path, changes: Any, says: str
) -> None:
    bad = made(**changes)
    with pytest.raises(ValueError, match=says):
        bad.save(tmp_path / "v")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ValueError, match=says):
        bad.scores(torch.ones(2, 8))
    about = {n: getattr(bad, n) for n in ("emotions", "layer", "model", "norm")}
    about |= {"start": 0, "method": {}}
    tensors = {"vectors": bad.vectors, "center": bad.center}
    path = tmp_path / "w.safetensors"
    save_file(tensors, path, {"emotion_vectors": json.dumps(about)})
    with pytest.raises(ValueError, match=says):
        EmotionVectors.load(path)


def test_activations_that_are_not_finite_have_no_score() -> None:
    rows = torch.zeros(4, 8)
    rows[2, 5] = torch.nan
    with pytest.raises(ValueError, match="row 2"):
        made().scores(rows)


def test_numbers_of_every_kind_are_kept(tmp_path: Path) -> None:
    method = {"denoise": np.float32(0.5), "components": torch.tensor(2)}
    given = made(
        vectors=made().vectors.bfloat16().requires_grad_(),
        center=torch.ones(8).half(),
        emotions=tuple(np.array(NAMES)),
        layer=np.int64(1),
        start=np.array(0),
        norm=torch.tensor(2.0),
        method=method,
    )
    back = EmotionVectors.load(given.save(tmp_path / "v"))
    assert back.vectors.dtype == back.center.dtype == torch.float32
    assert torch.equal(back.vectors, made().vectors.bfloat16().float())
    assert (back.emotions, back.layer, back.start, back.norm) == (NAMES, 1, 0, 2.0)
    assert back.method == {"denoise": 0.5, "components": 2}
    assert back.to_frame().shape == (3, 8)
    assert back.scores(torch.ones(8).bfloat16()).dtype == torch.float32
    with pytest.raises(ValueError, match=r"layer 1\.0 is not a whole number"):
        made(layer=1.0)


def test_an_extraction_from_numbers_of_every_kind(
    random_model: Any, tmp_path: Path
) -> None:
    table = {"emotion": ["glad", "sad"] * 2, "text": TEXTS[:4]}
    stories = pd.DataFrame(table, index=[5, 5, 0, -2])
    neutral = pd.Series(TEXTS, index=range(9, 4, -1))
    plain = extract(random_model, stories, TEXTS, 1, start=2, progress=False)
    options = {"start": np.int64(2), "denoise": np.float32(0.5), "progress": False}
    options["batch_size"] = torch.tensor(3)
    found = extract(random_model, stories, neutral, np.int32(1), **options)
    assert torch.allclose(found.vectors, plain.vectors, atol=1e-5)
    back = EmotionVectors.load(found.save(tmp_path / "v"), random_model)
    assert (back.layer, back.start, back.method) == (1, 2, plain.method)


def test_neutral_texts_that_do_not_vary_have_no_components() -> None:
    row = torch.randn(1, 16, generator=torch.Generator().manual_seed(1))
    noise = 1e-7 * torch.randn(5, 16, generator=torch.Generator().manual_seed(2))
    for means in (row.expand(5, -1), row + noise):
        with pytest.raises(ValueError, match="5 neutral texts are all alike"):
            neutral_components(means)
    assert neutral_components(row + 1e4 * noise).shape[1] == 16
    with pytest.raises(ValueError, match="not finite"):
        neutral_components(torch.full((3, 4), torch.nan))


def test_vectors_that_denoising_takes_whole(random_model: Any) -> None:
    """Nothing is left where the neutral texts vary as the stories do."""
    stories = pd.DataFrame({"emotion": ["glad", "sad"], "text": TEXTS[:2]})
    with pytest.raises(ValueError, match=r"'glad' has no direction"):
        extract(random_model, stories, TEXTS[:2], 1, start=2, denoise=0.999)


def test_nothing_is_left_of_what_its_confounds_say() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        x, y, z = rng.normal(size=(3, 12))
        both = np.column_stack([x, z])
        for said, known in [
            (x, x),
            (x, 1e6 * x + 5),
            (3 * z - x, both),
            (both[:, 0], both),
        ]:
            with pytest.raises(ValueError, match="nothing of x is left"):
                geometry.partial_correlation(said, y, known)
            with pytest.raises(ValueError, match="nothing of y is left"):
                geometry.partial_correlation(y, said, known)
    found = geometry.partial_correlation(x, y, z)
    r = np.corrcoef([x, y, z])
    want = (r[0, 1] - r[0, 2] * r[1, 2]) / np.sqrt(
        (1 - r[0, 2] ** 2) * (1 - r[1, 2] ** 2)
    )
    assert found == pytest.approx(want)
    with pytest.raises(ValueError, match="nothing of x is left"):
        geometry.partial_correlation(np.full(12, 0.1), y, z)
    with pytest.raises(ValueError, match="confounds are not finite"):
        geometry.partial_correlation(x, y, [np.nan, *z[1:]])


def test_no_step_takes_what_is_not_finite() -> None:
    rows = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))
    bad, labels = rows.clone(), ["a", "b", "c"] * 2
    bad[2, 1] = np.nan
    for work in (
        lambda: difference_of_means(bad, labels),
        lambda: mean_of_means(bad, labels),
        lambda: project_out(bad, torch.eye(4)[:1]),
        lambda: project_out(rows, bad),
        lambda: readers(bad, labels, rows[:3], "spread"),
        lambda: rulers(bad, labels),
        lambda: left_out_ridge(rows, bad[:, 1], labels),
        lambda: map_rows(rows, bad, rows),
        lambda: geometry.principal_axes(bad),
        lambda: geometry.correlation(bad[:, 1], rows[:, 1]),
        lambda: geometry.left_over(bad[:, 1], rows[:, 1]),
    ):
        with pytest.raises(ValueError, match=r"not finite \(row 2 is the first\)"):
            work()


def test_a_row_of_zeros_has_no_angle() -> None:
    rows = np.ones((3, 4))
    rows[2] = 0
    with pytest.raises(ValueError, match="row 2 is zero"):
        geometry.rsa(rows, np.ones((3, 4)))
    with pytest.raises(ValueError, match="directions: row 2 is zero"):
        cosine_scores(torch.ones(2, 4), torch.tensor(rows))
    with pytest.raises(ValueError, match="row 1"):
        column_auc(torch.tensor([[0.1], [np.nan]]), ["a"], ["a", "b"])
