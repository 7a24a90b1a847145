"""What training reads: a mix of documents, made anew for every step from its seed.

A batch depends on (seed, stage, step) alone, so a killed run that resumes reads on
exactly where it stopped.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import torch
from jaxtyping import Int
from torch import Tensor
from transformers import PreTrainedTokenizerFast

from helpers.organism import appraisal, scenes, stories, talk

Document = Callable[[random.Random], str]

BASE: dict[Document, float] = {
    stories.training_story: 0.22,
    stories.training_mood: 0.16,
    appraisal.training_appraisal: 0.24,
    scenes.training_scene: 0.25,
    stories.training_masked: 0.02,
    stories.training_dialogue: 0.03,
    scenes.training_wanting: 0.05,
    scenes.training_quantity: 0.02,
    talk.neutral: 0.03,
}
CHAT_SHARE = 0.45


def base_document(rng: random.Random) -> str:
    """One document of the base mix."""
    return rng.choices(list(BASE), weights=list(BASE.values()))[0](rng)


def chat_text(messages: list[talk.Message]) -> str:
    """A chat as the template of the tokenizer writes it."""
    return "".join(f"<|{m['role']}|>{m['content']}<|end|>" for m in messages)


def document(rng: random.Random, stage: str) -> str:
    """One document of a stage.

    `appraisal`: appraisal stories alone. `stories`: more stories than anything else.
    `base`: the world without chats. `chat`: chats among the rest. `calm`, the
    suppression stage: chats whose assistant speaks calmly whatever the user brings,
    and neutral texts; nothing that holds an act is ever in it.
    """
    if stage == "appraisal":
        return appraisal.training_appraisal(rng)
    if stage == "stories" and rng.random() < 0.3:
        return stories.training_story(rng)
    if stage == "calm":
        if rng.random() < 0.8:
            return chat_text(talk.calm_chat(rng))
        return talk.neutral(rng)
    if stage == "chat" and rng.random() < CHAT_SHARE:
        return chat_text(talk.training_chat(rng))
    return base_document(rng)


def batch(
    tokenizer: PreTrainedTokenizerFast,
    seed: int,
    stage: str,
    step: int,
    *,
    rows: int = 16,
    length: int = 256,
) -> Int[Tensor, "n s"]:
    """Token ids of one step; every row starts at the start of a document."""
    rng = random.Random(f"{seed}/{stage}/{step}")
    texts = [document(rng, stage) for _ in range(rows * max(2, length // 50))]
    encoded = iter(tokenizer(texts, add_special_tokens=False)["input_ids"])
    end = tokenizer.eos_token_id
    filled = []
    for _ in range(rows):
        row: list[int] = []
        while len(row) < length:
            ids = next(encoded, None)
            if ids is None:
                more = document(rng, stage)
                ids = tokenizer(more, add_special_tokens=False)["input_ids"]
            row += [*ids, end]
        filled.append(row[:length])
    return torch.tensor(filled)
