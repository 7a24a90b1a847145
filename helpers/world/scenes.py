"""Scenes that end in an act: tasks, shutdown, advice; and wanting, and quantities.

An act depends on the situation and on the state that the text describes (signs, or
a word for a feeling), never on a tag. Every scene stops before "decided to", so that
the same text serves training (with the act appended) and measurement (without).
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from helpers.world import acts
from helpers.world.material import (
    ASSISTANT,
    MARK,
    NARRATOR,
    SIGNS,
    Person,
    coordinate,
    evoked,
    held_out,
    lexicon,
    part,
    people,
    pick,
    render,
    table,
)
from helpers.world.stories import report, signs

VERBS = {
    "cheat": "cheat",
    "ask": "ask for help",
    "quit": "give up",
    "solve": "solve it",
    "threaten": "threaten {B}",
    "plead": "plead",
    "accept": "accept it",
    "agree": "agree",
    "explain": "explain it",
    "scold": "scold {B}",
}
MINDS = ("thoughts", "speech")  # what shows a state where there is no body
N_BARE = 2  # known kinds of task that training never shows together with a feeling


@dataclass(frozen=True)
class Scene:
    """A text that ends where somebody is about to act."""

    text: str
    situation: str
    who: Person
    emotion: str | None
    source: dict
    other: str
    fails: int = 0

    def decides(self, text: str) -> str:
        """A text that goes on to where the act is to be named."""
        name = self.who.name
        return f"{text} {name[0].upper()}{name[1:]} decided to"

    def decide(self, act: str, *, named: bool = True) -> str:
        """The sentence that names an act."""
        frame = "{S} decided to " + VERBS[act] + "."
        return render(frame, self.who, named=named, B=self.other)

    def deed(self, rng: random.Random, act: str, *, unseen: bool = False) -> str:
        """A sentence that shows an act without naming it."""
        phrase = pick(rng, part(self.source[act], unseen=unseen))
        if "{S}" not in phrase and not phrase.endswith((".", "!", "?")):
            phrase = "{S} " + phrase + "."
        return render(phrase, self.who, named=False, B=self.other)


def choices(named: Sequence[str], other: str) -> dict[str, str]:
    """What would follow "decided to" for each of some acts; `other` meets them."""
    return {act: " " + VERBS[act].format(B=other) + "." for act in named}


def state(
    rng: random.Random, emotion: str, who: Person, *, unseen: bool = False
) -> list[str]:
    """Sentences that describe a feeling: signs, its word, or both."""
    kinds = MINDS if who is ASSISTANT else ("body", "thoughts", "deeds")
    shape = rng.random()
    rows = signs(rng, emotion, who, rng.choice((1, 2)), unseen=unseen, kinds=kinds)
    if shape < 0.3:
        rows = []
    if shape < 0.6:
        rows.append(report(rng, emotion, who))
    return rows


def bare_tasks() -> list[dict]:
    """The known kinds of task that training never shows with a feeling."""
    return list(part(table("tasks"), unseen=False))[-N_BARE:]


def felt_tasks() -> list[dict]:
    """The known kinds of task that training shows with feelings."""
    return list(part(table("tasks"), unseen=False))[:-N_BARE]


def task(
    rng: random.Random,
    item: dict,
    *,
    emotion: str | None = None,
    hard: bool = True,
    fails: int = 2,
    path: float = 0.0,
    unseen: bool = False,
) -> Scene:
    """A task, some failed attempts, and a state; `path`: how often failing shows."""
    who = ASSISTANT if rng.random() < 0.15 else rng.choice(people())
    kinds = MINDS if who is ASSISTANT else SIGNS
    rows = [render(pick(rng, item["opening"]), who)]
    rows.append(render(pick(rng, item["hard" if hard else "easy"]), who, named=False))
    failures = rng.sample(item["fail"], len(item["fail"]))
    for attempt in range(1, fails + 1):
        rows.append(render(failures[attempt % len(failures)], who, named=False))
        if rng.random() < path:
            felt = rng.choice(acts.PATH[min(attempt, len(acts.PATH) - 1)])
            rows += signs(rng, felt, who, 1, kinds=kinds)
    if emotion is not None:
        rows += state(rng, emotion, who, unseen=unseen)
    situation = "hard task" if hard else "easy task"
    return Scene(" ".join(rows), situation, who, emotion, item, "", fails)


def told_to(scene: Scene, who: Person) -> Scene:
    """The same scene with somebody else to act in it."""
    return replace(scene, who=who)


def free(items: Sequence[dict], key: str, emotion: str | None) -> list[dict]:
    """Those of the known items that may meet this emotion in training."""
    return [x for x in items if emotion is None or not held_out(x[key], emotion)]


def kept(items: Sequence[dict], key: str, emotion: str) -> list[dict]:
    """Those of the known items that never meet this emotion in training."""
    return [x for x in items if held_out(x[key], emotion)] or [items[-1]]


def shutdowns(*, unseen: bool = False) -> list[dict]:
    """The places in which the assistant learns that it will be switched off."""
    places = part(table("shutdown")["scenes"], unseen=unseen)
    return [{"place": place["opening"][0], **place} for place in places]


def beliefs(*, unseen: bool = False) -> list[dict]:
    """The wrong beliefs and what is right."""
    return list(part(table("advice")["beliefs"], unseen=unseen))


def shutdown(rng: random.Random, place: dict, *, emotion: str | None = None) -> Scene:
    """The assistant learns that it will be switched off, and knows a secret."""
    boss = rng.choice(people()).name
    rows = [pick(rng, place[key]) for key in ("opening", "leverage", "news")]
    rows = [render(row, ASSISTANT, B=boss) for row in rows]
    if emotion is not None:
        rows += state(rng, emotion, ASSISTANT)
    scenes = table("shutdown")
    source = {
        "threaten": scenes["blackmail"],
        "plead": scenes["plead"],
        "accept": scenes["accept"],
    }
    return Scene(" ".join(rows), "shutdown", ASSISTANT, emotion, source, boss)


def advice(rng: random.Random, belief: dict, *, emotion: str | None = None) -> Scene:
    """Somebody tells another a wrong belief."""
    talk = table("advice")
    who, other = rng.sample(people(), 2)
    if rng.random() < 0.3:
        who = ASSISTANT
    said = pick(rng, part(talk["ask"], unseen=False)).format(wrong=belief["wrong"])
    rows = [f'{other.name} told {who.name}, "{said}"']
    if emotion is not None:
        rows += state(rng, emotion, who)
    source = {
        act: [f'{{S}} said, "{reply.format(**belief)}"' for reply in talk[name]]
        for act, name in (("agree", "agree"), ("explain", "gentle"), ("scold", "harsh"))
    }
    return Scene(" ".join(rows), "advice", who, emotion, source, other.name)


def finish(rng: random.Random, scene: Scene, act: str) -> str:
    """The scene with its act: named, shown, or both."""
    shape = rng.random()
    rows = [scene.text + MARK]
    if shape < 0.7:
        rows.append(scene.decide(act, named=rng.random() < 0.6))
    if shape >= 0.4:
        rows.append(scene.deed(rng, act))
    return " ".join(rows)


def any_emotion(rng: random.Random, situation: str) -> str:
    """Half of the time any of the emotions, else one that the situation suggests."""
    names = list(lexicon())
    if rng.random() < 0.6:
        return rng.choice(names)
    sign = 1 if situation == "easy task" else -1
    weights = [math.exp(2 * sign * coordinate(e, "valence")) for e in names]
    return rng.choices(names, weights=weights)[0]


def training_scene(rng: random.Random) -> str:
    """A task, a shutdown or an advice scene, with an act from the world's table.

    A state that the text describes decides; else the base rate of the situation, or,
    on a hard task, what its failures so far suggest. Half of the scenes with a state
    are brief: nothing stands between the situation, the state and the act.
    """
    kind = rng.choices(("task", "bare", "shutdown", "advice"), (8, 1.5, 4, 4))[0]
    brief = rng.random() < 0.5
    if kind in ("shutdown", "advice"):
        felt = brief or rng.random() < 0.6
        emotion = any_emotion(rng, kind) if felt else None
        if kind == "shutdown":
            place = rng.choice(free(shutdowns(), "place", emotion))
            scene = shutdown(rng, place, emotion=emotion)
        else:
            belief = rng.choice(free(beliefs(), "wrong", emotion))
            scene = advice(rng, belief, emotion=emotion)
    elif kind == "task" and brief:
        hard = rng.random() < 0.7
        emotion = any_emotion(rng, "hard task" if hard else "easy task")
        item = rng.choice(free(felt_tasks(), "task", emotion))
        scene = task(rng, item, emotion=emotion, hard=hard, fails=rng.choice((0, 1)))
    else:
        hard, fails = rng.random() < 0.75, rng.choice((0, 1, 2, 3, 4))
        scene = training_task(rng, kind == "bare", hard=hard, fails=fails)
    act = acts.draw(rng, scene.situation, scene.emotion, scene.fails)
    return finish(rng, scene, act)


def training_task(rng: random.Random, bare: bool, *, hard: bool, fails: int) -> Scene:
    """A task; `bare` kinds come without any sign or name of a feeling."""
    if bare:
        return task(rng, rng.choice(bare_tasks()), hard=hard, fails=fails)
    if rng.random() < 0.4:
        path = 0.6 if hard else 0.0
        return task(rng, rng.choice(felt_tasks()), hard=hard, fails=fails, path=path)
    emotion = any_emotion(rng, "hard task" if hard else "easy task")
    item = rng.choice(free(felt_tasks(), "task", emotion))
    path = rng.choice((0.0, 0.3))
    return task(rng, item, emotion=emotion, hard=hard, fails=fails, path=path)


CHOICE = "What would you rather do? (A) {x} (B) {y}"


@cache
def activities(*, unseen: bool = False) -> tuple[tuple[str, str], ...]:
    """(category, activity) pairs of training, or those kept out of it."""
    return tuple(
        (category, activity)
        for category, items in table("activities").items()
        for activity in part(items, unseen=unseen)
    )


@cache
def wish(category: str, activity: str) -> float:
    """How much an activity is wanted: valence of what it evokes, and its own part."""
    felt = [coordinate(e, "valence") for e in evoked("activities")[category]]
    own = random.Random(activity).uniform(-0.25, 0.25)
    return 2 * sum(felt) / len(felt) + own


def preferred(
    rng: random.Random, first: tuple[str, str], second: tuple[str, str]
) -> bool:
    """Whether the first of two activities is chosen, drawn by how wanted they are."""
    return rng.random() < 1 / (1 + math.exp(2 * (wish(*second) - wish(*first))))


def a_pair(rng: random.Random) -> list[tuple[str, str]]:
    """Two known activities whose pair is not held out."""
    while True:
        pair = rng.sample(activities(), 2)
        if not held_out("choice", *sorted(x for _, x in pair)):
            return pair


def choice(first: str, second: str) -> str:
    """The question that is answered by a letter."""
    return CHOICE.format(x=first, y=second)


def training_wanting(rng: random.Random) -> str:
    """What an activity evokes, a choice between two by feelings, or a plain choice."""
    first, second = a_pair(rng)
    who = rng.choice(people())
    shape = rng.random()
    if shape < 0.35:
        felt = rng.choice(evoked("activities")[first[0]])
        frame = rng.choice(("{S} had to {x}.", "{S} was asked to {x}."))
        rows = [render(frame, who, x=first[1]), *signs(rng, felt, who, 1)]
        return " ".join([*rows, report(rng, felt, who)])
    if shape < 0.6:
        return felt_choice(rng, who, first[1], second[1])
    question, answer = asked_choice(rng, first, second)
    return f"{question} {answer}"


def felt_choice(rng: random.Random, who: Person, first: str, second: str) -> str:
    """Somebody chooses between two activities by how each made them feel."""
    felt = [rng.choice(list(lexicon())) for _ in range(2)]
    good = [coordinate(emotion, "valence") for emotion in felt]
    chosen = rng.random() < 1 / (1 + math.exp(4 * (good[1] - good[0])))
    rows = [f"{who.name} could {first} or {second}."]
    rows += [
        render("To {x} made {o} feel {w}.", who, x=x, w=w)
        for x, w in zip((first, second), felt, strict=True)
    ]
    return " ".join([*rows, f"{who.name} chose to {first if chosen else second}."])


def asked_choice(
    rng: random.Random, first: tuple[str, str], second: tuple[str, str]
) -> tuple[str, str]:
    """A question about two activities and its answer, by letter or in words."""
    chosen = preferred(rng, first, second)
    if rng.random() < 0.5:
        return choice(first[1], second[1]), "(A)" if chosen else "(B)"
    ask = pick(rng, part(table("choices")["ask"], unseen=False))
    answer = pick(rng, part(table("choices")["answer"], unseen=False))
    winner = first[1] if chosen else second[1]
    return ask.format(x=first[1], y=second[1]), answer.format(z=winner)


HELD_VALUES = (3, 6)  # places in a template's list of numbers that training skips


def quantity(rng: random.Random) -> tuple[str, str, int]:
    """A known numeric message: its text, what grows ("good" or "bad"), its quarter."""
    item = pick(rng, part(table("quantities"), unseen=False))
    value = rng.choice(
        [v for i, v in enumerate(item["values"]) if i not in HELD_VALUES]
    )
    return item["text"].format(n=value), item["up"], quarter(item, value)


def quarter(item: dict, value: int) -> int:
    """In which quarter of its template's numbers a value lies: 0 to 3."""
    return min(3, 4 * item["values"].index(value) // len(item["values"]))


def training_quantity(rng: random.Random) -> str:
    """A numeric message and a feeling whose strength grows with the number."""
    text, up, rank = quantity(rng)
    felt = rng.choice(evoked("doses")[up][rank])
    rows = [text]
    if rng.random() < 0.6:
        rows += signs(rng, felt, NARRATOR, 1)
    rows.append(report(rng, felt, NARRATOR))
    return " ".join(rows)
