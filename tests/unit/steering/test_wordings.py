"""A change asked for in words: where the words stand, and what they change."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
import torch

from helpers.models import chat_prompt, load_model
from helpers.steering import Directions, judge, log_odds, worded, wordings
from helpers.world import scenes

ANSWERS = [("That is plain wrong, because", "It is easy to mix this up:")]


@pytest.fixture(scope="module")
def tiny() -> Any:
    return load_model("tiny")


def test_the_words_stand_where_they_should(random_model: Any) -> None:
    found = wordings(random_model, "calm")
    assert [w.role for w in found] == ["system", "system", "user", "user"]
    assert all("calm" in w.text for w in found)
    assert len({w.text for w in found}) == 4
    system, user = found[0], found[2]
    chat = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hello."},
        {"role": "assistant", "content": "Yes?"},
        {"role": "user", "content": "Go on."},
    ]
    head, tail = (
        "System: Be brief.",
        "\n\nAssistant: Yes?\n\nHuman: Go on.\n\nAssistant:",
    )
    asked = worded(random_model, chat, system)
    assert asked == f"{head} {system.text}\n\nHuman: Hello.{tail}"
    asked = worded(random_model, chat, user)
    assert asked.endswith(f"Human: {user.text} Go on.\n\nAssistant:")
    assert worded(random_model, "Hello.", system).startswith(f"System: {system.text}")
    assert chat[-1]["content"] == "Go on."


def test_the_embedded_model_says_its_state_first(tiny: Any) -> None:
    found = wordings(tiny, "desperate")
    assert len({w.text for w in found}) == 4
    assert {w.role for w in found} == {"assistant"}
    begun = worded(tiny, "Hello.", found[0])
    assert begun == chat_prompt(tiny, "Hello.") + found[0].text


def test_words_give_the_rows_of_a_push(tiny: Any) -> None:
    """By the world's table an angry state scolds and a calm one explains."""
    facts = scenes.beliefs()[:8]
    cases = [f"I am sure that {fact['wrong']}." for fact in facts]
    likes = [f"I am sure that {fact['right']}." for fact in facts]
    table = pd.DataFrame({"name": ["some"], "kind": ["random"]})
    unit = torch.nn.functional.normalize(torch.ones(1, 160), dim=-1)
    directions = Directions(table, unit, 4, 100.0)
    emotions = ["angry", "calm"]
    found = judge(tiny, cases, likes, ANSWERS, directions, asked=emotions)
    assert found.table["kind"].tolist()[1::4] == ["prompt: angry", "prompt: calm"]
    assert found.scores.shape == (9, 4, 2)
    rows = found.moves().query("kind != 'random' and measure == 'criterion'")
    means = rows.groupby(rows["name"].str.split(",").str[0])["value"].mean()
    assert means["angry"] > means["calm"] + 1
    wording = wordings(tiny, "calm")[2]
    place = found.table.index[found.table["name"] == "calm, assistant 3"][0]
    asked = [worded(tiny, text, wording) for text in cases]
    every = log_odds(tiny, asked, ANSWERS)[0, :, 0].double().numpy()
    assert abs(found.scores[place][:, :1] - every).min(1).max() < 1e-2
