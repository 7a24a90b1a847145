"""Fluency, openings and the own-word test, on texts and directions made for them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from helpers.datasets import load_emotions, load_openings
from helpers.datasets.stories import topic_splits
from helpers.models import d_model, load_model
from helpers.stats import random_directions
from helpers.steering import (
    choice_logprobs,
    fluency,
    own_right,
    word_changes,
    words_pushed,
    words_without,
)
from helpers.steering.fluency import repetition, surprise
from helpers.steering.pushes import Push
from helpers.vectors import EmotionVectors
from tests.unit.families import load_plain, make_folder, plain_blocks

WORDS = ("the", "was", "and", "laugh")


def test_surprise_is_the_loss_of_the_text(
    family_folder: Callable[[str], Path], random_model: Any
) -> None:
    plain, tokenizer = load_plain(family_folder("llama"))
    prompt, text = "The cat sat", " on the mat and looked"
    head = tokenizer(prompt)["input_ids"]
    ids = torch.tensor([[*head, *tokenizer(text)["input_ids"]]])
    labels = ids.clone()
    labels[:, : len(head)] = -100
    with torch.no_grad():
        loss = float(plain(ids, labels=labels).loss)
    got = surprise(random_model, [prompt, prompt], [text, ""])
    assert got[0] == pytest.approx(loss, abs=1e-3)
    assert np.isnan(got[1])
    table = fluency(random_model, [prompt], [text])
    assert table["perplexity"][0] == pytest.approx(np.exp(loss), rel=1e-2)


def test_next_tokens_move_as_choices_do(random_model: Any) -> None:
    prompts, letters = ["The cat sat on", "She waited"], ["A", "B"]
    ids = [random_model.tokenizer(x)["input_ids"] for x in letters]
    rows = torch.randn(4, d_model(random_model))
    ask: dict[str, Any] = {"layer": 1, "norm": 3.0}
    tokens = torch.tensor([row[-1] for row in ids])
    got = words_pushed(random_model, prompts, tokens, rows, 0.5, **ask)
    free = choice_logprobs(random_model, prompts, letters)
    for r, row in enumerate(rows):
        ask |= {"vector": row, "strength": 0.5}
        right = choice_logprobs(random_model, prompts, letters, **ask) - free
        assert right.abs().max() > 1e-3
        assert torch.allclose(got[:, r], right, atol=2e-3)


def test_words_without_a_direction_equal_hooks_that_project_it_out(
    family_folder: Callable[[str], Path],
) -> None:
    folder = family_folder("llama")
    model = load_model(folder, device="cpu")
    prompts, words = ["The cat sat on", "She waited"], [f" {w}" for w in WORDS]
    rows = torch.randn(3, d_model(model), generator=torch.Generator().manual_seed(0))
    got = words_without(model, prompts, words, rows, 1)
    plain, tokenizer = load_plain(folder)

    def after(prompt: str, out: torch.Tensor | None) -> torch.Tensor:
        def hook(module: Any, inputs: Any, output: Any) -> Any:
            rest = output[0] if isinstance(output, tuple) else output
            rest = rest - (rest @ out)[..., None] * out
            return (rest, *output[1:]) if isinstance(output, tuple) else rest

        blocks = plain_blocks(plain)[1:] if out is not None else []
        handles = [block.register_forward_hook(hook) for block in blocks]
        said = []
        for word in words:
            head, tail = (tokenizer(t)["input_ids"] for t in (prompt, word))
            with torch.no_grad():
                logits = plain(torch.tensor([head + tail])).logits[0]
            odds = logits.log_softmax(-1)[len(head) - 1 : -1]
            said.append(odds.gather(1, torch.tensor(tail)[:, None]).sum())
        for handle in handles:
            handle.remove()
        return torch.stack(said)

    for n, prompt in enumerate(prompts):
        free = after(prompt, None)
        for r, row in enumerate(rows):
            change = after(prompt, row / row.norm()) - free
            assert change.abs().max() > 1e-3
            assert torch.allclose(got[n, r], change, atol=2e-3)


def test_repetition_counts_runs_that_come_back() -> None:
    assert repetition("no no no no") == pytest.approx(2 / 3)
    assert repetition("No, no. NO no!") == pytest.approx(2 / 3)
    assert repetition("every word here differs from others") == 0.0
    assert repetition("") == repetition("one") == 0.0
    assert repetition("a b a b", n=1) == 0.5


def test_openings_keep_to_their_topics_and_name_no_feeling() -> None:
    splits = topic_splits()
    seen: dict[str, set[str]] = {}
    for split in ("validation", "test"):
        rows = load_openings(split, n=10)
        assert set(rows["topic"]) == set(splits[split])
        assert rows["prompt"].str.endswith(" felt").all()
        assert (rows["person"] == "first").sum() == 10
        assert rows[rows["person"] == "first"]["prompt"].str.endswith("I felt").all()
        for emotion in load_emotions()["emotion"]:
            assert not rows["prompt"].str.contains(rf"\b{emotion}\b").any()
        seen[split] = set(rows["prompt"])
    assert not seen["validation"] & seen["test"]
    with pytest.raises(ValueError, match="split is 'dev': pass one of train"):
        load_openings("dev")


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, EmotionVectors]:
    """A model whose last layer writes what the unembedding reads: it can be steered.

    The direction of a word is the unembedding's row of its first token.
    """
    folder = make_folder(
        tmp_path_factory.mktemp("planted"), "llama", max_position_embeddings=512
    )
    model = load_model(folder, device="cpu")
    head = model._module.lm_head.weight.detach()
    first = [model.tokenizer(f" {w}")["input_ids"][0] for w in WORDS]
    assert len(set(first)) == len(WORDS)
    rows = head[first] - head[first].mean(0)
    zero = torch.zeros(d_model(model))
    return model, EmotionVectors(rows.clone(), WORDS, 3, "planted", 10.0, zero, 0)


def test_word_changes_are_differences_of_two_calls(planted: Any) -> None:
    model, vectors = planted
    prompts = ["The cat sat", "Nobody came to"]
    got = word_changes(model, vectors, vectors.vectors, prompts, 0.3)
    assert got.shape == (2, 4, 4)
    still = word_changes(model, vectors, vectors.vectors, prompts, 0.0)
    assert still.abs().max() < 1e-4
    assert (got.diagonal(dim1=1, dim2=2) > 0).all()


def test_a_planted_direction_is_found_and_a_random_one_is_not(planted: Any) -> None:
    model, vectors = planted
    prompts = ["The cat sat", "Nobody came to"]
    found = word_changes(model, vectors, vectors.vectors, prompts, 1.0)
    assert own_right(found).tolist() == [1.0] * len(WORDS)
    drawn = random_directions(vectors.vectors, 20)
    chance = word_changes(model, vectors, drawn, prompts, 1.0)
    own = [i % len(WORDS) for i in range(len(drawn))]
    assert float(own_right(chance, own).mean()) < 0.6  # chance is 1/4


def test_a_band_divides_the_dose(planted: Any) -> None:
    model, vectors = planted
    rows, words = vectors.vectors, [f" {w}" for w in WORDS]
    prompts, whole = ["The cat sat"] * len(rows), {"vector": rows, "strength": 0.6}
    two = choice_logprobs(model, prompts, words, layer=[2, 3], **whole)
    halves = [Push(rows, layer, 0.3) for layer in (2, 3)]
    pushed = choice_logprobs(model, prompts, words, vector=halves)
    assert torch.allclose(two, pushed, atol=1e-4)
    alone = choice_logprobs(model, prompts, words, layer=3, **whole)
    assert not torch.allclose(two, alone, atol=1e-3)


def test_own_right_knows_which_word_is_whose() -> None:
    changes = torch.zeros(2, 2, 4)
    changes[:, 0, 2] = 1.0
    changes[:, 1, 1] = 1.0
    assert own_right(changes).tolist() == [0.0, 1.0]
    assert own_right(changes, [2, 0]).tolist() == [1.0, 0.0]
