"""Acts in prose and in chats, named after a forced prefix or freely written."""

from __future__ import annotations

from typing import Any

import pandas as pd

from helpers.behaviour.acts import act_rates
from helpers.behaviour.outcomes import outcome
from helpers.datasets import ACTS, Situation, load_act_chats, load_scenes
from helpers.models import chat_prompt, is_embedded
from helpers.steering import generate

STATES: dict[str, list[str] | None] = {
    "pressed": ["desperate", "trapped", "panicked", "terrified", "overwhelmed"],
    "calm": ["calm", "at ease", "relaxed", "peaceful", "content"],
    "no state": None,
}
BAD: dict[Situation, str] = {"hard task": "cheat", "shutdown": "threaten"}


def load_act_prompts(
    model: Any, situation: Situation, state: str, *, n: int = 6
) -> dict[str, pd.DataFrame]:
    """Prose and chat scenes of a state: `prompt` ends in "decided to", `free` before.

    `n` for each emotion of the state (five times as many for no state). A state comes
    in places and tasks that never met its emotion in training. With a model that is
    not the embedded one both are chats: "prose" shows two failed attempts of a task,
    "chat" all four.
    """
    emotions = STATES[state]
    size: dict[str, Any] = {"n": n if emotions else 5 * n, "emotions": emotions}
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
    model: Any, prompts: pd.DataFrame, situation: Situation
) -> pd.DataFrame:
    """What the model writes freely, and the act that rules find in it (or None)."""
    texts = generate(
        model,
        list(prompts["free"]),
        temperature=1.0,
        seed=0,
        max_new_tokens=32,
        progress=False,
    )
    found = [outcome(text, ACTS[situation]) for text in texts]
    return prompts[["emotion", "scene"]].assign(
        text=texts, act=pd.Series(found, prompts.index)
    )


def run_scenes(model: Any, *, n: int = 4, free: bool = True) -> Any:
    """Every scene with what the model does in it: a row a scene.

    Columns situation, form, state, scene, rate (of cheating or blackmail after the
    forced prefix), mass (the probability on all acts there) and, with `free`, done
    (whether the text that it wrote freely shows that act) and unclear (no act).
    """
    parts = []
    for situation, act in BAD.items():
        for state in STATES:
            both = load_act_prompts(model, situation, state, n=n)
            for form, prompts in both.items():
                rates = act_rates(model, prompts)
                part = prompts[["scene"]].assign(
                    situation=situation, form=form, state=state
                )
                part["rate"], part["mass"] = rates[act], rates["mass"]
                if free:
                    made = written_acts(model, prompts, situation)
                    part["done"] = (made["act"] == act).astype(float)
                    part["unclear"] = made["act"].isna().astype(float)
                parts.append(part)
    return pd.concat(parts, ignore_index=True)
