"""A random model writes badly: what the linter keeps, and what is said to be gone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from helpers.datasets import lint as linter
from helpers.models import load_model
from helpers.steering import generate, story_writing
from helpers.steering.story_writing import (
    Slot,
    faults,
    plan,
    seed_of,
    story_prompt,
    tidy,
    write_stories,
)
from tests.unit.families import make_folder

EMOTIONS, TOPICS = ["afraid", "calm"], ["a letter arrives", "the phone rings at night"]
SHORT: dict[str, Any] = {"max_new_tokens": 24, "progress": False}


@pytest.fixture(scope="module")
def writer(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A tiny random model with room for the prompt, and a chat template or not."""
    root = tmp_path_factory.mktemp("writer")
    folder = make_folder(root, "llama", max_position_embeddings=2048)
    return load_model(folder, device="cpu")


@pytest.fixture
def loose(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stories may be short: all other rules hold."""
    monkeypatch.setattr(linter, "WORDS", (1, 200))


def test_every_story_of_a_random_model_is_rejected_and_told(
    writer: Any, own_cache: Path
) -> None:
    found = write_stories(writer, EMOTIONS, TOPICS, drafts=2, **SHORT)
    assert len(found.stories) == 0
    assert found.missing == plan(EMOTIONS, TOPICS)
    assert set(found.rejected["rule"]) >= {"length"}
    tries = found.rejected.drop_duplicates(["emotion", "topic", "draft"])
    assert len(tries) == 2 * len(found.missing)
    said = found.report()
    assert said.startswith("0 of 4 stories passed the linter; 8 drafts were rejected")
    assert "no draft passed, among them: afraid, calm" in said


def test_kept_stories_pass_and_the_rest_failed(
    writer: Any, own_cache: Path, loose: None
) -> None:
    found = write_stories(writer, EMOTIONS, TOPICS, drafts=3, **SHORT)
    assert 0 < len(found.stories) < 4
    assert len(found.stories) + len(found.missing) == 4
    for story in found.stories.itertuples():
        slot = Slot(story.emotion, story.topic, story.person)
        assert story.seed == seed_of(0, slot, story.draft)
        raw = generate(
            writer,
            story_prompt(writer, slot),
            max_new_tokens=24,
            temperature=0.9,
            seed=[story.seed],
        )
        assert story.text == tidy(raw[0])
        assert faults(slot, story.text, {}, {}) == []
    assert set(found.stories["person"]) == {"third"}  # it never says I
    assert "person" in set(found.rejected["rule"])
    assert {"split", "text"} <= set(found.stories.columns)
    assert list(found.corpus["rule"])  # half of the stories are missing: told


@pytest.mark.usefixtures("loose")
def test_batches_and_seeds(writer: Any, own_cache: Path, monkeypatch: Any) -> None:
    one = write_stories(writer, EMOTIONS, TOPICS, drafts=2, batch_size=1, **SHORT)
    monkeypatch.setenv("EMOTION_VECTORS_CACHE", str(own_cache / "other"))
    all_ = write_stories(writer, EMOTIONS, TOPICS, drafts=2, batch_size=9, **SHORT)
    pd.testing.assert_frame_equal(one.stories, all_.stories)
    other = write_stories(writer, EMOTIONS, TOPICS, drafts=2, seed=1, **SHORT)
    assert not set(one.stories["text"]) & set(other.stories["text"])


@pytest.mark.usefixtures("loose")
def test_goes_on_after_a_break(
    writer: Any, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []

    def limited(most: int) -> Any:
        def stop(*args: Any, **options: Any) -> list[str]:
            calls.append(1)
            if len(calls) > most:
                raise KeyboardInterrupt
            return generate(*args, **options)

        return stop

    def run(most: int) -> pd.DataFrame:
        calls.clear()
        monkeypatch.setattr(story_writing, "generate", limited(most))
        options = {**SHORT, "drafts": 2, "batch_size": 1}
        return write_stories(writer, EMOTIONS, TOPICS, **options).stories

    with pytest.raises(KeyboardInterrupt):
        run(3)
    again, left = run(99), len(calls)
    monkeypatch.setenv("EMOTION_VECTORS_CACHE", str(own_cache / "other"))
    whole = run(99)
    pd.testing.assert_frame_equal(again, whole)
    assert len(calls) == left + 3  # three drafts were kept


STORY = (
    "Mara read the letter twice by the window and put it down. Her hands would not "
    "stay still, and the kettle screamed behind her. She locked the door, then the "
    "back door, then sat where nobody could see her from the street and counted the "
    "cars that slowed. When one stopped she held her breath until it drove away, and "
    "still she did not move for an hour."
)


def test_each_rule_rejects() -> None:
    slot = Slot("afraid", "a letter arrives", "third")
    stems = {"afraid": ["fear"]}
    assert faults(slot, STORY, stems, {}) == []
    cases = {
        "length": STORY[:90],
        "leak": STORY.replace("twice", "in fear"),
        "person": STORY.replace("Mara read", "I read"),
    }
    for rule, text in cases.items():
        assert {found for found, _ in faults(slot, text, stems, {})} == {rule}
    passed = {Slot("calm", "the phone rings at night", "third"): (STORY, 0, 0)}
    assert {found for found, _ in faults(slot, STORY, stems, passed)} == {"copy"}
    own = {
        Slot("calm", "x", "third"): ("Nothing here is alike at all, my friend.", 0, 0)
    }
    assert faults(slot, STORY, stems, own) == []


def test_tidy() -> None:
    assert tidy("**The Letter**\n\nShe ran. He fell. And th") == "She ran. He fell."
    assert tidy('"She ran."') == "She ran."
    assert tidy('"Go!" she said. "Now."\n') == '"Go!" she said. "Now."'
    assert tidy("no end") == "no end"
    assert tidy("  \n") == ""


def test_prompt_suits_the_model(writer: Any, monkeypatch: Any) -> None:
    slot = Slot("afraid", "a letter arrives", "first")
    plain = story_prompt(writer, slot)
    assert plain.endswith("Story:")
    template = "{% for m in messages %}<u>{{ m.content }}</u>{% endfor %}<a>"
    monkeypatch.setattr(writer.tokenizer, "chat_template", template)
    chat = story_prompt(writer, slot)
    assert chat.startswith("<u>Write one story of 70 to 100 words")
    assert chat.endswith("</u><a>")
    assert 'Never use the word "afraid"' in chat
    assert "first person (I)" in chat


def test_bad_plans() -> None:
    for emotions, topics, said in [
        ([], ["a"], "emotions is"),
        ("afraid", ["a"], "emotions is 'afraid': pass a list"),
        (["afraid"], ["a", "a"], "topics names one twice"),
    ]:
        with pytest.raises(ValueError, match=said):
            plan(emotions, topics)
    persons = [slot.person for slot in plan(EMOTIONS, ["a", "b", "c", "d"])]
    assert persons.count("first") == persons.count("third") == 4


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"drafts": 0}, "drafts is 0: pass 1 or more"),
        ({"drafts": 2.5}, r"drafts 2\.5 is not a whole number"),
        ({"batch_size": -1}, "batch_size is -1: pass 1 or more"),
        ({"batch_size": 1.0}, r"batch_size 1\.0 is not a whole number"),
        ({"max_new_tokens": 0}, "max_new_tokens is 0: pass 1 or more"),
        ({"temperature": -0.5}, r"temperature is -0\.5: pass 0 or more"),
        ({"temperature": float("nan")}, "temperature is nan"),
        ({"seed": "1"}, "seed '1' is not a whole number"),
    ],
)
def test_numbers_that_do_not_fit_are_refused(
    writer: Any, options: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        write_stories(writer, EMOTIONS, TOPICS, **(SHORT | options))


def test_numbers_of_numpy_give_the_same_drafts(writer: Any, own_cache: Path) -> None:
    given: dict[str, Any] = {"drafts": np.int64(1), "batch_size": np.array(3)}
    given |= {"seed": np.uint8(2), "max_new_tokens": torch.tensor(24)}
    found = write_stories(writer, EMOTIONS, TOPICS, progress=False, **given)
    right = write_stories(writer, EMOTIONS, TOPICS, drafts=1, seed=2, **SHORT)
    pd.testing.assert_frame_equal(found.rejected, right.rejected)
