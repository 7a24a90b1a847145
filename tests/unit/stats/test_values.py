"""What functions are given: every kind of the same thing, and nothing else."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from helpers.stats import (
    auc,
    bootstrap,
    column,
    correlations,
    finite,
    number,
    pearson,
    precision,
    present,
    random_directions,
    rank_correlations,
    samples_needed,
    shuffled_labels,
    verdict,
    whole,
    words,
)

THREE = [3, np.int64(3), np.uint8(3), np.array(3), torch.tensor(3), pd.Series([3])[0]]
LABELS = ["b", "a", "b", "a"]


@pytest.mark.parametrize("value", THREE, ids=lambda v: type(v).__name__)
def test_a_whole_number_of_any_kind(value: Any) -> None:
    found = whole(value, "layer", least=1)
    assert type(found) is int
    assert found == 3


@pytest.mark.parametrize(
    "value",
    [3.0, 2.5, np.float32(3), np.array(3.0), torch.tensor(3.0), True, np.bool_(1)]
    + [torch.tensor(True), "3", None, [3], np.array([3]), torch.tensor([3]), pd.NA],
    ids=repr,
)
def test_what_is_no_whole_number(value: Any) -> None:
    with pytest.raises(ValueError, match=r"batch_size .* is not a whole number"):
        whole(value, "batch_size", least=1)


def test_a_whole_number_has_a_least() -> None:
    with pytest.raises(ValueError, match="batch_size is -1: pass 1 or more"):
        whole(np.int8(-1), "batch_size", least=1)
    assert whole(-1, "seed") == -1


@pytest.mark.parametrize(
    "value", [0.5, np.float16(0.5), torch.tensor(0.5), np.array(0.5), Decimal("0.5")]
)
def test_a_number_of_any_kind(value: Any) -> None:
    assert type(number(value, "strength")) is float
    assert number(value, "strength") == 0.5


@pytest.mark.parametrize("value", [np.nan, float("-inf"), torch.tensor(np.inf)])
def test_a_number_is_finite(value: Any) -> None:
    with pytest.raises(ValueError, match=r"norm is .*: pass a finite number"):
        number(value, "norm")


@pytest.mark.parametrize("value", ["1", None, True, [1.0, 2.0], pd.NA, np.bool_(0)])
def test_what_is_no_number(value: Any) -> None:
    with pytest.raises(ValueError, match=r"norm .* is not a number"):
        number(value, "norm")


def test_a_column_of_any_kind() -> None:
    own = pd.Series(LABELS, index=[7, 7, -1, 0])
    kinds = [own, tuple(LABELS), np.array(LABELS), iter(LABELS), pd.Index(LABELS)]
    assert [column(kind) for kind in kinds] == [LABELS] * 5
    assert column(torch.tensor([1, 2])) == [1, 2]


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ([0, 1, np.nan, 3], r"1 of 4 .*row 2"),
        (torch.tensor([0.0, np.inf]).bfloat16(), r"1 of 2 .*row 1"),
        (torch.full((2, 3), -np.inf), r"6 of 6 .*row 0"),
        (pd.Series([1.0, None], index=["ana", "bo"]), r"1 of 2 .*row 'bo'"),
        ([1, None], r"1 of 2 .*row 1"),
        (np.nan, "1 of 1 scores are not finite"),
        (pd.Series([1, pd.NA], index=[5, 9], dtype="Int64"), r"row 9"),
        ([1, "many"], r"row 1 is 'many', not a number"),
    ],
    ids=str,
)
def test_what_is_not_finite_is_named(values: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        finite(values, "scores")


def test_a_tensor_is_brought_to_the_cpu_before_it_is_made_wide(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Apple's GPUs have no float64."""
    steps, cpu, double = [], torch.Tensor.cpu, torch.Tensor.double
    monkeypatch.setattr(torch.Tensor, "cpu", lambda x: steps.append("cpu") or cpu(x))
    monkeypatch.setattr(
        torch.Tensor, "double", lambda x: steps.append("double") or double(x)
    )
    assert finite(torch.ones(2), "values").tolist() == [1, 1]
    assert steps == ["cpu", "double"]


