"""Reading at one place of a text against plain PyTorch, scipy and planted structure."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from jinja2 import TemplateError
from scipy.stats import spearmanr
from tokenizers.processors import TemplateProcessing

from helpers.activations import in_spans, last_position, span_means
from helpers.models import chat_prompt, token_strings
from helpers.stats import (
    Estimate,
    bootstrap,
    by_layer,
    null_p,
    random_directions,
    rank_correlations,
    shuffled_labels,
    verdict,
)
from helpers.vectors import difference_of_means
from tests.unit.families import TEXTS, load_plain, make_tokenizer, plain_stream
from tests.unit.turns import turn_starts

CHAT = [
    {"role": "user", "content": "The cat sat on the mat."},
    {"role": "assistant", "content": "She waited for a letter."},
    {"role": "user", "content": "Nobody came."},
]
TEMPLATE = (
    "{% for m in messages %}<|end|>{{ m['content'] }}{% endfor %}"
    "{% if add_generation_prompt %}next:{% endif %}"
)


def test_a_chat_without_a_template_is_told_in_lines(random_model: Any) -> None:
    assert chat_prompt(random_model, "Hello") == "Human: Hello\n\nAssistant:"
    text = chat_prompt(random_model, CHAT)
    assert text.endswith("Human: Nobody came.\n\nAssistant:")
    with pytest.raises(ValueError, match="not the user's"):
        chat_prompt(random_model, CHAT[:2])
    with pytest.raises(ValueError, match="not the user's"):
        chat_prompt(random_model, [])


@pytest.mark.parametrize("adds", [True, False])
def test_the_first_token_is_there_once(adds: bool) -> None:
    tokenizer = make_tokenizer()
    tokenizer.bos_token, tokenizer.chat_template = "<|end|>", TEMPLATE
    if adds:
        tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
            single="<|end|> $A", special_tokens=[("<|end|>", tokenizer.bos_token_id)]
        )
    text = chat_prompt(SimpleNamespace(tokenizer=tokenizer), "The cat")
    ids = tokenizer(text)["input_ids"]
    assert ids.count(tokenizer.bos_token_id) == 1
    assert text.endswith("The catnext:")


def test_a_model_that_thinks_aloud_is_asked_to_answer() -> None:
    closes = "{% if enable_thinking is false %}<think></think>{% endif %}"
    model = SimpleNamespace(tokenizer=make_tokenizer(template=TEMPLATE + closes))
    assert chat_prompt(model, CHAT).endswith("next:<think></think>")


REFUSES = (
    "{% if messages[0].role == 'system' %}"
    "{{ raise_exception('System role not supported') }}{% endif %}"
)


def test_a_template_without_a_system_role_gets_it_from_the_user() -> None:
    told = [{"role": "system", "content": "Be brief."}, *CHAT]
    tokenizer = make_tokenizer(template=REFUSES + TEMPLATE)
    model = SimpleNamespace(tokenizer=tokenizer)
    text = chat_prompt(model, told)
    assert f"Be brief.\n\n{CHAT[0]['content']}" in text
    starts = turn_starts(model, told)
    assert list(starts["label"]) == ["system", "user", "assistant", "user"]
    assert starts["position"].is_monotonic_increasing
    tokenizer.chat_template = "{{ raise_exception('no') }}"
    with pytest.raises(TemplateError, match="no"):
        chat_prompt(model, CHAT)


def test_turns_start_where_their_words_do(random_model: Any) -> None:
    tokens = token_strings(random_model, chat_prompt(random_model, CHAT))
    starts = turn_starts(random_model, CHAT)
    assert list(starts["label"]) == ["user", "assistant", "user"]
    for position, message in zip(starts["position"], CHAT, strict=True):
        rest = "".join(tokens[position:]).strip()
        assert rest.startswith(message["content"])


@pytest.mark.parametrize("kind", ["llama", "gpt2", "gemma2"])
def test_the_last_position_equals_plain_hooks(
    kind: str, family_folder: Callable[[str], Path], own_cache: Path
) -> None:
    from helpers.models import load_model

    folder = family_folder(kind)
    model, (plain, tokenizer) = load_model(folder, device="cpu"), load_plain(folder)
    texts = [TEXTS[0], TEXTS[1], TEXTS[4], TEXTS[1] + " Again."]
    found = last_position(model, texts, [0, 2])
    assert found.shape[:2] == (2, 4)
    for i, text in enumerate(texts):
        stream = plain_stream(plain, tokenizer, text)
        torch.testing.assert_close(found[:, i], stream[[0, 2], -1], rtol=0, atol=1e-4)
    assert torch.equal(last_position(model, texts, 2), found[1])


def test_span_means_equal_the_mean_over_their_tokens(
    random_model: Any, family_folder: Callable[[str], Path], own_cache: Path
) -> None:
    text = "The cat sat on the mat. Nobody came to the station that night."
    spans = [(0, 23), (23, len(text))]
    plain, tokenizer = load_plain(family_folder("llama"))
    stream = plain_stream(plain, tokenizer, text)
    inside = in_spans(random_model, text, spans)
    assert (inside.sum(0) == 1).all(), "each token in one span"
    tokens = token_strings(random_model, text)
    first = "".join(t for t, i in zip(tokens, inside[0], strict=True) if i)
    assert first == "The cat sat on the mat."
    found = span_means(random_model, [text, text], [spans, spans[::-1]], [1, 3])
    assert found.shape[:3] == (2, 2, 2)
    for k in range(2):
        right = stream[[1, 3]][:, inside[k].bool()].mean(1)
        torch.testing.assert_close(found[:, 0, k], right, rtol=0, atol=1e-4)
        torch.testing.assert_close(found[:, 1, 1 - k], right, rtol=0, atol=1e-4)
    with pytest.raises(ValueError, match="holds no token"):
        span_means(random_model, [text], [[(5, 5)]], 1)


def test_rank_correlations_equal_scipy() -> None:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"g": ["a"] * 9 + ["b"] * 7, "v": rng.integers(0, 5, 16)})
    scores = torch.tensor(rng.normal(size=(16, 3)).round(1))
    scores[:, 2] = 1.0
    found = rank_correlations(frame, scores, by="g", against="v")
    for i, name in enumerate("ab"):
        rows = np.flatnonzero(frame["g"] == name)
        for j in range(2):
            right = spearmanr(frame["v"].iloc[rows], scores[rows, j]).statistic
            assert found[i, j] == pytest.approx(right, abs=1e-5)
    assert (found[:, 2] == 0).all()


def planted_doses(strength: float, seed: int) -> tuple[pd.DataFrame, Any, Any]:
    """12 templates of 10 numbers: digits move all alike, goodness along one axis."""
    rng = np.random.default_rng(seed)
    rows = [(t, v, 1 if t % 2 else -1) for t in range(12) for v in range(10)]
    frame = pd.DataFrame(rows, columns=["template", "value", "sign"])
    frame["goodness"] = frame["value"] * frame["sign"]
    digits, good = rng.normal(size=(2, 32))
    noise = rng.normal(size=(120, 32))
    value = frame["value"].to_numpy()[:, None]
    meaning = strength * frame["goodness"].to_numpy()[:, None]
    rows = 0.3 * value * digits + meaning * good + noise
    return frame, torch.tensor(rows).float(), torch.tensor(good).float()


def signed_p(strength: float, seed: int) -> tuple[float, float]:
    """The p of the planted axis, and how large random correlations are in size."""
    frame, rows, good = planted_doses(strength, seed)
    drawn = rows @ random_directions(good[None], 200, seed=seed).T
    columns = {"by": "template", "against": "goodness"}
    real = rank_correlations(frame, rows @ good[:, None], **columns)
    null = rank_correlations(frame, drawn, **columns)
    return null_p(float(real.mean()), null.mean(0)), float(null.abs().mean())


def test_a_planted_dose_is_found_although_digits_move_every_direction() -> None:
    p, size = signed_p(0.3, 0)
    assert p <= 1 / 150
    assert size > 0.3, "one template alone shows a random direction a dose"


def test_digits_alone_are_not_taken_for_meaning() -> None:
    ps = np.array([signed_p(0.0, seed)[0] for seed in range(60)])
    assert (ps <= 0.1).mean() < 0.25


def test_null_p_has_its_nominal_rate_of_false_alarms() -> None:
    rng = np.random.default_rng(5)
    ps = [null_p(rng.normal(), rng.normal(size=39)) for _ in range(2000)]
    for level in (0.05, 0.1, 0.25):
        assert np.mean(np.array(ps) <= level) == pytest.approx(level, abs=0.025)
    assert null_p(9.0, [0.1, -0.2, 0.3]) == 0.25
    with pytest.raises(ValueError, match="no control"):
        null_p(1.0, [])


def test_verdict_and_layers() -> None:
    assert "above" in verdict(Estimate(1.0, 0.5, 2.0))
    assert "below" in verdict((-1.0, -2.0, -0.5))
    assert "nothing was found" in verdict((0.1, -0.1, 0.3))
    assert "nothing was found" in verdict((0.6, 0.4, 0.7), 0.5)
    frame = by_layer([2, 5], lambda one: bootstrap([one, one], None), line="x")
    assert list(frame["value"]) == [2, 5]
    assert set(frame) == {"layer", "value", "low", "high", "line"}


def half_agreement(rows: torch.Tensor, labels: list[str], half: np.ndarray) -> float:
    """Mean cosine of the same label's vector from one half and from the other."""
    index, sides = np.array(labels), []
    for h in (0, 1):
        names = index[half == h].tolist()
        vectors, order = difference_of_means(rows[torch.from_numpy(half == h)], names)
        sides.append(vectors[[order.index(e) for e in sorted(order)]])
    return float(torch.cosine_similarity(*sides).mean())


def agreement_exceeds(strength: float, seed: int, n_controls: int = 9) -> bool:
    """Whether real labels agree over halves more than every shuffling of them."""
    rng, n = np.random.default_rng(seed), 10
    labels = [f"e{i}" for i in range(n)] * 8
    half = np.repeat([0, 1], 4 * n)
    means = torch.tensor(rng.normal(size=(n, 16))).float()
    rows = torch.tensor(rng.normal(size=(8 * n, 16))).float()
    rows += strength * means[[int(e[1:]) for e in labels]]
    real = half_agreement(rows, labels, half)
    controls = [
        half_agreement(rows, shuffled_labels(labels, list(half), seed=s), half)
        for s in range(n_controls)
    ]
    return real > max(controls)


def test_halves_agree_on_planted_vectors_and_on_noise_at_the_nominal_rate() -> None:
    assert agreement_exceeds(1.0, 0)
    share = np.mean([agreement_exceeds(0.0, seed) for seed in range(150)])
    assert 0.03 < share < 0.19  # 1 of 10 by chance
