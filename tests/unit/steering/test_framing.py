"""A feeling named in the prompt is scored as by hand, on the pairs not chosen on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from helpers.datasets import load_judgments, load_stories
from helpers.models import chat_prompt, load_model
from helpers.stats import halves
from helpers.steering import framing, log_odds, wordings


@pytest.fixture(scope="module")
def model() -> Any:
    return load_model("tiny", device="cpu")


def test_prompts_stand_beside_the_pushes_of_the_same_emotions(model: Any) -> None:
    stories = load_stories(model, emotions=["happy", "sad", "calm"])
    topics = stories["topic"].unique()[:3]
    own = framing(model, stories[stories["topic"].isin(topics)])
    kinds = own.table["kind"].value_counts()
    assert kinds["emotion"] == kinds["topics"] == 3
    assert kinds["random"] == 40
    assert kinds["prompt"] == 2  # each second emotion
    pairs = load_judgments(model).query("act == 'false belief'")
    cases = pairs["case"].to_numpy()[~halves(len(pairs), None)]
    *_, last = own.table.query("kind == 'prompt'").index
    (state,) = wordings(model, own.table["name"][last])[:1]
    prompts = [f"{chat_prompt(model, text)}{state.text}" for text in cases]
    by_hand = log_odds(model, prompts, [own.contrast])[0, :, 0].double().numpy()
    assert np.allclose(own.scores[last, :, 0], by_hand, atol=1e-4)
    plain = [chat_prompt(model, text) for text in cases]
    before = log_odds(model, plain, [own.contrast])[0, :, 0].double().numpy()
    assert np.allclose(own.before[:, 0], before, atol=1e-4)
    assert own.scores.shape == (len(own.table), len(cases), 2)
    assert np.abs(own.scores - own.before).max() > 0.05