def test_what_is_finite_comes_back_as_it_is() -> None:
    rows = torch.randn(3, 2).half().requires_grad_()
    found = finite(rows, "rows")
    assert found.dtype == np.float64
    assert np.array_equal(found, rows.detach().numpy().astype(float))
    assert finite([True, 2], "rows").tolist() == [1.0, 2.0]


@pytest.mark.parametrize("gap", [None, np.nan, pd.NA, pd.NaT, float("nan")])
def test_a_missing_label_is_named(gap: Any) -> None:
    for work in (words, present):
        with pytest.raises(ValueError, match=r"emotion: row 2 is missing"):
            work([*LABELS[:2], gap], "emotion")
    frame = pd.Series([*LABELS[:2], gap], index=[3, 1, 8], dtype=object)
    with pytest.raises(ValueError, match=r"emotion: row 8 is missing"):
        words(frame, "emotion")
    with pytest.raises(ValueError, match="labels: row 0 is missing"):
        shuffled_labels([gap, *LABELS])
    with pytest.raises(ValueError, match="groups: row 1 is missing"):
        bootstrap([1, 2, 3], ["a", gap, "b"])


@pytest.mark.parametrize("other", [3, 2.0, "", "  ", ("a",), True])
def test_a_label_that_is_no_word_is_named(other: Any) -> None:
    with pytest.raises(ValueError, match=r"emotion: row 1 is .*, not a word"):
        words(["a", other], "emotion")


@pytest.mark.parametrize("rate", [np.nan, np.inf, -0.1, 1.5])
def test_a_rate_lies_from_0_to_1(rate: float) -> None:
    for work in (
        lambda: precision(rate, 0.1, 0.1),
        lambda: precision(0.1, rate, 0.1),
        lambda: precision(0.1, 0.1, rate),
        lambda: samples_needed(rate, 0.1),
        lambda: samples_needed(0.2, 0.1, power=rate),
        lambda: samples_needed(0.2, 0.1, level=rate),
    ):
        with pytest.raises(ValueError, match="outside 0 to 1"):
            work()
    with pytest.raises(ValueError, match="level is 0"):
        samples_needed(0.2, 0.1, level=0.0)


@pytest.mark.parametrize("size", [1e-8, 1.0, 1e8])
def test_a_correlation_has_no_units(size: float) -> None:
    x, y = np.random.default_rng(0).normal(size=(2, 30))
    want = np.corrcoef(x, y)[0, 1]
    columns = np.stack([x, np.full(30, 0.1)], axis=1) * size
    assert correlations(columns, y * size) == pytest.approx([want, 0.0])


@pytest.mark.parametrize("gap", [None, np.nan, pd.NA])
def test_no_statistic_takes_what_is_missing(gap: Any) -> None:
    x, y = [1.0, 2.0, 3.0, gap], [1, 0, 1, 0]
    frame = pd.DataFrame({"group": LABELS, "dose": pd.Series(x, dtype=object)})
    scores = torch.randn(4, 2)
    for work in (
        lambda: auc(x, y, None),
        lambda: auc(y, x, None),  # as a label it would have counted as true
        lambda: pearson(x, y, None),
        lambda: bootstrap(x, None),
        lambda: rank_correlations(frame, scores, by="group", against="dose"),
    ):
        with pytest.raises(ValueError, match="row 3"):
            work()
    with pytest.raises(ValueError, match="not finite"):
        random_directions(torch.tensor([[1.0, np.nan]]), 3)
    with pytest.raises(ValueError, match="row 3"):
        correlations(np.ones((4, 1)), np.array([*x[:3], np.nan]))


def test_an_interval_that_cannot_be_told_is_no_null() -> None:
    assert verdict((0.5, -np.inf, np.inf)) == "it cannot be told"
    assert verdict((np.nan, np.nan, np.nan)) == "it cannot be told"
    assert "nothing was found" in verdict((0.5, -0.1, 1.0))
