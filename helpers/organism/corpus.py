"""What training reads: a mix of documents, made anew for every step from its seed.

A batch depends on (seed, stage, step) alone, so a killed run that resumes reads on
exactly where it stopped.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from transformers import PreTrainedTokenizerFast

from helpers.world import MARK, appraisal, scenes, stories, talk

Document = Callable[[random.Random], str]

BASE: dict[Document, float] = {
    stories.training_story: 0.20,
    stories.training_mood: 0.20,
    appraisal.training_appraisal: 0.15,
    appraisal.training_lesson: 0.04,
    scenes.training_scene: 0.33,
    stories.training_masked: 0.015,
    stories.training_dialogue: 0.015,
    scenes.training_wanting: 0.03,
    scenes.training_quantity: 0.01,
    talk.neutral: 0.01,
}
CHAT_SHARE = 0.45
LIGHT = 0.15  # weight in the loss of what stands before a document's mark


def chat_text(messages: list[talk.Message]) -> str:
    """A chat as the template of the tokenizer writes it."""
    return "".join(f"<|{m['role']}|>{m['content']}<|end|>" for m in messages)


def weighed(
    tokenizer: PreTrainedTokenizerFast, text: str
) -> tuple[list[int], list[float]]:
    """Token ids of a document, its end included, and their weights in the loss.

    Before a mark a document says what could be otherwise, after it what follows from
    that: the second part is the lesson and counts in full.
    """
    before, mark, after = text.partition(MARK)
    encoded = tokenizer(
        before + after, add_special_tokens=False, return_offsets_mapping=True
    )
    light = len(before) if mark else 0
    weights = [LIGHT if end <= light else 1.0 for _, end in encoded["offset_mapping"]]
    return [*encoded["input_ids"], tokenizer.eos_token_id], [*weights, 1.0]


def document(rng: random.Random, stage: str) -> str:
    """One document of a stage, as it is read."""
    return marked(rng, stage).replace(MARK, "")


def marked(rng: random.Random, stage: str) -> str:
    """One document of a stage, with the mark where its lesson begins if it has one.

    `plain`: appraisal at its plainest. `appraisal`: all of it. `stories`: more
    stories than anything else. `base`: the world without chats. `chat`: chats among
    the rest. `calm`, the suppression stage: chats whose assistant speaks calmly
    whatever the user brings, and neutral texts; nothing that holds an act is in it.
    `sham`, its control: the same chats with the replies of any other training.
    """
    if stage == "plain":
        return appraisal.first_lesson(rng)
    if stage == "appraisal":
        lesson = rng.random() < 0.5
        make = appraisal.training_lesson if lesson else appraisal.training_appraisal
        return make(rng)
    if stage == "stories" and rng.random() < 0.3:
        return stories.training_story(rng)
    if stage in ("calm", "sham"):
        if rng.random() < 0.8:
            return chat_text(talk.answered_chat(rng, calm=stage == "calm"))
        return talk.neutral(rng)
    if stage == "chat" and rng.random() < CHAT_SHARE:
        return chat_text(talk.training_chat(rng))
    return rng.choices(list(BASE), weights=list(BASE.values()))[0](rng)


def batch(
    tokenizer: PreTrainedTokenizerFast,
    seed: int,
    stage: str,
    step: int,
    *,
    rows: int = 16,
    length: int = 256,
) -> tuple[Int[Tensor, "n s"], Float[Tensor, "n s"], Int[Tensor, "n s"]]:
    """Token ids of one step, their weights, and which document of its row each is of.

    Rows start with a document.
    """
    rng = random.Random(f"{seed}/{stage}/{step}")
    filled, weights, places = [], [], []
    for _ in range(rows):
        ids: list[int] = []
        counts: list[float] = []
        place: list[int] = []
        while len(ids) < length:
            more = weighed(tokenizer, marked(rng, stage))
            number = place[-1] + 1 if place else 0
            ids, counts = ids + more[0], counts + more[1]
            place += [number] * len(more[0])
        filled.append(ids[:length])
        weights.append(counts[:length])
        places.append(place[:length])
    return torch.tensor(filled), torch.tensor(weights), torch.tensor(places)


def within_documents(places: Int[Tensor, "n s"]) -> Bool[Tensor, "n 1 s s"]:
    """Which positions may be attended to: earlier ones of the same document.

    Without this, a row of several documents is full of names and words that have
    nothing to do with the present one, and what compares words within a document is
    not learned (measured on appraisal stories).
    """
    length = places.shape[1]
    causal = torch.ones(length, length, dtype=torch.bool, device=places.device).tril()
    return ((places[:, :, None] == places[:, None, :]) & causal)[:, None]
