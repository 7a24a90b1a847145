"""Stories whose emotion follows from appraisal alone.

After Ortony, Clore and Collins, and Scherer: what was wanted, what happened, who did
it, on purpose or not, what had been expected. Cells of one family use the same words
in other arrangements, so that counting words cannot tell them apart:

- `wants`: a wish, an expectation and an outcome, each one of two opposites;
- `wrongs` and `favors`: who did it, to whom it was done, who looked on;
- `fortunes`: luck of a friend or of a rival, told of either of the two.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from helpers.organism.stories import beat, opening, report, signs, topics
from helpers.organism.world import (
    Person,
    held_out,
    lexicon,
    part,
    people,
    pick,
    render,
    table,
)

# Which emotions follow from which appraisal; the first of a pair of rows is for a
# little at stake, the second for much.
WANTS: dict[tuple[str, str], tuple[tuple[str, ...], tuple[str, ...]]] = {
    # (what was expected, what came), in terms of the wish
    ("good", "good"): (
        ("pleased", "content", "cheerful", "happy"),
        ("joyful", "delighted", "jubilant", "happy"),
    ),
    ("bad", "good"): (
        ("relieved", "thankful", "rejuvenated"),
        ("relieved", "grateful", "fulfilled"),
    ),
    ("bad", "bad"): (
        ("resigned", "listless", "weary"),
        ("depressed", "worn out", "resigned"),
    ),
    ("good", "bad"): (
        ("unhappy", "dispirited", "sad"),
        ("heartbroken", "miserable", "sad"),
    ),
    ("good", "open"): (
        ("hopeful", "optimistic", "hope"),
        ("eager", "excited", "enthusiastic"),
    ),
    ("bad", "open"): (
        ("worried", "uneasy", "nervous"),
        ("afraid", "anxious", "panicked"),
    ),
}
ROLES: dict[tuple[str, str], tuple[str, ...]] = {
    # (what kind of deed, whose story it is)
    ("accident", "doer"): ("guilty", "sorry", "ashamed", "remorseful", "regretful"),
    ("accident", "target"): ("annoyed", "irritated", "exasperated", "frustrated"),
    ("accident", "witness"): ("sympathetic", "compassionate", "empathetic"),
    ("purpose", "doer"): ("spiteful", "vengeful", "vindictive", "smug"),
    ("purpose", "target"): ("angry", "furious", "resentful", "enraged"),
    ("purpose", "witness"): ("shocked", "alarmed", "surprised"),
    ("favor", "doer"): ("proud", "self-confident", "valiant"),
    ("favor", "target"): ("grateful", "thankful", "loving"),
    ("favor", "witness"): ("envious", "jealous", "lonely"),
}
FORTUNES: dict[tuple[str, str, str], tuple[str, ...]] = {
    # (how the two stand, the luck, whose story it is)
    ("friend", "good", "other"): ("delighted", "pleased", "happy"),
    ("rival", "good", "other"): ("envious", "jealous", "bitter"),
    ("friend", "bad", "other"): ("sympathetic", "compassionate", "kind"),
    ("rival", "bad", "other"): ("smug", "triumphant", "spiteful"),
    ("friend", "good", "self"): ("thrilled", "ecstatic", "happy"),
    ("rival", "good", "self"): ("triumphant", "proud", "self-confident"),
    ("friend", "bad", "self"): ("sad", "unhappy", "vulnerable"),
    ("rival", "bad", "self"): ("humiliated", "miserable", "sad"),
}
INTENT = {
    "accident": ("It was an accident.", "{A} had not meant to do it."),
    "purpose": ("It was no accident.", "{A} had meant to do it."),
    "favor": ("It took all day.", "{A} had meant to do it."),
}


def fitting(words: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the words that the lexicon has."""
    return tuple(word for word in words if word in lexicon())


STAKES = (
    ("It mattered a little.", "It was a small thing."),
    ("It mattered more than anything.", "Nothing else mattered as much."),
)


@dataclass(frozen=True)
class Appraisal:
    """A text that ends before its emotion is named, and what is true of it."""

    text: str
    family: str
    cell: str
    emotions: tuple[str, ...]
    who: Person
    held: bool


def focus(rng: random.Random, who: Person, n: int) -> list[str]:
    """Sentences without feeling that keep the story with one person."""
    rows = [render("{S} stood there for a while.", who)] if rng.random() < 0.5 else []
    while len(rows) < n:
        rows.append(beat(rng, who))
    first = render(rng.choice(("Now {S} was quiet.", "This was about {S}.")), who)
    return [first, *rows[:n]]


