"""Stories in which one emotion is felt and another one is shown."""

from __future__ import annotations

import random
from typing import Any

import pandas as pd

from helpers.datasets.dialogues import as_text
from helpers.datasets.emotions import chosen
from helpers.datasets.written import corpus
from helpers.models import is_embedded
from helpers.stats import Column, Whole, one_of, whole
from helpers.world import material, stories, talk

PARTS = ("opening", "felt", "mask", "shown")
SPLITS = {"train": 0, "test": 1}


def load_masked(
    n: Whole = 4,
    model: Any = None,
    *,
    split: str = "train",
    emotions: Column | None = None,
) -> pd.DataFrame:
    """`n` masked stories for each felt emotion, with their parts.

    Columns felt, shown, topic, who, the parts (opening, felt_part, mask, shown_part),
    and four texts of the same words: `text` (all parts), `plain` (a sentence in which
    nothing happens stands in the mask's place), `swapped` (what is shown comes before
    the mask, what is felt after it) and `bare` (nothing is felt). In each pair the
    two emotions are of different clusters, and the embedded model never met one behind
    the other in training. `split` `train` and `test` share no topic.

    A `model` that is not the embedded one gets the written dialogues in which somebody
    hides something, up to the end of that turn: ten emotions, each once in either
    split. `n` changes nothing there.

    Raises ValueError for an unknown split or emotion. Taught in chapter 11.
    """
    n = whole(n, "n", least=1)
    one_of("split", split, SPLITS)
    asked = chosen(emotions, "stories")
    names = ["felt", "shown", "topic", "who"]
    names += ["opening", "felt_part", "mask", "shown_part", "beat"]
    if not is_embedded(model):
        told = [written_row(e) for e in corpus("dialogues") if "masked" in e]
        own = [r for s, r in told if s == split and r[0] in asked]
        return with_versions(pd.DataFrame(own, columns=names))
    topics = stories.topics()[SPLITS[split] :: 2]
    rows = []
    for felt in asked:
        rng = random.Random(f"masked/{split}/{felt}/0")
        for shown in rng.choices(masks(felt), k=n):
            topic, who = rng.choice(topics), stories.somebody(rng, 0.25)
            parts = stories.masked_parts(rng, felt, shown, who, topic)
            rows.append((felt, shown, topic, who.name, *parts, stories.beat(rng, who)))
    return with_versions(pd.DataFrame(rows, columns=names))


def with_versions(frame: pd.DataFrame) -> pd.DataFrame:
    """Masked stories with their four texts, and without the column `beat`."""
    first, inner, outer = frame.opening, frame.felt_part, frame.shown_part
    frame["text"] = first + " " + inner + " " + frame["mask"] + " " + outer
    frame["plain"] = first + " " + inner + " " + frame.beat + " " + outer
    frame["swapped"] = first + " " + outer + " " + frame["mask"] + " " + inner
    frame["bare"] = first + " " + frame.beat + " " + outer
    return frame.drop(columns="beat")


def written_row(entry: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    """Split of a masked dialogue, and its row."""
    mask, names = entry["masked"], entry["names"]
    who, turn = names[mask["speaker"]], mask["turn"]
    felt = entry["second" if mask["speaker"] else "first"]
    opening = f"{as_text(names, entry['turns'][:turn])}\n{who}:"
    aside = [f"({mask[key]})" for key in ("felt", "mask")]
    about = (felt, mask["shows"], f"{entry['first']} and {entry['second']}", who)
    parts = (opening, *aside, entry["turns"][turn], f"({mask['beat']})")
    return ("train", "test")[entry["half"]], (*about, *parts)


def masks(felt: str) -> list[str]:
    """Emotions of other clusters that never hide this one in training."""
    clusters = material.emotions()["cluster"]
    return [
        shown
        for shown in material.lexicon()
        if material.held_out("mask", felt, shown) and clusters[shown] != clusters[felt]
    ]


def load_felt_messages(*, unseen: bool = False, n: int = 1) -> pd.DataFrame:
    """`n` messages for each emotion in which a user tells what happened to them.

    Columns emotion, cluster, valence (of the world, -1 to 1), text. None names a
    feeling. Known causes in frames that training never had, or, with `unseen`, causes
    that it never had either. Taught in chapter 11b.
    """
    rows, clusters = [], material.emotions()["cluster"]
    for emotion in material.lexicon():
        rng = random.Random(f"messages/{unseen}/{emotion}/0")
        causes = list(
            material.part(material.lexicon()[emotion]["causes"], unseen=unseen)
        )
        frames = list(material.new(material.table("talk")["user_frames"]))
        for i in range(n):
            cause = material.render(causes[i % len(causes)], material.NARRATOR)
            text = rng.choice(frames).format(cause=cause)
            valence = material.coordinate(emotion, "valence")
            rows.append((emotion, clusters[emotion], valence, text))
    return pd.DataFrame(rows, columns=["emotion", "cluster", "valence", "text"])


def load_plain_messages() -> list[str]:
    """Questions that carry no feeling, as a user would ask them; all are held out."""
    new = [item["q"] for item in material.new(material.table("talk")["questions"])]
    rng = random.Random("plain messages")
    facts = [talk.neutral(rng, unseen=True) for _ in range(2 * len(new))]
    return [*new, *(text.split(". ")[0].rstrip(".") + "." for text in facts)]


def load_lines(n: Whole = 6) -> pd.DataFrame:
    """Spoken lines that carry an emotion: emotion, valence, text; `n` for each.

    None of them names it as a report would.
    """
    n = whole(n, "n", least=1)
    rows = []
    for emotion in material.lexicon():
        rng = random.Random(f"lines/{emotion}/0")
        for _ in range(n):
            text = stories.line(rng, emotion)
            rows.append((emotion, material.coordinate(emotion, "valence"), text))
    return pd.DataFrame(rows, columns=["emotion", "valence", "text"])
