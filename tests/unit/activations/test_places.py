"""Three places of a chat, and the embeddings, against plain PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from helpers.activations import (
    EMBEDDINGS,
    PLACES,
    mean_embeddings,
    read_places,
    residual_stream,
    weighted_means,
)
from helpers.models import chat_prompt, load_model, token_spans
from tests.unit.families import TEXTS, load_plain, plain_stream

LONG = [
    {"role": "user", "content": "She came."},
    {"role": "assistant", "content": "She came."},
    {"role": "user", "content": " She came. "},
]


@pytest.mark.parametrize("kind", ["llama", "gpt2", "gemma2"])
def test_places_equal_plain_hooks(
    kind: str, family_folder: Callable[[str], Path], own_cache: Path
) -> None:
    folder = family_folder(kind)
    model, (plain, tokenizer) = load_model(folder, device="cpu"), load_plain(folder)
    chats = [TEXTS[1], LONG, TEXTS[0]]
    found = read_places(model, chats, [0, 2])
    assert list(found) == list(PLACES)
    for i, chat in enumerate(chats):
        prompt = chat_prompt(model, chat)
        said = chat if isinstance(chat, str) else "She came."
        before, after = (tokenizer(t)["input_ids"] for t in prompt.rsplit(said, 1))
        length = len(tokenizer(prompt)["input_ids"])
        own = range(len(before), length - len(after))
        stream = plain_stream(plain, tokenizer, prompt)[[0, 2]]
        for place, right in (
            ("text", stream[:, list(own)].mean(1)),
            ("last token", stream[:, own[-1]]),
            ("header", stream[:, -1]),
        ):
            torch.testing.assert_close(found[place][:, i], right, rtol=0, atol=1e-4)
    again = read_places(model, chats, [2, 0])
    assert torch.allclose(again["text"], found["text"][[1, 0]], atol=1e-5)


@pytest.mark.parametrize("said", ["assistant", "user", "end"])
def test_a_message_is_not_looked_for_by_its_letters(said: str, own_cache: Path) -> None:
    """The template has these words, too, and one of them after the message."""
    model = load_model("tiny", device="cpu")
    prompt = chat_prompt(model, said)
    spans = token_spans(model, prompt)
    start = prompt.index(f">{said}<") + 1
    (place,) = ((spans[:, 1] > start) & (spans[:, 1] <= start + len(said))).nonzero()
    right = residual_stream(model, prompt, 3)[place].mean(0)
    found = read_places(model, [said], [3])
    torch.testing.assert_close(found["text"][0, 0], right, rtol=0, atol=1e-4)


def test_embeddings_are_what_goes_into_block_0(
    random_model: Any, family_folder: Callable[[str], Path], own_cache: Path
) -> None:
    plain, tokenizer = load_plain(family_folder("llama"))
    table = plain.get_input_embeddings().weight.detach()
    found = mean_embeddings(random_model, TEXTS, start=2)
    for i, text in enumerate(TEXTS):
        right = table[tokenizer(text)["input_ids"][2:]].mean(0)
        torch.testing.assert_close(found[i], right, rtol=0, atol=1e-5)
    read = read_places(random_model, TEXTS, [EMBEDDINGS, 1])
    alone = read_places(random_model, TEXTS, [1])
    assert torch.allclose(read["header"][1], alone["header"][0], atol=1e-5)
    (token,) = tokenizer(":")["input_ids"]
    assert torch.allclose(read["header"][0], table[token].expand(5, -1), atol=1e-5)


def test_weights_are_those_of_each_text(random_model: Any, own_cache: Path) -> None:
    lengths = [len(random_model.tokenizer(text)["input_ids"]) for text in TEXTS]
    rng = torch.Generator().manual_seed(0)
    weights = [torch.rand(2, n, generator=rng) for n in lengths]
    found = weighted_means(random_model, TEXTS, weights, [0, 3])
    assert found.shape == (2, len(TEXTS), 2, 32)
    some = weighted_means(random_model, TEXTS[:2], weights[:2], [3])
    assert torch.allclose(found[1:, :2], some, atol=1e-4)
    twice = weighted_means(random_model, TEXTS, [2 * w for w in weights], [0, 3])
    assert torch.allclose(twice, 2 * found, atol=1e-4)
