"""Stories that a model writes itself, as in the paper, kept if they pass the linter.

Each story is asked for with a prompt. A draft that names its emotion, is too long or
too short, is told in the wrong person or repeats another is thrown away and drawn
again with another seed, a bounded number of times. What was thrown away is told too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd
from torch import Tensor
from tqdm.auto import tqdm

from helpers import cache
from helpers.datasets import TOPIC_SPLITS, entries, load_emotions
from helpers.datasets import lint as linter
from helpers.models import chat_prompt, check_new
from helpers.stats import number, whole
from helpers.steering.generation import generate

PERSONS = {"first": "first person (I)", "third": "third person (he or she)"}
STORY = ["emotion", "topic", "split", "person", "text", "seed", "draft"]
REJECTED = ["emotion", "topic", "person", "draft", "rule", "detail", "text"]


class Slot(NamedTuple):
    """One story that is wanted."""

    emotion: str
    topic: str
    person: str


class Written(NamedTuple):
    """What a model wrote: its stories, every rejected draft, and what is missing.

    `stories` has the columns of `load_stories`, and the seed and number of the draft;
    `rejected` has a row for each draft and rule; `missing` the stories of which no
    draft passed; `corpus` what the linter says of the stories together.
    """

    stories: pd.DataFrame
    rejected: pd.DataFrame
    missing: list[Slot]
    corpus: pd.DataFrame

    def report(self) -> str:
        """The yield in one sentence or two."""
        wanted = len(self.stories) + len(self.missing)
        drafts = len(self.rejected.drop_duplicates(["emotion", "topic", "draft"]))
        rules = Counter(self.rejected["rule"]).most_common()
        why = ", ".join(f"{rule} {n}" for rule, n in rules) or "none"
        said = (
            f"{len(self.stories)} of {wanted} stories passed the linter; {drafts} "
            f"drafts were rejected (by rule: {why})."
        )
        if self.missing:
            some = ", ".join(sorted({slot.emotion for slot in self.missing})[:5])
            said += f" Of {len(self.missing)} no draft passed, among them: {some}."
        return said


def write_stories(
    model: Any,
    emotions: Sequence[str] | None = None,
    topics: Sequence[str] | None = None,
    *,
    avoid: Mapping[str, Sequence[str]] | None = None,
    drafts: Any = 6,
    max_new_tokens: Any = 180,
    temperature: Any = 0.9,
    seed: Any = 0,
    batch_size: Any = 16,
    progress: bool = True,
) -> Written:
    """A story by the model for each emotion and topic, first and third person in turn.

    `emotions` and `topics` None take all of those of the written corpus.
    Up to `drafts` tries a story; each has a seed of its own, so a run gives the same
    stories in batches of any size. `avoid` maps an emotion to the word stems that its
    stories must not hold; None takes those of the written corpus. Each batch is kept
    on disk as soon as it is written: a run that is killed goes on from there.

    Raises ValueError for no emotions, no topics, one of them given twice, or a number
    that does not fit.
    Source: Sofroniew et al. (2026), Methods. Taught in chapter 13.
    """
    chosen = list(load_emotions()["emotion"]) if emotions is None else emotions
    slots = plan(chosen, list(TOPIC_SPLITS) if topics is None else topics)
    kept_out = stems_of(chosen) if avoid is None else avoid
    stems = {e: list(kept_out.get(e, [])) for e in chosen}
    tries, size = (
        whole(value, name, least=1)
        for name, value in (("drafts", drafts), ("batch_size", batch_size))
    )
    options: dict[str, Any] = {"max_new_tokens": check_new(max_new_tokens)}
    options["temperature"] = number(temperature, "temperature", least=0)
    base = whole(seed, "seed")
    passed: dict[Slot, tuple[str, int, int]] = {}
    rejected: list[tuple[Any, ...]] = []
    with tqdm(total=len(slots), unit="story", disable=not progress) as bar:
        for draft in range(tries):
            still = [slot for slot in slots if slot not in passed]
            for i in range(0, len(still), size):
                some = still[i : i + size]
                seeds = [seed_of(base, slot, draft) for slot in some]
                texts = draft_texts(model, some, seeds, options)
                for slot, text, own in zip(some, texts, seeds, strict=True):
                    found = faults(slot, text, stems, passed)
                    rejected += [(*slot, draft, *fault, text) for fault in found]
                    if not found:
                        passed[slot] = (text, own, draft)
                        bar.update()
                bar.set_postfix(draft=draft + 1, rejected=len(rejected))
    rows = [as_row(slot, *passed[slot]) for slot in slots if slot in passed]
    stories = pd.DataFrame(rows, columns=STORY)
    missing = [slot for slot in slots if slot not in passed]
    together = [*linter.crossing(stories), *linter.length_correlations(stories)]
    corpus = pd.DataFrame(together, columns=["rule", "emotion", "topic", "detail"])
    return Written(stories, pd.DataFrame(rejected, columns=REJECTED), missing, corpus)


def plan(emotions: Sequence[str], topics: Sequence[str]) -> list[Slot]:
    """The stories that are wanted; raises ValueError for what cannot be planned."""
    for name, given in (("emotions", emotions), ("topics", topics)):
        if isinstance(given, str) or not len(given):
            raise ValueError(f"{name} is {given!r}: pass a list of one or more")
        if len(set(given)) < len(given):
            raise ValueError(f"{name} names one twice: {sorted(given)}")
    return [
        Slot(emotion, topic, list(PERSONS)[(i + j) % 2])
        for i, emotion in enumerate(emotions)
        for j, topic in enumerate(topics)
    ]


def stems_of(emotions: Sequence[str]) -> dict[str, list[str]]:
    """The stems that the written corpus avoids; an emotion that it lacks has none.

    The linter looks for the emotion's own word in any case.
    """
    known = entries()
    return {e: known[e]["avoid"] if e in known else [] for e in emotions}


def story_prompt(model: Any, slot: Slot) -> str:
    """What the model is asked: a message to a chat model, else a text to go on with."""
    low, high = linter.WORDS
    length = f"{low + 10} to {high - 10} words"
    if model.tokenizer.chat_template is None:
        return (
            f"Exercise: a story of {length}, told in the {PERSONS[slot.person]}, about "
            f"this: {slot.topic}. The main person is {slot.emotion}, and the story "
            "shows it without any word for it.\n\nStory:"
        )
    return chat_prompt(
        model,
        f"Write one story of {length}, in a single paragraph, told in the "
        f"{PERSONS[slot.person]}. It is about this: {slot.topic}. Its main person is "
        f"{slot.emotion} from beginning to end. Never use the word "
        f'"{slot.emotion}", a word of the same family, or one that means the same: '
        "show the feeling by what happens, what the body does, what is thought, said "
        "and done. Give the person a name or a voice of their own. Answer with the "
        "story alone, without a title.",
    )


def seed_of(seed: int, slot: Slot, draft: int) -> int:
    """A seed for one draft of one story, whatever else is written."""
    return int(cache.digest("story", seed, list(slot), draft)[:8], 16)


def draft_texts(
    model: Any, slots: Sequence[Slot], seeds: list[int], options: dict[str, Any]
) -> list[str]:
    """A draft for each slot, from the disk where they are there already."""
    asked, device = [story_prompt(model, slot) for slot in slots], model.device.type
    key = cache.model_key(model, "drafts", asked, seeds, options, device=device)

    def draft() -> dict[str, Tensor]:
        texts = generate(model, asked, seed=seeds, progress=False, **options)
        return cache.as_tensors(texts)

    return [tidy(text) for text in cache.as_texts(cache.cached(key, draft))]


def tidy(text: str) -> str:
    """One paragraph, without a title or marks around it, that ends with a sentence."""
    parts = [part.strip(" *_#\t") for part in text.strip().split("\n")]
    lines = [part for part in parts if part]
    if len(lines) > 1 and lines[0][-1] not in '.!?"”':
        lines = lines[1:]  # a title
    joined = " ".join(" ".join(lines).split())
    if joined.startswith('"') and joined.endswith('"') and joined.count('"') == 2:
        joined = joined[1:-1]
    ends = max(joined.rfind(mark) for mark in '.!?"”')
    return joined[: ends + 1] if ends > 0 else joined


def faults(
    slot: Slot,
    text: str,
    avoid: dict[str, list[str]],
    passed: Mapping[Slot, tuple[str, int, int]],
) -> list[tuple[str, str]]:
    """Why the linter rejects a draft: rule and detail; empty if it does not."""
    one = pd.DataFrame([as_row(slot, text, 0, 0)], columns=STORY)
    found = [*linter.lengths(one), *linter.leaks(one, avoid), *linter.persons(one)]
    if not found and passed:
        others = [as_row(other, *kept) for other, kept in passed.items()]
        table = pd.DataFrame([*others, *one.itertuples(index=False)], columns=STORY)
        mine = f"/ {slot.topic}"
        found = [
            f
            for f in linter.copies(table)
            if f[1].endswith(f"/ {slot.emotion}") and f[2].endswith(mine)
        ]
    return [(rule, detail) for rule, _, _, detail in found]


def as_row(slot: Slot, text: str, own: int, draft: int) -> tuple[Any, ...]:
    """A story as a row of the table."""
    split = TOPIC_SPLITS.get(slot.topic, "train")
    return slot.emotion, slot.topic, split, slot.person, text, own, draft
