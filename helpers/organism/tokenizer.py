"""The tokenizer of the embedded model: byte-level BPE trained on the world's text."""

from __future__ import annotations

import random
from collections.abc import Iterator

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from helpers.organism import corpus
from helpers.world import lexicon

END, PAD = "<|endoftext|>", "<|pad|>"
ROLES = ("system", "user", "assistant")
SPECIAL = (END, PAD, *(f"<|{role}|>" for role in ROLES), "<|end|>")
TEMPLATE = (
    "{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


def sample(seed: int, n: int) -> Iterator[str]:
    """Documents to learn merges from, and every emotion word often enough to be one."""
    rng = random.Random(f"{seed}/tokenizer")
    for _ in range(n):
        yield corpus.document(rng, "chat")
    for emotion in lexicon():
        yield f" {emotion}" * 400


def train_tokenizer(
    seed: int = 0, *, size: int = 4096, n: int = 20_000, context: int = 512
) -> PreTrainedTokenizerFast:
    """Train the tokenizer; digits stand alone, emotion words become one token."""
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=list(SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    bpe.train_from_iterator(sample(seed, n), trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=bpe,
        eos_token=END,
        pad_token=PAD,
        chat_template=TEMPLATE,
        model_max_length=context,
        model_input_names=["input_ids", "attention_mask"],
        clean_up_tokenization_spaces=False,
    )