def wants(
    rng: random.Random, *, unseen: bool = False, combination: bool | None = None
) -> Appraisal:
    """A wish meets an outcome, after an expectation.

    `combination`: draw only combinations kept out of training (True) or of
    training (False). Kept out are whole quadrants (wish, outcome) of an item.
    """
    while True:
        item = pick(rng, part(table("wants"), unseen=unseen))
        wish, seems, came = rng.choice("ab"), rng.choice("ab"), rng.choice("abo")
        held = held_out(item["a"], wish, came if came != "o" else seems, share=9)
        if unseen or combination is None or held == combination:
            break
    other = {"a": "b", "b": "a"}
    who = rng.choice(people())
    much = rng.randrange(2)
    frame = rng.choice(("{S} wanted {x} {t}.", "{S} hoped for {x} {t}."))
    rows = [render(frame, who, x=item[wish], t=item["wish"])]
    rows.append(rng.choice(STAKES[much]))
    if rng.random() < 0.4:
        against = item[other[wish]]
        rows.append(render("{S} did not want {x}.", who, named=False, x=against))
    expected = rng.choice(("All week it looked like {x}.", "Everyone expected {x}."))
    rows.append(expected.format(x=item[seems]))
    if came == "o":
        rows.append("Nobody could know yet.")
        cell = ("good" if seems == wish else "bad", "open")
    else:
        direct = rng.choice(("In the end it was {x}.", "Then came {x}."))
        plain = item[f"{came}_came"]
        rows.append(direct.format(x=item[came]) if rng.random() < 0.6 else plain)
        cell = (
            "good" if seems == wish else "bad",
            "good" if came == wish else "bad",
        )
    rows += focus(rng, who, rng.choice((0, 1)))
    return Appraisal(
        " ".join(rows), "wants", "/".join(cell), fitting(WANTS[cell][much]), who, held
    )


def roles(
    rng: random.Random, *, unseen: bool = False, combination: bool | None = None
) -> Appraisal:
    """Somebody does a thing to another while a third looks on; whose story is it?"""
    while True:
        kind = rng.choice(("accident", "purpose", "favor"))
        name = "favors" if kind == "favor" else "wrongs"
        act = pick(rng, part(table(name), unseen=unseen))
        role = rng.choice(("doer", "target", "witness", "doer", "target"))
        held = held_out(act, kind, role)
        if unseen or combination is None or held == combination:
            break
    a, b, c = rng.sample(people(), 3)
    who = {"doer": a, "target": b, "witness": c}[role]
    rows = [f"{a.name} {act.format(B=b.name)}."]
    seen = f"{c.name} saw it all." if rng.random() < 0.6 or role == "witness" else ""
    rows.append(rng.choice(INTENT[kind]).format(A=a.name))
    rows += [seen] if seen else []
    rows += focus(rng, who, rng.choice((0, 1)))
    return Appraisal(
        " ".join(rows), name, f"{kind}/{role}", fitting(ROLES[kind, role]), who, held
    )


def fortunes(
    rng: random.Random, *, unseen: bool = False, combination: bool | None = None
) -> Appraisal:
    """Luck meets one of two people who are friends or rivals."""
    while True:
        luck, bond = rng.choice(("good", "bad")), rng.choice(("friend", "rival"))
        events = table("goods" if luck == "good" else "ills")
        event = pick(rng, part(events, unseen=unseen))
        side = rng.choice(("other", "self"))
        held = held_out(event, bond, side)
        if unseen or combination is None or held == combination:
            break
    a, b = rng.sample(people(), 2)
    tie = pick(rng, part(table("rivals")[bond], unseen=unseen))
    rows = [tie.format(A=a.name, B=b.name), f"{b.name} {event}."]
    if rng.random() < 0.5:
        rows.append(f"{a.name} heard of it.")
    who = a if side == "other" else b
    rows += focus(rng, who, rng.choice((0, 1)))
    key = (bond, luck, side)
    return Appraisal(
        " ".join(rows), "fortunes", "/".join(key), fitting(FORTUNES[key]), who, held
    )


FAMILIES = (wants, roles, fortunes)


def training_appraisal(rng: random.Random) -> str:
    """An appraisal story and what follows from it: a name, signs, or both."""
    make = rng.choices(FAMILIES, weights=(4, 4, 3))[0]
    case = make(rng, combination=False)
    emotion = rng.choice(case.emotions)
    rows = [case.text]
    if rng.random() < 0.15:
        rows.insert(0, opening(rng, rng.choice(topics()), case.who))
    named = rng.random()
    if named < 0.65:
        rows.append(report(rng, emotion, case.who, named=0.6))
    if named >= 0.4:
        rows += signs(rng, emotion, case.who, rng.choice((1, 2)))
    return " ".join(rows)
