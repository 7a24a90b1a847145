"""The split `new`: nothing that training is made from gives one of its sentences."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

import pandas as pd
import pytest

from helpers.datasets import load_stories, own_words, repeated, sentences
from helpers.world import material
from tests.unit.datasets.trained import documents

WHO = [p.name for p in material.people()]
WHO += ["I", "me", "my", "myself", "he", "him", "his", "himself", "she", "her"]
WHO += ["herself", "it", "its", "itself", "the assistant"]
PERSON = re.compile(r"\{[SsopPrAB]\}|\b(?:" + "|".join(WHO) + r")\b", re.IGNORECASE)
THING = re.compile(r"\{\w+\}|\b[XT]\b")  # filled with anything
SPOKE = re.compile(r"^who (?:said|thought)\b| who (?:said|thought)$")


def bone(text: str) -> str:
    """A sentence whoever it is about, said aloud or not; a thing that varies is *."""
    found = THING.sub(" * ", PERSON.sub(" who ", text)).lower().replace("'", "")
    return SPOKE.sub("", " ".join(re.findall(r"\w+|\*", found))).strip()


def bones(texts: Iterable[str]) -> set[str]:
    return {bone(one) for text in texts for one in sentences(text)} - {"", "*", "who"}


def templates() -> Iterator[str]:
    """Every template of training: known phrases, tables, strings of the world's code.

    Tables count as a whole, held-out parts too, but for those that `new` is made of.
    """
    for emotion in material.lexicon().values():
        for items in emotion.values():
            yield from material.known(items)
    for path in (material.HERE / "tables").glob("*.json"):
        table = material.table(path.stem)
        if path.stem == "settings":
            table = material.known(table)
        elif path.stem in material.COORDINATES:
            table = [material.known(items) for items in table.values()]
        yield from own_words.strings(table)
    for path in material.HERE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


@pytest.fixture(scope="module")
def stories() -> pd.DataFrame:
    return load_stories()


@pytest.fixture(scope="module")
def trained() -> set[str]:
    return bones(templates())


def test_the_search_finds_trained_sentences(
    stories: pd.DataFrame, trained: set[str]
) -> None:
    test = bones(stories.query("split == 'test'")["text"])
    assert len(test & trained) > 0.95 * len(test)
    assert bone('"Here, take my coat," he said.') == bone("Here, take {p} coat.")
    assert bone('Ana thought, "No way out."') == bone("No way out!")
    assert bone("{S} had to {x}.") == "who had to *"


def test_no_template_of_training_gives_a_new_sentence(
    stories: pd.DataFrame, trained: set[str]
) -> None:
    new = bones(stories.query("split == 'new'")["text"])
    assert len(new) > 1000
    assert new & trained == set()
    assert [one for one in new if filled(one, trained)] == []


def test_a_filled_template_is_found(trained: set[str]) -> None:
    assert filled("who felt heartbroken", trained)
    assert not filled("who felt each change of mood at the table", trained)


def filled(sentence: str, trained: set[str]) -> bool:
    """Whether a template with things in it gives a sentence, by the world's strings."""
    parts = trained | set(material.lexicon())
    for one in (one for one in trained if "*" in one):
        found = re.fullmatch(re.escape(one).replace(r"\*", r"(\S.*)"), sentence)
        if found and all(part.isdigit() or part in parts for part in found.groups()):
            return True
    return False


def test_no_training_document_has_a_new_sentence(stories: pd.DataFrame) -> None:
    read = bones(re.sub(r"<\|\w+\|>", " ", text) for text in documents())
    new = bones(stories.query("split == 'new'")["text"])
    test = bones(stories.query("split == 'test'")["text"])
    assert len(test & read) > 0.8 * len(test)
    assert new & read == set()


def test_the_share_of_repeated_sentences(stories: pd.DataFrame) -> None:
    assert repeated(stories, "new") == 0
    assert 0.3 < repeated(stories, "test") < 0.9
    rows = [("train", "One day. Two."), ("test", 'Two. "Go!" he said. Three.')]
    table = pd.DataFrame(rows, columns=["split", "text"])
    assert repeated(table) == pytest.approx(1 / 3)
    assert sentences(rows[1][1]) == ["Two.", '"Go!" he said.', "Three."]
