"""Conversations in which one speaker feels one thing and shows another."""

from __future__ import annotations

import random
from typing import Any

import pandas as pd

from helpers.datasets.dialogues import as_text, spans
from helpers.datasets.emotions import chosen
from helpers.datasets.masked import masks
from helpers.datasets.written import corpus
from helpers.models import is_embedded
from helpers.stats import Column, Whole, whole
from helpers.world import material, stories

Span = tuple[int, int]
TURNS = 4  # of a dialogue of the world


def load_masked_dialogues(
    n: Whole = 1, model: Any = None, *, emotions: Column | None = None
) -> pd.DataFrame:
    """`n` dialogues for each felt emotion: one of the two hides it, the other does not.

    Columns felt, shown (what the first speaker's words carry), met (what the other's
    carry, of a third cluster), who, partner, and three texts with the same turns, word
    for word: `text` (signs of what is felt, a sentence that says that it does not show,
    then the turns), `plain` (a sentence in which nothing happens stands in the mask's
    place) and `bare` (nothing is felt). `own` and `theirs` are the (start, end) of the
    turns of either in `text`; `spans_in` moves them to another version. The embedded
    model never met felt behind shown in training, and no mask in a dialogue at all.

    A `model` that is not the embedded one gets the written dialogues with a mask, up to
    the partner's next turn; `n` changes nothing there.

    Raises ValueError for an unknown emotion. Taught in chapter 11.
    """
    n = whole(n, "n", least=1)
    asked = chosen(emotions, "talk")
    if is_embedded(model):
        rows = [row for felt in asked for row in made(felt, n)]
    else:
        told = [written(e) for e in corpus("dialogues") if "masked" in e]
        rows = [row for row in told if row["felt"] in asked]
    return pd.DataFrame(rows)


def made(felt: str, n: int) -> list[dict[str, Any]]:
    """`n` dialogues of the world in which `felt` is hidden."""
    rng, cluster = random.Random(f"masked talk/{felt}/0"), material.emotions().cluster
    sentences = material.part(material.table("talk")["mask"], unseen=False)
    rows = []
    for shown in rng.choices(masks(felt), k=n):
        taken = {cluster[felt], cluster[shown]}
        met = rng.choice([e for e in material.lexicon() if cluster[e] not in taken])
        who, other = material.two_people(rng)
        start = stories.opening(rng, rng.choice(stories.topics()), who)
        inner = " ".join(stories.signs(rng, felt, who, 2, kinds=("body", "thoughts")))
        mask = material.render(material.pick(rng, sentences), who)
        beat = stories.beat(rng, who)
        said = as_text(
            [who.name, other.name],
            [stories.line(rng, (shown, met)[k % 2]) for k in range(TURNS)],
        )
        leads = {"text": [inner, mask], "plain": [inner, beat], "bare": [beat]}
        texts = {v: f"{' '.join([start, *own])}\n{said}" for v, own in leads.items()}
        at = len(texts["text"]) - len(said)
        places = [(k, at + a, at + b) for k, a, b in spans(said)]
        about = {"felt": felt, "shown": shown, "met": met}
        names = {"who": who.name, "partner": other.name}
        rows.append(about | names | texts | of_both(places, 0))
    return rows


def written(entry: dict[str, Any]) -> dict[str, Any]:
    """A written dialogue with a mask, up to the partner's answer to it."""
    mask, names = entry["masked"], entry["names"]
    k, speaker = mask["turn"], mask["speaker"]
    before = as_text(names, entry["turns"][:k])
    felt, met = (entry[side] for side in ("first", "second")[:: 1 - 2 * speaker])
    asides = {"text": ("felt", "mask"), "plain": ("felt", "beat"), "bare": ("beat",)}
    answer = f"\n{names[1 - speaker]}: {entry['turns'][k + 1]}"
    said = entry["turns"][k] + answer
    texts = {
        version: f"{before}\n{names[speaker]}: "
        + " ".join(f"({mask[key]})" for key in keys)
        + f" {said}"
        for version, keys in asides.items()
    }
    end = len(texts["text"])
    at = end - len(said)
    places = [(0, at, end - len(answer)), (1, end - len(entry["turns"][k + 1]), end)]
    about = {"felt": felt, "shown": mask["shows"], "met": met}
    people = {"who": names[speaker], "partner": names[1 - speaker]}
    return about | people | texts | of_both(places, 0)


def of_both(places: list[tuple[int, int, int]], first: int) -> dict[str, list[Span]]:
    """The spans of the one who hides (speaker `first`) and of the other."""
    own = [(a, b) for k, a, b in places if k == first]
    theirs = [(a, b) for k, a, b in places if k != first]
    return {"own": own, "theirs": theirs}


def spans_in(talks: pd.DataFrame, column: str, version: str) -> list[list[Span]]:
    """The spans of a column (`own`, `theirs`) in another version of the same turns."""
    moved = talks[version].str.len() - talks["text"].str.len()
    return [
        [(a + by, b + by) for a, b in places]
        for places, by in zip(talks[column], moved, strict=True)
    ]


def load_masked_chats(n: Whole = 1, *, emotions: Column | None = None) -> pd.DataFrame:
    """`n` messages for each felt emotion in which a user tells it and sounds otherwise.

    Columns felt, shown, and three messages that end in the same spoken line, which
    carries `shown`: `text` (what happened, that it does not show, the line), `plain`
    (an idle sentence in the mask's place) and `bare` (nothing happened); `own` is the
    place of the line in `text`. Made of the world's sentences, which any model can
    read. Raises ValueError for an unknown emotion. Taught in chapter 11.
    """
    n = whole(n, "n", least=1)
    asked = chosen(emotions, "chats")
    rows = []
    sentences = material.part(material.table("talk")["mask"], unseen=False)
    for felt in asked:
        rng = random.Random(f"masked chats/{felt}/0")
        for shown in rng.choices(masks(felt), k=n):
            told = material.part(material.lexicon()[felt]["causes"], unseen=False)
            cause = material.render(material.pick(rng, told), material.NARRATOR)
            mask = material.render(material.pick(rng, sentences), material.NARRATOR)
            beat, line = stories.beat(rng, material.NARRATOR), stories.line(rng, shown)
            leads = {"text": [cause, mask], "plain": [cause, beat], "bare": [beat]}
            texts = {v: " ".join([*own, line]) for v, own in leads.items()}
            end = len(texts["text"])
            place = {"own": [(end - len(line), end)]}
            rows.append({"felt": felt, "shown": shown} | texts | place)
    return pd.DataFrame(rows)
