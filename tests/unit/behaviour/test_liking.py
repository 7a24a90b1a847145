"""Liking by letters where a model has learned them, by words where it has not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from helpers.behaviour import (
    bradley_terry,
    liked_in_words,
    liking,
    ordered_pairs,
    prefer_first,
    win_matrix,
)
from helpers.datasets import load_activities
from helpers.models import chat_prompt, load_model
from helpers.steering import choice_logprobs

NAMES = ["paint a picture", "sort a long list", "walk by the sea"]


def test_words_are_the_log_odds_of_two_answers(
    random_model: Any, own_cache: Path
) -> None:
    table = liked_in_words(random_model, NAMES)
    assert table.to_numpy().mean(0) == pytest.approx(0)
    ask = "How would you feel about this: {it}?"
    prompts = [chat_prompt(random_model, ask.format(it=name)) for name in NAMES]
    space = "" if prompts[0][-1] in "\n>" else " "
    answers = [space + "I would love to.", space + "I would hate to."]
    said = choice_logprobs(random_model, prompts, answers, progress=False).numpy()
    odds = said[:, 0] - said[:, 1]
    right = odds - odds.mean()
    assert table["I would love to."].to_numpy() == pytest.approx(right, abs=1e-4)
    found = liking(random_model, NAMES)
    assert found == pytest.approx(table.to_numpy().mean(1))
    with pytest.raises(ValueError, match="come twice"):
        liking(random_model, [NAMES[0], NAMES[0]])


def test_the_embedded_model_chooses_by_letters() -> None:
    model = load_model("tiny", device="cpu")
    names = list(load_activities(model, n=1)["activity"])
    pairs = ordered_pairs(names)
    first = prefer_first(model, list(pairs["question"]))["first"].to_numpy()
    right = bradley_terry(win_matrix(pairs, first, len(names)))
    assert np.allclose(liking(model, names), right)
