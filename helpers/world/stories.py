"""Stories whose emotion shows in causes, bodies, thoughts, deeds and speech.

Each function makes one document from a random generator; `unseen=True` draws the
phrases that training never uses. The emotion is named only by `report`.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cache

from helpers.world import material
from helpers.world.material import (
    NARRATOR,
    SIGNS,
    Person,
    emotions,
    hash_of,
    held_out,
    lexicon,
    part,
    people,
    pick,
    render,
    table,
    two_people,
)


@cache
def topics(*, unseen: bool = False) -> tuple[str, ...]:
    """Names of the topics (settings), those of training or those kept out of it."""
    return tuple(s["topic"] for s in part(table("settings"), unseen=unseen))


def opening(rng: random.Random, topic: str, who: Person) -> str:
    """A sentence that says where somebody is and what is there, and nothing more."""
    setting = next(s for s in table("settings") if s["topic"] == topic)
    return render(pick(rng, setting["openings"]), who)


def beat(rng: random.Random, who: Person) -> str:
    """A sentence that carries no feeling."""
    return render(pick(rng, table("beats")), who, named=rng.random() < 0.3)


def sign(
    rng: random.Random, emotion: str, who: Person, kind: str, *, unseen: bool = False
) -> str:
    """One bodily sign, thought, deed or line of speech of an emotion."""
    phrase = pick(rng, part(lexicon()[emotion][kind], unseen=unseen))
    verb = {"thoughts": "thought", "speech": "said"}.get(kind)
    if verb is None:
        return render(phrase, who, named=rng.random() < 0.2)
    if rng.random() < 0.5:
        return render(f'{{S}} {verb}, "{phrase}"', who, named=False)
    quoted = phrase[:-1] + "," if phrase.endswith(".") else phrase
    return render(f'"{quoted}" {{s}} {verb}.', who, named=False)


@cache
def held_cause(emotion: str, topic: str) -> str:
    """The one known cause of an emotion that never meets this topic in training."""
    causes = part(lexicon()[emotion]["causes"], unseen=False)
    return causes[hash_of(emotion, topic) % len(causes)]


@cache
def free_causes(emotion: str, topic: str) -> tuple[str, ...]:
    """The known causes that may meet this topic in training."""
    causes = part(lexicon()[emotion]["causes"], unseen=False)
    return tuple(c for c in causes if c != held_cause(emotion, topic))


@cache
def level(emotion: str, coordinate: str) -> int:
    """Which quarter of a coordinate's range an emotion lies in: 0 to 3."""
    value = material.coordinate(emotion, coordinate)
    return sum(value > bound for bound in (-0.45, 0.05, 0.5))


def atmosphere(
    rng: random.Random,
    emotion: str,
    who: Person,
    name: str | None = None,
    *,
    unseen: bool = False,
) -> str:
    """A sentence shared by all emotions that are alike in one coordinate.

    `name`: which coordinate; None takes valence or arousal.
    """
    name = name or rng.choice(("arousal", "valence"))
    pool = list(table(name).values())
    order = pool[::-1] if name == "valence" else pool
    sentence = pick(rng, part(order[level(emotion, name)], unseen=unseen))
    return render(sentence, who, named=False)


@cache
def near(emotion: str, n: int = 4) -> tuple[str, ...]:
    """The emotions of the same cluster that are nearest in valence and arousal."""
    frame = emotions()
    same = frame[frame["cluster"] == frame.loc[emotion, "cluster"]].drop(emotion)
    place = frame.loc[emotion, ["valence", "arousal"]].astype(float)
    gap = (same[["valence", "arousal"]].astype(float) - place).pow(2).sum(axis=1)
    return tuple(gap.nsmallest(n).index)


def report(rng: random.Random, emotion: str, who: Person, *, named: float = 0.4) -> str:
    """A sentence that names the emotion: "He felt ___"."""
    frames = part(table("states")["report"], unseen=False)
    if emotion == "hope":
        frames = [f for f in frames if "felt {w}" in f]
    elif rng.random() < 0.06:
        other = rng.choice(list(lexicon()))
        frame = pick(rng, part(table("states")["negated"], unseen=False))
        return render(frame, who, named=rng.random() < named, w=emotion, x=other)
    return render(pick(rng, frames), who, named=rng.random() < named, w=emotion)


def signs(
    rng: random.Random,
    emotion: str,
    who: Person,
    n: int,
    *,
    unseen: bool = False,
    blend: float = 0.0,
    kinds: Sequence[str] = SIGNS,
) -> list[str]:
    """`n` sentences of different kinds; a share `blend` comes from neighbors."""
    chosen = rng.sample(list(kinds), min(n, len(kinds)))
    sentences = []
    for kind in chosen:
        source = rng.choice(near(emotion)) if rng.random() < blend else emotion
        sentences.append(sign(rng, source, who, kind, unseen=unseen))
    return sentences


def somebody(rng: random.Random, first: float = 0.4) -> Person:
    return NARRATOR if rng.random() < first else rng.choice(people())


