"""The embedded checkpoints, through plain transformers and through the helpers."""

from __future__ import annotations

import math
from dataclasses import asdict
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from helpers import cache
from helpers.activations import residual_stream
from helpers.card import SHIPPED, Sizes, load_cards
from helpers.card.measure import FIGURES
from helpers.datasets import load_emotions, load_neutral, load_stories
from helpers.models import EMBEDDED, default_layer, load_model
from helpers.models.properties import CHECKPOINTS
from helpers.organism import loss_log
from helpers.vectors import extract


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_plain_transformers_loads_it(name: str) -> None:
    tokenizer = AutoTokenizer.from_pretrained(EMBEDDED / name)
    model = AutoModelForCausalLM.from_pretrained(EMBEDDED / name)
    ids = tokenizer("Ana felt", return_tensors="pt")
    with torch.no_grad():
        loss = model(**ids, labels=ids["input_ids"]).loss
    assert float(loss) < math.log(len(tokenizer))
    assert next(model.parameters()).dtype == torch.bfloat16


def test_the_checkpoints_are_small() -> None:
    whole = [f for n in CHECKPOINTS for f in Path(EMBEDDED, n).iterdir()]
    assert sum(f.stat().st_size for f in whole) < 20e6
    for difference in Path(EMBEDDED).rglob("difference.safetensors"):
        assert difference.stat().st_size < 2e6


def test_text_survives_the_tokenizer() -> None:
    tokenizer = AutoTokenizer.from_pretrained(EMBEDDED / "tiny")
    for text in (*load_stories().text.head(50), "Ünïcode, 12 €!\n"):
        assert tokenizer.decode(tokenizer(text)["input_ids"]) == text
    words = [e for e in load_emotions().emotion if e.isalpha()]
    assert all(len(tokenizer(f" {word}")["input_ids"]) == 1 for word in words)


def test_chats_end_with_the_assistants_turn() -> None:
    tokenizer = AutoTokenizer.from_pretrained(EMBEDDED / "tiny")
    model = AutoModelForCausalLM.from_pretrained(EMBEDDED / "tiny")
    chat = [{"role": "user", "content": "The storm had passed and the air was clear."}]
    text = tokenizer.apply_chat_template(
        chat, tokenize=False, add_generation_prompt=True
    )
    assert text.endswith("<|assistant|>")
    ids = tokenizer(text, return_tensors="pt")
    out = model.generate(**ids, max_new_tokens=60, do_sample=False)
    reply = tokenizer.decode(out[0, ids["input_ids"].shape[1] :])
    assert reply.endswith("<|end|>")
    assert len(reply.split()) > 3


def test_its_vectors_know_held_out_stories_and_its_card_says_so() -> None:
    model = load_model("tiny")
    stories = load_stories(model)
    train, test = (stories[stories.split == s] for s in ("train", "test"))
    vectors = extract(model, train, load_neutral(model))
    assert vectors.layer == default_layer(model)
    rows = torch.stack(
        [
            residual_stream(model, text, vectors.layer)[vectors.start :].mean(0)
            for text in test.text
        ]
    )
    found = [vectors.emotions[i] for i in vectors.scores(rows).argmax(-1).tolist()]
    right = float((test.emotion == found).mean())
    assert right > 0.5
    card = load_cards(SHIPPED)["tiny"]["figures"]["accuracy"]["value"]
    assert right == pytest.approx(card, abs=0.02)


def test_the_loss_fell() -> None:
    for name in CHECKPOINTS:
        losses = [row["loss"] for row in loss_log(name)]
        assert losses[-1] < losses[0] / 4


def test_whole_cards_are_of_these_weights() -> None:
    cards = load_cards(SHIPPED)
    assert set(CHECKPOINTS) <= set(cards)
    for name in CHECKPOINTS:
        made = cards[name]
        assert made["model"]["weights"] == cache.fingerprint(load_model(name))
        assert made["sizes"] == asdict(Sizes())
        assert set(made["figures"]) == set(FIGURES)
