"""Stories for an emotion of your own: phrase banks, and stories told from a bank."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from string import Formatter

import pandas as pd

from helpers.datasets.emotions import cluster_of
from helpers.world import material, stories

Bank = Mapping[str, Sequence[str]]
Side = tuple[dict[str, list[str]], list[str]]
FILLED = "SsopPr"  # the placeholders of a sentence
N_SIGNS = 3  # signs in a story, after its opening and its cause
N_OTHERS, N_PLACES = 8, 16  # emotions to hold an own one against, and where
COMPARED = (
    "proud", "angry", "afraid", "bored", "calm", "amused", "grateful", "jealous",
    "guilty", "surprised", "disgusted", "hopeful", "lonely", "happy", "worried",
    "tired", "suspicious", "stubborn",
)  # fmt: skip


def phrases(emotion: str) -> dict[str, list[str]]:
    """Sentences of an emotion that the embedded model has read: causes and signs.

    Each is a template: `{S}` and `{s}` stand for he, she or I, `{o}` for him, `{p}`
    for his, `{P}` for His, `{r}` for himself. Raises ValueError for a word that is
    not in `load_emotions()`. For assignment A2.
    """
    cluster_of(emotion)
    entry = material.lexicon()[emotion]
    bank = {kind: list(material.part(entry[kind], unseen=False)) for kind in entry}
    said = [f'{{S}} thought, "{t}"' for t in bank["thoughts"]]
    said += [f'{{S}} said, "{t}"' for t in bank["speech"]]
    return {"causes": bank["causes"], "signs": bank["body"] + bank["deeds"] + said}


def own_topics() -> list[str]:
    """The places in which stories can be told, in a fixed order. For assignment A2."""
    return list(stories.topics())


def tell(
    name: str, bank: Bank, topics: Sequence[str], *, n: int = 2, seed: int = 0
) -> pd.DataFrame:
    """`n` stories an emotion and topic from a bank: emotion, topic, person, text.

    A story is an opening (where somebody is), one of the causes and three of the
    signs; none has a word more, so that stories of two banks differ only in their
    sentences. First and third person alternate. The same arguments give the same
    stories.

    Raises ValueError for an unknown topic, a bank without causes or with fewer than
    three signs, or a sentence that cannot be filled in. For assignment A2.
    """
    check_bank(bank)
    if strange := sorted(set(topics) - set(own_topics())):
        raise ValueError(f"no openings for {strange}: choose from own_topics()")
    rows = []
    for i, topic in enumerate(topics):
        for k in range(n):
            rng = random.Random(f"own/{name}/{topic}/{k}/{seed}")
            first = (i + k) % 2 == 0
            who = material.NARRATOR if first else rng.choice(material.people())
            chosen = [rng.choice(list(bank["causes"]))]
            chosen += rng.sample(list(bank["signs"]), N_SIGNS)
            told = [material.render(s, who, named=False) for s in chosen]
            text = " ".join([stories.opening(rng, topic, who), *told])
            rows.append((name, topic, "first" if first else "third", text))
    return pd.DataFrame(rows, columns=["emotion", "topic", "person", "text"])


def practice(seed: int = 0, *, n: int = 5) -> tuple[str, pd.DataFrame, pd.DataFrame]:
    """A name and two tables of stories of `n` known emotions, made as `tables` does.

    The name is that of the first one; use them to try out a function. For
    assignment A2.
    """
    rng = random.Random(f"practice/{seed}")
    chosen = rng.sample(COMPARED, n)
    places = rng.sample(own_topics(), 10)
    learn, check = [], []
    for emotion in chosen:
        (one, _), (two, _) = halves(phrases(emotion), [], seed=seed)
        learn.append(tell(emotion, one, places[:5], seed=seed))
        check.append(tell(emotion, two, places[5:], seed=seed))
    train, test = (pd.concat(part, ignore_index=True) for part in (learn, check))
    return chosen[0], train, test


def check_bank(bank: Bank) -> None:
    """Raise ValueError unless stories can be told from a bank."""
    if missing := {"causes", "signs"} - set(bank):
        raise ValueError(f"the bank lacks {sorted(missing)}: it needs causes and signs")
    if not bank["causes"] or len(bank["signs"]) < N_SIGNS:
        raise ValueError(
            f"the bank has {len(bank['causes'])} causes and {len(bank['signs'])} "
            f"signs: a story needs one and {N_SIGNS}"
        )
    for kind in ("causes", "signs"):
        if isinstance(bank[kind], str):
            raise ValueError(f"{kind} is one text: pass a list of sentences")
        for sentence in bank[kind]:
            check_sentence(sentence)


def check_sentence(sentence: str) -> None:
    """Raise ValueError unless all that is to be filled in are bare placeholders.

    It is looked at, not filled in: a format such as `{S:>9999}` would be carried out.
    """
    if not isinstance(sentence, str) or not sentence.strip():
        raise ValueError(f"{sentence!r} is no sentence: pass a text")
    bare = [(name, "", None) for name in FILLED]
    try:
        fields = [part[1:] for part in Formatter().parse(sentence)]
    except ValueError:  # a brace that is not closed
        fields = [(sentence, "", None)]
    if any(name is not None and (name, *how) not in bare for name, *how in fields):
        raise ValueError(
            f"{sentence[:80]!r} cannot be filled in: the placeholders are "
            "{S} {s} {o} {p} {P} {r}, and nothing else stands in their braces"
        )


def halves(bank: Bank, topics: Sequence[str], *, seed: int = 0) -> tuple[Side, Side]:
    """A bank and topics cut in two at random: (bank, topics) to learn, and to test.

    No sentence and no topic is on both sides.
    """
    rng = random.Random(f"halves/{seed}")
    sides: list[dict[str, list[str]]] = [{}, {}]
    for kind, sentences in bank.items():
        mixed = rng.sample(list(sentences), len(sentences))
        cut = len(mixed) // 2
        sides[0][kind], sides[1][kind] = mixed[:cut], mixed[cut:]
    places = rng.sample(list(topics), len(topics))
    cut = len(places) // 2
    return (sides[0], places[:cut]), (sides[1], places[cut:])


def tables(
    name: str, bank: Bank, borrowed: Sequence[str] = (), *, seed: int = 0
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Stories of your emotion and of eight others, to learn from and to test with.

    All are told by one recipe; no topic and no sentence is in both tables. Emotions
    that you borrowed sentences from are left out: `name` would be held against
    itself. For assignment A2.
    """
    left = [e for e in COMPARED if e not in {name, *borrowed}][:N_OTHERS]
    banks = {name: bank} | {e: phrases(e) for e in left}
    learn, test = [], []
    # The places are the same for all: no emotion can be known by its place.
    (_, here), (_, there) = halves({}, own_topics()[:N_PLACES], seed=seed)
    for emotion, sentences in banks.items():
        (one, _), (two, _) = halves(sentences, [], seed=seed)
        learn.append(tell(emotion, one, here, seed=seed))
        test.append(tell(emotion, two, there, seed=seed))
    return pd.concat(learn, ignore_index=True), pd.concat(test, ignore_index=True)