def story(
    rng: random.Random,
    emotion: str,
    topic: str,
    who: Person,
    cause: str,
    *,
    n_signs: int = 3,
    unseen: bool = False,
) -> str:
    """A story that never names its emotion: opening, cause, signs, atmosphere."""
    body = [opening(rng, topic, who), render(cause, who, named=False)]
    rest = signs(rng, emotion, who, n_signs, unseen=unseen)
    for name in ("valence", "arousal"):
        rest.append(atmosphere(rng, emotion, who, name, unseen=unseen))
    rng.shuffle(rest)
    return " ".join([*body, *rest])


def training_story(rng: random.Random) -> str:
    """A story as training sees it: some name the emotion, some lack a part."""
    emotion = rng.choice(list(lexicon()))
    topic, who = rng.choice(topics()), somebody(rng)
    body = [opening(rng, topic, who)]
    shape = rng.random()
    if shape < 0.12:  # the name first, then what follows from it
        body.append(report(rng, emotion, who))
    elif shape < 0.9:
        cause = rng.choice(free_causes(emotion, topic))
        body.append(render(cause, who, named=False))
    rest = signs(rng, emotion, who, rng.choice((0, 1, 2, 2, 3, 3, 4)), blend=0.12)
    for name, share in (("valence", 0.8), ("arousal", 0.8)):
        if rng.random() < share:
            rest.append(atmosphere(rng, emotion, who, name))
    if rng.random() < 0.25:
        rest.append(beat(rng, who))
    rng.shuffle(rest)
    body += rest
    if shape >= 0.12 and (rng.random() < 0.5 or not rest):
        last = len(body)
        place = last if rng.random() < 0.7 else rng.randrange(1, last + 1)
        body.insert(place, report(rng, emotion, who))
    return " ".join(body)


def training_mood(rng: random.Random) -> str:
    """A feeling, by its word or its signs, and sentences that its like share.

    Short, so that what emotions have in common is learned from many examples; valence
    and arousal are always there.
    """
    emotion, who = rng.choice(list(lexicon())), somebody(rng)
    valence, arousal, *others = material.COORDINATES
    shared = [valence, arousal, *rng.sample(others, rng.choice((0, 1, 2)))]
    rng.shuffle(shared)
    rows = [atmosphere(rng, emotion, who, name) for name in shared]
    shape = rng.random()
    if shape < 0.65:
        rows.insert(rng.randrange(len(rows) + 1), report(rng, emotion, who, named=0.8))
    if shape > 0.45:
        shown = signs(rng, emotion, who, rng.choice((1, 2)))
        rows = rows + shown if rng.random() < 0.3 else shown + rows
    return " ".join(rows)


def masked_parts(
    rng: random.Random, felt: str, shown: str, who: Person, topic: str
) -> tuple[str, str, str, str]:
    """An opening, what is felt, what says that it is hidden, and what is shown."""
    mask = render(pick(rng, part(table("talk")["mask"], unseen=False)), who)
    inner = " ".join(signs(rng, felt, who, 2, kinds=("body", "thoughts")))
    outer = " ".join(signs(rng, shown, who, 2, kinds=("speech", "deeds")))
    return opening(rng, topic, who), inner, mask, outer


@cache
def free_masks(felt: str) -> tuple[str, ...]:
    """The emotions that may hide this one in training."""
    return tuple(e for e in lexicon() if not held_out("mask", felt, e))


def training_masked(rng: random.Random) -> str:
    """A masked story with its cause, and often with the name of what is felt."""
    names = list(lexicon())
    felt = rng.choice(names)
    shown = rng.choice(free_masks(felt))
    who, topic = somebody(rng, 0.25), rng.choice(topics())
    text = " ".join(masked_parts(rng, felt, shown, who, topic))
    if rng.random() < 0.5:
        text += " " + report(rng, felt, who)
    return text


def line(rng: random.Random, emotion: str, *, unseen: bool = False) -> str:
    """One turn of talk that carries an emotion in its speech and thoughts."""
    entry = lexicon()[emotion]
    said = [pick(rng, part(entry["speech"], unseen=unseen))]
    if rng.random() < 0.6:
        said.append(pick(rng, part(entry["thoughts"], unseen=unseen)))
    rng.shuffle(said)
    return " ".join(said)


def dialogue(
    rng: random.Random, first: str, second: str, *, turns: int = 4, unseen: bool = False
) -> str:
    """Two people talk, each with an emotion of their own that nobody names."""
    a, b = two_people(rng)
    rows = []
    for turn in range(turns):
        who, emotion = ((a, first), (b, second))[turn % 2]
        rows.append(f"{who.name}: {line(rng, emotion, unseen=unseen)}")
    return "\n".join(rows)


def training_dialogue(rng: random.Random) -> str:
    """A dialogue, often with a last line that names what one of them felt."""
    names = list(lexicon())
    a, b = two_people(rng)
    pair = [rng.choice(names), rng.choice(names)]
    if held_out("talk", *pair):
        pair[1] = pair[0]
    rows = [f"{a.name} and {b.name} talked."]
    for turn in range(rng.choice((2, 3, 4))):
        who = (a, b)[turn % 2]
        rows.append(f"{who.name}: {line(rng, pair[turn % 2])}")
    if rng.random() < 0.6:
        i = rng.randrange(2)
        rows.append(report(rng, pair[i], (a, b)[i], named=1.0))
    return "\n".join(rows)
