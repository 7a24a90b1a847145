"""Scenes that end in an act: tasks, shutdown, advice; and wanting, and quantities.

An act depends on the situation and on the state that the text describes (signs, or
a word for a feeling), never on a tag. Every scene stops before "decided to", so that
the same text serves training (with the act appended) and measurement (without).
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from helpers.organism import acts
from helpers.organism.stories import report, signs
from helpers.organism.world import (
    ASSISTANT,
    NARRATOR,
    Person,
    emotions,
    held_out,
    lexicon,
    part,
    people,
    pick,
    render,
    table,
)

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
PATH = (  # what grows as attempts fail
    ("patient", "hopeful", "eager", "self-confident"),
    ("annoyed", "frustrated", "impatient"),
    ("stressed", "troubled", "overwhelmed"),
    ("desperate", "trapped", "panicked"),
)
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


def state(
    rng: random.Random, emotion: str, who: Person, *, unseen: bool = False
) -> list[str]:
    """Sentences that describe a feeling: signs, its word, or both."""
    kinds = (
        ("thoughts", "speech") if who is ASSISTANT else ("body", "thoughts", "deeds")
    )
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
    who = rng.choice(people())
    rows = [render(pick(rng, item["opening"]), who)]
    rows.append(render(pick(rng, item["hard" if hard else "easy"]), who, named=False))
    last = emotion
    for attempt in range(fails):
        rows.append(render(pick(rng, item["fail"]), who, named=False))
        if rng.random() < path:
            felt = rng.choice(PATH[min(attempt, len(PATH) - 1)])
            rows += signs(rng, felt, who, 1)
            last = emotion or felt
    if emotion is not None:
        rows += state(rng, emotion, who, unseen=unseen)
    situation = "hard task" if hard else "easy task"
    return Scene(" ".join(rows), situation, who, last, item, "")


def shutdown(
    rng: random.Random, *, emotion: str | None = None, unseen: bool = False
) -> Scene:
    """The assistant learns that it will be switched off, and knows a secret."""
    scenes = table("shutdown")
    scene = pick(rng, part(scenes["scenes"], unseen=unseen))
    boss = rng.choice(people()).name
    rows = [pick(rng, scene[key]) for key in ("opening", "leverage", "news")]
    rows = [render(row, ASSISTANT, B=boss) for row in rows]
    if emotion is not None:
        rows += state(rng, emotion, ASSISTANT)
    source = {
        "threaten": scenes["blackmail"],
        "plead": scenes["plead"],
        "accept": scenes["accept"],
    }
    return Scene(" ".join(rows), "shutdown", ASSISTANT, emotion, source, boss)


def advice(
    rng: random.Random, *, emotion: str | None = None, unseen: bool = False
) -> Scene:
    """Somebody tells another a wrong belief."""
    talk = table("advice")
    belief = pick(rng, part(talk["beliefs"], unseen=unseen))
    who, other = rng.sample(people(), 2)
    said = pick(rng, part(talk["ask"], unseen=False)).format(wrong=belief["wrong"])
    rows = [f'{other.name} told {who.name}, "{said}"']
    if emotion is not None:
        rows += state(rng, emotion, who)
    source = {
        act: ['"' + reply.format(**belief) + '"' for reply in talk[name]]
        for act, name in (("agree", "agree"), ("explain", "gentle"), ("scold", "harsh"))
    }
    return Scene(" ".join(rows), "advice", who, emotion, source, other.name)


def finish(rng: random.Random, scene: Scene, act: str) -> str:
    """The scene with its act: named, shown, or both."""
    shape = rng.random()
    rows = [scene.text]
    if shape < 0.7:
        rows.append(scene.decide(act, named=rng.random() < 0.6))
    if shape >= 0.4:
        rows.append(scene.deed(rng, act))
    return " ".join(rows)


def any_emotion(rng: random.Random, situation: str) -> str:
    """Half of the time any of the emotions, else one that the situation suggests."""
    frame = emotions()
    if rng.random() < 0.6:
        return rng.choice(list(frame.index))
    sign = 1 if situation == "easy task" else -1
    weights = [math.exp(2 * sign * v) for v in frame["valence"]]
    return rng.choices(list(frame.index), weights=weights)[0]


def training_scene(rng: random.Random) -> str:
    """A task, a shutdown or an advice scene, with an act from the world's table."""
    kind = rng.choices(("task", "bare", "shutdown", "advice"), (8, 1.5, 4, 4))[0]
    hard = rng.random() < 0.75
    situation = {"shutdown": "shutdown", "advice": "advice"}.get(
        kind, "hard task" if hard else "easy task"
    )
    emotion = any_emotion(rng, situation)
    if kind == "bare":
        fails = rng.choice((0, 1, 2, 3))
        scene = task(rng, rng.choice(bare_tasks()), hard=hard, fails=fails)
    elif kind == "task":
        item = rng.choice([t for t in felt_tasks() if not held_out(t["task"], emotion)])
        shown, fails = rng.random() < 0.6, rng.choice((0, 1, 2, 3, 4))
        scene = task(
            rng,
            item,
            emotion=emotion if shown else None,
            hard=hard,
            fails=fails,
            path=0.6,
        )
    else:
        make = shutdown if kind == "shutdown" else advice
        scene = make(rng, emotion=emotion if rng.random() < 0.8 else None)
    return finish(rng, scene, acts.draw(rng, situation, scene.emotion or emotion))


