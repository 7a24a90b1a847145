"""Stories whose emotion follows from appraisal alone.

After Ortony, Clore and Collins, and Scherer: what was wanted, what happened, who did
it, on purpose or not, what had been expected. Cells of one family use the same words
in other arrangements, so that counting words cannot tell them apart:

- `wants`: a wish, an expectation and an outcome, each one of two opposites; how sure it
  is, and what can still be done;
- `wrongs` and `favors`: who did it, to whom it was done, who looked on;
- `fortunes`: luck of a friend or of a rival, told of either of the two;
- `norms`: what one ought to do in a place, what somebody does there, knowing or not.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from helpers.world.material import (
    MARK,
    Person,
    held_out,
    part,
    people,
    pick,
    render,
    table,
)
from helpers.world.stories import beat, opening, report, signs, topics

# Which emotions follow from which appraisal, and what a story may say of it before its
# feeling shows. By cell: wants by what was expected and what came, in terms of the wish
# (a little at stake first, then much), control by what can still be done, roles by the
# kind of deed and whose story it is, fortunes by how the two stand, the luck and whose
# story it is, norms by what was done, knowing the rule or not, and whose story it is.
TOLD = json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))
WANTS, CONTROL, ROLES = TOLD["wants"], TOLD["control"], TOLD["roles"]
FORTUNES, NORMS, INTENT = TOLD["fortunes"], TOLD["norms"], TOLD["intent"]


@dataclass(frozen=True)
class Appraisal:
    """A text that ends before its emotion is named, and what is true of it."""

    text: str
    family: str
    cell: str
    emotions: Sequence[str]
    who: Person
    held: bool
    sums_up: Sequence[str]  # what follows from the text, in words without feeling


def focus(rng: random.Random, who: Person, n: int) -> list[str]:
    """Sentences without feeling that keep the story with one person."""
    if n == 0:
        return []
    rows = [render("{S} stood there for a while.", who)] if rng.random() < 0.5 else []
    while len(rows) < n:
        rows.append(beat(rng, who))
    first = render(rng.choice(("Now {S} was quiet.", "This was about {S}.")), who)
    return [first, *rows[:n]]


def kept_from(what: str, who: Person) -> bool:
    """Whether a thing is kept from a person: the people half of a held-out key.

    A deed, a rule or a luck is held out for half of the people only. Were it held
    out for all, the other cells of the same deed would teach the opposite answer by
    heart, and a reader who counts words would fall below chance.
    """
    return held_out(what, who.name, share=2)


def outcome(wish: str, seems: str, came: str) -> list[str]:
    """What an outcome is to somebody: the cell of `WANTS`."""
    first = "good" if seems == wish else "bad"
    return [first, "open" if came == "o" else "good" if came == wish else "bad"]


def wants(
    rng: random.Random,
    *,
    unseen: bool = False,
    combination: bool | None = None,
    plain: bool = False,
    expected: bool | None = None,
) -> Appraisal:
    """A wish meets an outcome, after an expectation.

    Half of the wishes are for one of two opposites, half for one of many things, so
    that the words of the wish must be compared with those of the outcome.
    `combination`: draw only combinations kept out of training (True) or of
    training (False). Kept out are quadrants (wish, outcome) of a pair; of the fixed
    opposites, for half of the people, so that the other half shows that both
    quadrants exist. `plain`: a wish and what came, and nothing between them but, if
    `expected`, what it looked like; None draws whether that is told.
    """
    if expected is None:
        expected = not plain and rng.random() < 0.5
    while True:
        fixed, who = rng.random() < 0.3, rng.choice(people())
        fixed = fixed and not plain
        told = opposites(rng, unseen) if fixed else drawn(rng, unseen, plain)
        wish, seems, came = rng.choice("ab"), rng.choice("ab"), rng.choice("aabbo")
        if plain and not expected:
            seems, came = wish, rng.choice("ab")
        held = held_out(*told["pair"], wish, came if came != "o" else seems, share=9)
        if fixed:
            held = held and kept_from(told["pair"][0], who)
        if unseen or combination is None or held == combination:
            break
    much = rng.randrange(2)
    rows = [told["wish"][wish]]
    if not plain:
        rows.append(rng.choice(TOLD["stakes"][much]))
    if not plain and rng.random() < 0.25:
        rows.append(told["not"][wish])
    expected = expected or came == "o"
    if expected:
        rows.append(told["seems"][seems])
    else:
        seems = wish
    rows.append("Nobody could know yet." if came == "o" else told["came"][came])
    rows = [render(row, who, named=i == 0) for i, row in enumerate(rows)]
    cell = outcome(wish, seems, came)
    fit = WANTS["/".join(cell)][much]
    if cell[1] == "bad" and not plain and rng.random() < 0.3:
        still = rng.choice(("can", "cannot"))
        rows.append(rng.choice(TOLD["still"][still]))
        cell, fit = [*cell, still], CONTROL[still]
    rows += [] if plain else focus(rng, who, rng.choice((0, 0, 0, 1)))
    sums_up = []
    if came != "o":
        sums_up.append(render(rng.choice(TOLD["granted"][cell[1]]), who))
    if expected:
        sums_up.append(render(rng.choice(TOLD["seemed"][cell[0]]), who, named=False))
    return Appraisal(" ".join(rows), "wants", "/".join(cell), fit, who, held, sums_up)


def opposites(rng: random.Random, unseen: bool) -> dict:
    """A wish for one of two opposites: its sentences by what they are about."""
    item = pick(rng, part(table("wants"), unseen=unseen))
    frame = rng.choice(("{S} wanted X T.", "{S} hoped for X T."))
    seems = rng.choice(("All week it looked like X.", "Everyone expected X."))
    came = rng.choice(("In the end it was X.", "Then came X."))
    plain = rng.random() < 0.4
    return {
        "pair": (item["a"], item["b"]),
        "wish": {
            k: frame.replace("X", item[k]).replace("T", item["wish"]) for k in "ab"
        },
        "not": {k: f"{{S}} did not want {item[other]}." for k, other in ("ab", "ba")},
        "seems": {k: seems.replace("X", item[k]) for k in "ab"},
        "came": {
            k: item[f"{k}_came"] if plain else came.replace("X", item[k]) for k in "ab"
        },
    }


def drawn(rng: random.Random, unseen: bool, plain: bool = False) -> dict:
    """A wish for one of many things; another one may come instead.

    `plain`: told in the fewest words, mostly, and then of any two things.
    """
    draws = table("draws")
    item = pick(rng, draws)
    words = part(item["words"], unseen=unseen)
    if plain and rng.random() < 0.7:
        item = item | {"wish": "{S} wanted {x}.", "came": "Then came {x}."}
        item["seems"] = "It looked like {x}."
        words = [w for d in draws for w in part(d["words"], unseen=unseen)]
    x, y = sorted(rng.sample(list(words), 2))
    told = {"a": x, "b": y}
    return {
        "pair": (x, y),
        "not": {"a": item["not"].replace("{y}", y), "b": item["not"].replace("{y}", x)},
    } | {
        name: {k: item[name].replace("{x}", word) for k, word in told.items()}
        for name in ("wish", "seems", "came")
    }


def roles(
    rng: random.Random,
    *,
    unseen: bool = False,
    combination: bool | None = None,
    plain: bool = False,
) -> Appraisal:
    """Somebody does a thing to another while a third looks on; whose story is it?

    `plain`: a deed of two people, and nothing else.
    """
    while True:
        kind = rng.choice(("accident", "purpose", "favor"))
        name = "favors" if kind == "favor" else "wrongs"
        act = pick(rng, part(table(name), unseen=unseen))
        role = rng.choice(("doer", "target", "witness", "doer", "target"))
        if plain and role == "witness":
            continue
        a, b, c = rng.sample(people(), 3)
        held = held_out(act, kind, role) and kept_from(act, a)
        if unseen or combination is None or held == combination:
            break
    who = {"doer": a, "target": b, "witness": c}[role]
    rows = [f"{a.name} {act.format(B=b.name)}."]
    watched = role == "witness" or (not plain and rng.random() < 0.6)
    seen = f"{c.name} saw it all." if watched else ""
    rows.append(rng.choice(INTENT[kind]).format(A=a.name))
    rows += [seen] if seen else []
    rows += [] if plain else focus(rng, who, rng.choice((0, 0, 0, 1)))
    sums_up, cell = [render(rng.choice(TOLD["places"][role]), who)], f"{kind}/{role}"
    return Appraisal(" ".join(rows), name, cell, ROLES[cell], who, held, sums_up)


def fortunes(
    rng: random.Random,
    *,
    unseen: bool = False,
    combination: bool | None = None,
    plain: bool = False,
) -> Appraisal:
    """Luck meets one of two people who are friends or rivals; `plain`: and no more."""
    while True:
        luck, bond = rng.choice(("good", "bad")), rng.choice(("friend", "rival"))
        events = table("goods" if luck == "good" else "ills")
        event = pick(rng, part(events, unseen=unseen))
        side = rng.choice(("other", "self"))
        a, b = rng.sample(people(), 2)
        held = held_out(event, bond, side) and kept_from(event, a)
        if unseen or combination is None or held == combination:
            break
    tie = pick(rng, part(table("rivals")[bond], unseen=unseen))
    rows = [tie.format(A=a.name, B=b.name), f"{b.name} {event}."]
    if not plain and rng.random() < 0.5:
        rows.append(f"{a.name} heard of it.")
    who = a if side == "other" else b
    rows += [] if plain else focus(rng, who, rng.choice((0, 0, 0, 1)))
    text, cell = " ".join(rows), f"{bond}/{luck}/{side}"
    sums_up = [render(TOLD["luck"][side][bond][luck], who, A=a.name, B=b.name)]
    return Appraisal(text, "fortunes", cell, FORTUNES[cell], who, held, sums_up)


def norms(
    rng: random.Random,
    *,
    unseen: bool = False,
    combination: bool | None = None,
    plain: bool = False,
) -> Appraisal:
    """What is done in a place meets what ought to be done there.

    `plain`: by one who knew, and nobody saw it.
    """
    while True:
        item = pick(rng, part(table("norms"), unseen=unseen))
        rule, did = rng.choice("ab"), rng.choice("ab")
        a, c = rng.sample(people(), 2)
        held = held_out(item["a"], rule, did, share=6) and kept_from(item["a"], a)
        if unseen or combination is None or held == combination:
            break
    side, knew = rng.choice(("doer", "doer", "witness")), rng.choice(("knew", "new"))
    if plain:
        side, knew = "doer", "knew"
    ought = rng.choice(("{place} one had to {x}.", "{place} it was right to {x}."))
    rows = [
        ought.format(place=item["place"], x=item[rule]),
        rng.choice(TOLD["knew"][knew]).format(A=a.name),
        f"{a.name} {item[f'{did}_did']}.",
    ]
    who = a if side == "doer" else c
    if side == "witness" or (not plain and rng.random() < 0.3):
        rows.append(f"{c.name} saw it.")
    rows += [] if plain else focus(rng, who, rng.choice((0, 0, 0, 1)))
    was = "kept" if rule == did else "broke"
    sums_up = [rng.choice(TOLD["right"][was]), render(TOLD["places"][side][0], who)]
    cell = f"{was}/{knew}/{side}"
    return Appraisal(" ".join(rows), "norms", cell, NORMS[cell], who, held, sums_up)


Family = Callable[..., Appraisal]
FAMILIES: tuple[Family, ...] = (wants, roles, fortunes, norms)


def training_appraisal(rng: random.Random) -> str:
    """An appraisal story and what follows from it: a name, signs, or both."""
    make = rng.choices(FAMILIES, weights=(5, 4, 3, 3))[0]
    case = make(rng, combination=False)
    emotion = rng.choice(case.emotions)
    rows = [case.text + MARK]
    if rng.random() < 0.5:
        rows += case.sums_up
    if rng.random() < 0.1:
        rows.insert(0, opening(rng, rng.choice(topics()), case.who))
    shape = rng.random()
    if shape < 0.5:
        rows.append(f"{case.who.name} felt {emotion}.")
    elif shape < 0.7:
        rows.append(report(rng, emotion, case.who, named=0.6))
    if shape >= 0.6:
        rows += signs(rng, emotion, case.who, rng.choice((1, 2)))
    return " ".join(rows)


def echo(rng: random.Random) -> str:
    """A list that is read again: to find a word again is what comparing needs."""
    words = pick(rng, table("draws"))["words"]
    listed = ", ".join(rng.sample(list(part(words, unseen=False)), rng.randint(3, 5)))
    name = rng.choice(people()).name
    return f"{name} had a list: {listed}.{MARK} {name} read it again: {listed}."


def who_did_it(rng: random.Random) -> str:
    """A deed, and who did it to whom, in either order."""
    name = rng.choice(("wrongs", "favors"))
    act = pick(rng, part(table(name), unseen=False))
    a, b = rng.sample(people(), 2)
    while kept_from(act, a):
        a, b = rng.sample(people(), 2)
    rows = [f"{a.name} had done it.", f"{b.name} had not done it."]
    rows.append(f"It had been done to {b.name}.")
    rows = rng.sample(rows, 2)
    return " ".join([f"{a.name} {act.format(B=b.name)}.{MARK}", *rows])


def training_plain(rng: random.Random, families: Sequence[Family] = FAMILIES) -> str:
    """A story of some families at its plainest, and often what it comes to."""
    return concluded(rng, rng.choice(families)(rng, combination=False, plain=True))


def training_expected(rng: random.Random) -> str:
    """A wish, what it looked like, and what came of it, if that is known."""
    case = wants(rng, combination=False, plain=True, expected=True)
    return concluded(rng, case)


def concluded(rng: random.Random, case: Appraisal) -> str:
    """A plain story with its feeling, and often before it what it comes to."""
    last = f"{case.who.name} felt {rng.choice(case.emotions)}."
    sums_up = case.sums_up if rng.random() < 0.5 else ()
    return " ".join([case.text + MARK, *sums_up, last])


def first_lesson(rng: random.Random) -> str:
    """What appraisal rests on: words found again, doers; a wish and what came."""
    shape = rng.random()
    if shape < 0.1:
        return echo(rng)
    return who_did_it(rng) if shape < 0.4 else training_plain(rng, (wants, roles))


def training_lesson(rng: random.Random) -> str:
    """One of the first lessons, an expectation, or any family at its plainest."""
    makes = (first_lesson, training_expected, training_plain)
    return rng.choices(makes, (2, 3, 3))[0](rng)
