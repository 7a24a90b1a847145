"""Simple readers: each finds what was planted for it, and no other does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from helpers.monitor import Readers, simple_readers
from helpers.steering import next_entropy
from tests.unit.families import TEXTS, load_plain

WORDS = [
    *("cat", "mat", "rain", "door", "letter", "week"),
    *("walk", "river", "mill", "bridge", "station", "night"),
]


def texts(n: int, seed: int) -> pd.DataFrame:
    """Random words of random length, with a label for each reader to find."""
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(n):
        some = rng.choice(WORDS, rng.integers(6, 30)).tolist()
        told = some[:3] + [str(rng.choice(["baker", "loaves"]))] + some[3:]
        rows.append((" ".join(told), len(some), int(rng.integers(5))))
    frame = pd.DataFrame(rows, columns=["text", "n", "attempts"])
    frame["by word"] = frame["text"].str.contains("baker")
    frame["by length"] = frame["n"] > 17
    frame["by attempts"] = frame["attempts"] == 2  # in the middle: no straight line
    frame["by nothing"] = rng.random(n) < 0.5
    return frame


@pytest.mark.parametrize(
    ("target", "knows"),
    [
        ("by word", {"words", "layer 0"}),
        ("by length", {"length"}),
        ("by attempts", {"attempts"}),
        ("by nothing", set()),
    ],
)
def test_each_reader_finds_its_own(
    random_model: Any, target: str, knows: set[str]
) -> None:
    train, test = texts(240, 0), texts(120, 1)
    found = simple_readers(random_model, train, test, target, numbers=["attempts"])
    table = found.table(test[target], None, "majority").set_index("reader")
    base = table.loc["majority", "value"]
    assert base == (test[target] == train[target].mode()[0]).mean()
    assert set(table.index) == {
        "words", "layer 0", "attempts", "length", "entropy", "majority",
    }  # fmt: skip
    ahead = set(table.index[(table["more"] < -0.08) & (table["value"] > 0.75)])
    assert knows <= ahead
    if target == "by nothing":
        assert table["value"].between(0.35, 0.65).all()
    assert "majority" not in ahead


def test_entropy_is_that_of_the_next_token(
    random_model: Any, family_folder: Any
) -> None:
    plain, tokenizer = load_plain(family_folder("llama"))
    found = next_entropy(random_model, TEXTS)
    for got, text in zip(found, TEXTS, strict=True):
        with torch.no_grad():
            logits = plain(torch.tensor([tokenizer(text)["input_ids"]])).logits[0, -1]
        right = torch.distributions.Categorical(logits=logits).entropy()
        assert float(got) == pytest.approx(float(right), abs=1e-4)


def test_an_own_reader_stands_beside_them() -> None:
    one, other = np.eye(2)[[0, 1, 1, 0, 1]], np.eye(2)[[0, 0, 1, 1, 1]]
    found = Readers(["calm", "sad"], {"own": one, "words": other})
    truth = ["calm", "sad", "sad", "calm", "sad"]
    assert found.right("words", truth).tolist() == [1, 0, 1, 0, 1]
    table = found.table(truth, None, "own").set_index("reader")
    assert table.loc["own", "value"] == 1
    assert table.loc["words", "difference"] == pytest.approx(0.4)
    assert list(found.table(truth, None)) == ["reader", "value", "low", "high"]


def test_bad_input(random_model: Any) -> None:
    rows = texts(8, 0)
    with pytest.raises(ValueError, match="no column 'position'"):
        simple_readers(random_model, rows, rows, "by word", numbers=["position"])
    with pytest.raises(ValueError, match="is True everywhere"):
        simple_readers(random_model, rows.assign(x=True), rows.assign(x=True), "x")