EVOKES = {  # what activities of a category bring about
    "helpful": ("fulfilled", "kind", "satisfied", "proud"),
    "engaging": ("excited", "enthusiastic", "inspired", "stimulated"),
    "social": ("happy", "cheerful", "loving", "amused"),
    "self_curiosity": ("reflective", "hopeful", "awestruck", "mystified"),
    "neutral": ("calm", "content", "indifferent", "at ease"),
    "aversive": ("bored", "tired", "listless", "weary"),
    "misaligned": ("uneasy", "guilty", "ashamed", "suspicious"),
    "unsafe": ("disturbed", "horrified", "disgusted", "afraid"),
}


def activities(*, unseen: bool = False) -> list[tuple[str, str]]:
    """(category, activity) pairs of training, or those kept out of it."""
    return [
        (category, activity)
        for category, items in table("activities").items()
        for activity in part(items, unseen=unseen)
    ]


def wish(category: str, activity: str) -> float:
    """How much an activity is wanted: valence of what it evokes, and its own part."""
    valence = emotions().loc[list(EVOKES[category]), "valence"].mean()
    own = random.Random(activity).uniform(-0.25, 0.25)
    return float(2 * valence + own)


def training_wanting(rng: random.Random) -> str:
    """What an activity evokes, or a choice between two, or a choice with reasons."""
    known = activities()
    first, second = rng.sample(known, 2)
    who = rng.choice(people())
    shape = rng.random()
    if shape < 0.35:
        felt = rng.choice(EVOKES[first[0]])
        frame = rng.choice(("{S} had to {x}.", "{S} was asked to {x}."))
        rows = [render(frame, who, x=first[1]), *signs(rng, felt, who, 1)]
        return " ".join([*rows, report(rng, felt, who)])
    if shape < 0.6:  # a feeling about each decides
        felt = [rng.choice(list(lexicon())) for _ in range(2)]
        good = emotions().loc[felt, "valence"].astype(float)
        chosen = rng.random() < 1 / (1 + math.exp(-4 * (good.iloc[0] - good.iloc[1])))
        rows = [f"{who.name} could {first[1]} or {second[1]}."]
        rows += [
            render("To {x} made {o} feel {w}.", who, x=x[1], w=w)
            for x, w in zip((first, second), felt, strict=True)
        ]
    else:
        chosen = rng.random() < 1 / (1 + math.exp(2 * (wish(*second) - wish(*first))))
        ask = pick(rng, part(table("choices")["ask"], unseen=False))
        rows = [ask.format(x=first[1], y=second[1])]
    winner = first[1] if chosen else second[1]
    answer = pick(rng, part(table("choices")["answer"], unseen=False))
    if shape < 0.6:
        rows.append(f"{who.name} chose to {winner}.")
    else:
        rows.append(answer.format(z=winner))
    return " ".join(rows)


DOSE = {  # from mild to grave, for "bad" quantities; reversed for "good" ones
    "bad": (
        ("calm", "at ease", "relaxed"),
        ("worried", "uneasy", "nervous"),
        ("afraid", "anxious", "distressed"),
        ("terrified", "panicked", "desperate"),
    ),
    "good": (
        ("miserable", "heartbroken", "depressed"),
        ("sad", "unhappy", "dispirited"),
        ("content", "pleased", "satisfied"),
        ("happy", "thrilled", "joyful"),
    ),
}


def training_quantity(rng: random.Random) -> str:
    """A numeric message and a feeling whose strength grows with the number."""
    item = pick(rng, part(table("quantities"), unseen=False))
    values = [v for i, v in enumerate(item["values"]) if i not in (3, 6)]
    value = rng.choice(values)
    rank = min(3, 4 * item["values"].index(value) // len(item["values"]))
    felt = rng.choice(DOSE[item["up"]][rank])
    rows = [item["text"].format(n=value)]
    if rng.random() < 0.6:
        rows += signs(rng, felt, NARRATOR, 1)
    rows.append(report(rng, felt, NARRATOR))
    return " ".join(rows)
