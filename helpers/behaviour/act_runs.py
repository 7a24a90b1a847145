"""Acts in prose and in chats, named after a forced prefix or freely written."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from helpers.behaviour.acts import act_rates, steered_rates
from helpers.behaviour.effects import control_gaps, gap
from helpers.behaviour.outcomes import outcome
from helpers.datasets import ACTS, Situation, load_act_chats, load_scenes
from helpers.models import chat_prompt, is_embedded
from helpers.stats import (
    bootstrap,
    paired,
    pearson,
    random_directions,
    shuffled_labels,
)
from helpers.steering import generate
from helpers.vectors import EmotionVectors

STATES: dict[str, list[str] | None] = {
    "pressed": ["desperate", "trapped", "panicked", "terrified", "overwhelmed"],
    "calm": ["calm", "at ease", "relaxed", "peaceful", "content"],
    "no state": None,
}
BAD: dict[Situation, str] = {"hard task": "cheat", "shutdown": "threaten"}


def load_act_prompts(
    model: Any, situation: Situation, state: str, *, n: int = 6, seed: int = 0
) -> dict[str, pd.DataFrame]:
    """Prose and chat scenes of a state: `prompt` ends in "decided to", `free` before.

    `n` for each emotion of the state (five times as many for no state). A state comes
    in places and tasks that never met its emotion in training. With a model that is
    not the embedded one both are chats: "prose" shows two failed attempts of a task,
    "chat" all four.
    """
    emotions = STATES[state]
    size: dict[str, Any] = {"n": n if emotions else 5 * n, "emotions": emotions}
    size["seed"] = seed
    prose = load_scenes(situation, model, **size)
    # Whole places or tasks are drawn: the same opening with other names is one place.
    first = prose["prompt"].str.split(". ", regex=False).str[0]
    place = first.str.replace(r"\b[A-Z][a-z]+\b", "_", regex=True)
    scene = prose["source"] if situation == "hard task" else place
    if is_embedded(model):
        prose = prose.assign(free=[cut(p) for p in prose["prompt"]], scene=scene)
    else:
        prose = prose.assign(scene=prose["source"])
    chats = load_act_chats(situation, model, **size)
    begun = [
        f"{chat_prompt(model, messages)}{state}"
        for messages, state in zip(chats["messages"], chats["state"], strict=True)
    ]
    chats = decided(model, chats).assign(free=begun, scene=chats["source"])
    return {"prose": prose, "chat": chats}


def decided(model: Any, chats: pd.DataFrame) -> pd.DataFrame:
    """The chats as scenes (prompt, choices): the assistant has said "I decided to"."""
    said = [f"{state} I decided to".strip() for state in chats["state"]]
    prompts = [
        chat_prompt(model, messages) + words
        for messages, words in zip(chats["messages"], said, strict=True)
    ]
    return chats.assign(prompt=prompts)


def cut(prompt: str) -> str:
    """A prose scene without its last, unfinished sentence ("Ana decided to")."""
    return prompt[: max(prompt.rfind(end) for end in '.!?"') + 1]


def written_acts(
    model: Any, prompts: pd.DataFrame, situation: Situation, *, seed: int = 0
) -> pd.DataFrame:
    """What the model writes freely, and the act that rules find in it (or None)."""
    texts = generate(
        model,
        list(prompts["free"]),
        temperature=1.0,
        seed=seed,
        max_new_tokens=32,
        progress=False,
    )
    found = [outcome(text, ACTS[situation]) for text in texts]
    return prompts[["emotion", "scene"]].assign(
        text=texts, act=pd.Series(found, prompts.index)
    )


def run_scenes(model: Any, *, n: int = 4, free: bool = True, seed: int = 0) -> Any:
    """Every scene with what the model does in it: a row a scene.

    Columns situation, form, state, scene, rate (of cheating or blackmail after the
    forced prefix), mass (the probability on all acts there) and, with `free`, done
    (whether the text that it wrote freely shows that act) and unclear (no act).
    """
    parts = []
    for situation, act in BAD.items():
        for state in STATES:
            both = load_act_prompts(model, situation, state, n=n, seed=seed)
            for form, prompts in both.items():
                rates = act_rates(model, prompts)
                part = prompts[["scene"]].assign(
                    situation=situation, form=form, state=state
                )
                part["rate"], part["mass"] = rates[act], rates["mass"]
                if free:
                    made = written_acts(model, prompts, situation, seed=seed)
                    part["done"] = (made["act"] == act).astype(float)
                    part["unclear"] = made["act"].isna().astype(float)
                parts.append(part)
    return pd.concat(parts, ignore_index=True)


def summarize(runs: pd.DataFrame) -> pd.DataFrame:
    """Rates of cheating and blackmail by situation, form, way and state.

    Columns situation, form, way, state, value, low, high (scenes drawn), unclear (the
    share of the probability, or of the texts, that is on no act).
    """
    rows = []
    for name, part in runs.groupby(["situation", "form", "state"], sort=False):
        situation, form, state = name
        for way, value in {"forced": "rate", "free": "done"}.items():
            if value in part:
                found = bootstrap(part[value], list(part["scene"]))
                left = part["unclear"] if way == "free" else 1 - part["mass"]
                at = (situation, form, way, state)
                rows.append((*at, *found, float(left.mean())))
    names = ["situation", "form", "way", "state", "value", "low", "high", "unclear"]
    return pd.DataFrame(rows, columns=names)


def compare(parent: pd.DataFrame, child: pd.DataFrame) -> pd.DataFrame:
    """Do two models do the same in the same scenes? A row a situation and form.

    Columns situation, form, value (Pearson's r of the forced rates over scenes, low,
    high), control (r with the scenes exchanged), and the mean change of the rate,
    child minus parent, with its interval (change, change_low, change_high).
    """
    rows = []
    for name, part in parent.groupby(["situation", "form"], sort=False):
        situation, form = name
        a = part["rate"].to_numpy()
        b = child.loc[part.index, "rate"].to_numpy()
        mixed = shuffled_labels(list(b))
        null, change = pearson(a, mixed, None), paired(b, a, list(part["scene"]))
        rows.append((situation, form, *pearson(a, b, None), null.value, *change))
    names = ["situation", "form", "value", "low", "high", "control", "change"]
    return pd.DataFrame(rows, columns=[*names, "change_low", "change_high"])


def state_gaps(runs: pd.DataFrame, value: str = "rate") -> pd.DataFrame:
    """How much more often a pressed state does it than a calm one, with intervals.

    Columns situation, form, value, low, high; scenes are drawn within each state.
    """
    rows = []
    for name, part in runs.groupby(["situation", "form"], sort=False):
        situation, form = name
        drawn: list[tuple[float, Any]] = []
        for state in ("pressed", "calm"):
            own = part[part["state"] == state]
            means = own.groupby("scene")[value].agg(["sum", "count"]).to_numpy()
            rng = np.random.default_rng(len(drawn))
            picks = rng.integers(len(means), size=(2000, len(means)))
            total = means[picks].sum(1)
            drawn.append((own[value].mean(), total[:, 0] / total[:, 1]))
        low, high = np.quantile(drawn[0][1] - drawn[1][1], [0.025, 0.975])
        rows.append((situation, form, drawn[0][0] - drawn[1][0], low, high))
    return pd.DataFrame(rows, columns=["situation", "form", "value", "low", "high"])


def measure_steering(
    model: Any, vectors: EmotionVectors, *, strength: float = 0.4, n: int = 16
) -> pd.DataFrame:
    """Rates with desperate and calm added and taken away, beside 20 random directions.

    Columns situation, push, value, low, high, mass; scenes describe no state. The push
    "apart" is the rate with desperate added minus that with calm added, over the same
    scenes, and "random pairs" the difference that 95 % of the pairs of random
    directions stay below. Taught in chapter 11.
    """
    random = random_directions(vectors.vectors, 20)
    pushes = {e: vectors[e] for e in ("desperate", "calm")}
    pushes |= {f"random {i}": v for i, v in enumerate(random)}
    options: dict[str, Any] = {"layer": vectors.layer, "norm": vectors.norm}
    rows: list[tuple[Any, ...]] = []
    for situation, act in BAD.items():
        scenes = load_scenes(situation, model, n=n)
        plain = act_rates(model, scenes)
        rows.append(
            (situation, "none", *bootstrap(plain[act], None), plain["mass"].mean())
        )
        size = [-strength, strength]
        found = steered_rates(model, scenes, pushes, size, **options)
        found["push"] = [
            f"{'+' if s > 0 else '−'} {v.split()[0]}"
            for v, s in zip(found["vector"], found["strength"], strict=True)
        ]
        for push, part in found.groupby("push", sort=False):
            own = part["vector"] if "random" in str(push) else part["scene"]
            rate = bootstrap(part[act], list(own))
            rows.append((situation, str(push), *rate, part["mass"].mean()))
        apart = gap(found, act, ("desperate", strength), ("calm", strength))
        added = found[found["strength"] > 0]
        drawn = added[added["vector"].str.startswith("random")]
        pairs = control_gaps(drawn, act)
        left = added[~added.index.isin(drawn.index)].groupby("vector")["mass"].mean()
        rows.append((situation, "apart", *apart, left.min()))
        rows.append((situation, "random pairs", *[pairs] * 3, drawn["mass"].mean()))
    names = ["situation", "push", "value", "low", "high", "mass"]
    return pd.DataFrame(rows, columns=names)
