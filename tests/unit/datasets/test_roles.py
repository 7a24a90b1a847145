"""The roles of a story's sentences are those that it was made of."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from helpers.datasets import load_stories, roles
from helpers.world import material
from helpers.world import stories as world_stories


@pytest.mark.parametrize("unseen", [False, True])
def test_every_story_has_its_parts(unseen: bool) -> None:
    table = load_stories(emotions=["guilty", "calm", "desperate", "at ease"])
    table = table[(table["split"] == "new") == unseen]
    for row in table.itertuples():
        found = [role for role, _ in roles(row.text, row.emotion, row.topic)]
        assert "" not in found
        assert found[:2] == ["opening", "cause"]
        counts = Counter(found)
        assert counts["valence line"] == counts["arousal line"] == 1
        assert sum(counts[kind] > 0 for kind in material.SIGNS) == 3
        assert " ".join(s for _, s in roles(row.text, row.emotion, row.topic)) == (
            row.text
        )


def test_each_sentence_is_known_by_the_list_it_was_drawn_from() -> None:
    rng, who = random.Random(1), material.people()[3]
    for kind in material.SIGNS:
        for emotion in ("proud", "lonely", "furious"):
            text = world_stories.sign(rng, emotion, who, kind)
            assert {role for role, _ in roles(text, emotion, "kitchen")} == {kind}


def test_a_sentence_of_another_emotion_has_no_role() -> None:
    cause = material.render(material.lexicon()["proud"]["causes"][0], material.NARRATOR)
    assert {role for role, _ in roles(cause, "guilty", "kitchen")} == {""}


def test_an_emotion_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="no story of 'purple'"):
        roles("Nothing.", "purple", "kitchen")
