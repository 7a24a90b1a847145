"""Texts that go on from another: without the space that some tokenizers add."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from helpers.behaviour import first_tokens
from helpers.models import adds_space, load_model, token_rows, token_strings
from helpers.models.prompts import following_rows
from helpers.steering import choice_logprobs, generate
from helpers.vectors import word_tokens
from tests.unit.families import (
    TEXTS,
    load_plain,
    make_folder,
    make_spaced_tokenizer,
    make_tokenizer,
)

WORDS = ["cat", "rain", "door", "river", "laugh"]
TEMPLATE = "{% for m in messages %}[U] {{ m.content }} [A]{% endfor %}"


@pytest.fixture(scope="module")
def spaced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny random Mistral with a tokenizer that adds spaces."""
    root = tmp_path_factory.mktemp("spaced")
    return make_folder(root, "mistral", tokenizer=make_spaced_tokenizer())


def test_which_tokenizers_add_a_space() -> None:
    assert adds_space(make_spaced_tokenizer())
    assert not adds_space(make_tokenizer())


@pytest.mark.parametrize("make", [make_tokenizer, make_spaced_tokenizer])
def test_a_continuation_is_tokenized_as_it_stands(make: Any) -> None:
    """Prompt and continuation apart are the tokens of both together."""
    tokenizer = make()
    for prompt in ("The cat sat on the", "Nobody came."):
        for rest in (" rain", " mat until the", ", and then", " door opened."):
            both = tokenizer(prompt + rest)["input_ids"]
            head = tokenizer(prompt)["input_ids"]
            (tail,) = following_rows(tokenizer, [rest])
            assert head + tail == both
    assert following_rows(tokenizer, ["", " a"])[0] == []
    assert following_rows(tokenizer, []) == []


def test_plain_tokenizing_would_have_been_wrong() -> None:
    tokenizer = make_spaced_tokenizer()
    naive = tokenizer(" rain", add_special_tokens=False)["input_ids"]
    assert following_rows(tokenizer, [" rain"])[0] != naive


def test_words_are_told_apart_by_their_first_token() -> None:
    model = SimpleNamespace(tokenizer=make_spaced_tokenizer())
    found = word_tokens(model, WORDS)
    assert len(found) > 2
    strings = model.tokenizer.convert_ids_to_tokens(list(found.values()))
    assert all(s.startswith("▁") and len(s) > 1 for s in strings)
    assert len(set(first_tokens(model, [" cat", " door", " rain"]))) == 3


def test_choices_and_texts_on_such_a_model(spaced: Path) -> None:
    model = load_model(spaced, device="cpu")
    plain, tokenizer = load_plain(spaced)
    prompt, choices = "The cat sat on the", [" mat", " rain until the door"]
    found = choice_logprobs(model, [prompt], choices)[0]
    head = tokenizer(prompt)["input_ids"]
    for value, choice in zip(found, choices, strict=True):
        ids = torch.tensor([tokenizer(prompt + choice)["input_ids"]])
        with torch.no_grad():
            logprobs = plain(ids).logits.log_softmax(-1)[0]
        want = sum(logprobs[i - 1, ids[0, i]] for i in range(len(head), ids.shape[1]))
        assert value == pytest.approx(float(want), abs=1e-4)
    written = generate(model, TEXTS[:2], max_new_tokens=8)
    for text, new in zip(TEXTS, written, strict=False):
        ids = tokenizer(text, return_tensors="pt")
        out = plain.generate(**ids, max_new_tokens=8, do_sample=False)[0]
        assert tokenizer.decode(out, skip_special_tokens=True) == text + new
    strings = token_strings(model, TEXTS[0])
    assert "".join(strings[1:]) == TEXTS[0]
    assert token_rows(model, [TEXTS[0]])[0][0] == tokenizer.bos_token_id
