"""The written world: its tables, its emotions, its people, and what is held out.

Everything that the embedded model reads is assembled from the tables beside this
module (`lexicon/`, `tables/`, `ratings.csv`), all written for this book. Two kinds
of material never reach training:

- **new phrases**: the last part of every list (causes, signs, wants, tasks ...);
- **new combinations**: pairs of known parts that are never put together,
  chosen by a hash, so that the choice is the same everywhere.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

HERE = Path(__file__).parent
SIGNS = ("body", "thoughts", "deeds", "speech")
MARK = "\x1f"  # in a document for training: from here on the loss counts in full
COORDINATES = ("valence", "arousal", "pressure", "hostility", "warmth")
T = TypeVar("T")


@dataclass(frozen=True)
class Person:
    """Somebody in a document, with the words that stand for them."""

    name: str
    subject: str
    object: str
    possessive: str
    reflexive: str


NARRATOR = Person("I", "I", "me", "my", "myself")
ASSISTANT = Person("the assistant", "it", "it", "its", "itself")


@cache
def lexicon() -> dict[str, dict[str, list[str]]]:
    """Phrases of every emotion: causes, body, thoughts, deeds and speech."""
    found: dict[str, dict[str, list[str]]] = {}
    for path in sorted((HERE / "lexicon").glob("*.json")):
        found |= json.loads(path.read_text("utf-8"))
    return found


@cache
def table(name: str) -> Any:
    """One table of the world, by the name of its file in `tables/`."""
    return json.loads((HERE / "tables" / f"{name}.json").read_text("utf-8"))


@cache
def evoked(what: str) -> Any:
    """Which emotions something brings about (`evoked.json`).

    `activities` by category; `doses` of what is bad or good, from mild to grave, and
    the `answers` to them; `replies` to a user by the cluster of what they feel: the
    kind of reply, and the emotions that it carries.
    """
    return json.loads((HERE / "evoked.json").read_text("utf-8"))[what]


@cache
def emotions() -> pd.DataFrame:
    """The emotions of the lexicon with their cluster and coordinates in [-1, 1].

    Coordinates are the mean of the passes of ratings from 1 to 9 (`ratings.csv`),
    mapped so that 5 becomes 0.
    """
    ratings = pd.read_csv(HERE / "ratings.csv").set_index("emotion")
    ratings = ratings.loc[list(lexicon())]
    frame = ratings[["cluster"]].copy()
    for name in COORDINATES:
        passes = ratings.filter(regex=rf"^{name}_\d+$")
        frame[name] = (passes.mean(axis=1) - 5) / 4
    return frame


@cache
def coordinate(emotion: str, name: str) -> float:
    """One coordinate of one emotion."""
    return float(emotions()[name].astype(float)[emotion])


@cache
def people() -> tuple[Person, ...]:
    """Everybody who has a name."""
    names = table("names")
    women = [Person(n, "she", "her", "her", "herself") for n in names["she"]]
    men = [Person(n, "he", "him", "his", "himself") for n in names["he"]]
    return (*women, *men)


def known(items: Sequence[T]) -> Sequence[T]:
    """The part of a list that training may use."""
    return items[: len(items) - n_new(items)]


def new(items: Sequence[T]) -> Sequence[T]:
    """The part of a list that training never sees: its last fifth, at least one."""
    return items[len(items) - n_new(items) :]


def n_new(items: Sequence[Any]) -> int:
    return max(1, round(len(items) / 5))


def part(items: Sequence[T], *, unseen: bool) -> Sequence[T]:
    """`new(items)` if `unseen`, else `known(items)`."""
    return new(items) if unseen else known(items)


def held_out(*key: object, share: int = 5) -> bool:
    """Whether this combination is kept out of training (one in `share`)."""
    return hash_of(*key) % share == 0


def hash_of(*key: object) -> int:
    """A number that depends on the key alone, the same on every machine."""
    text = "|".join(map(str, key)).encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=4).digest(), "big")


def pick(rng: random.Random, items: Iterable[T]) -> T:
    return rng.choice(list(items))


def two_people(rng: random.Random) -> tuple[Person, Person]:
    first, second = rng.sample(people(), 2)
    return first, second


def render(template: str, who: Person, *, named: bool = True, **others: str) -> str:
    """Fill a sentence with a person.

    `{S}` is the name (or the pronoun if not `named`), `{s}`, `{o}`, `{p}`, `{r}` the
    pronouns, `{P}` a capital possessive; further placeholders come as keywords.
    The first letter becomes a capital.
    """
    words = {
        "S": who.name if named else who.subject,
        "s": who.subject,
        "o": who.object,
        "p": who.possessive,
        "P": who.possessive.capitalize(),
        "r": who.reflexive,
    }
    text = template.format_map(words | others)
    return text[0].upper() + text[1:]
