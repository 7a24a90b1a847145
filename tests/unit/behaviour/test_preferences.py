"""Planted strengths are found; a push to a letter is told from wanting."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from helpers.behaviour import (
    ASK,
    Coupled,
    both_ways,
    bradley_terry,
    coupled_beside,
    letter_prompts,
    ordered_pairs,
    prefer_first,
    pushed_choices,
    span_masks,
    split_push,
    win_matrix,
)
from helpers.behaviour.preferences import elo
from helpers.models import token_strings
from helpers.steering import choice_logprobs

NAMES = ["sing", "count", "sleep", "shout", "read"]
TRUE = np.array([1.2, 0.1, -0.4, -1.5, 0.6])


def chances(pairs: Any, strengths: np.ndarray, push: float = 0.0) -> np.ndarray:
    logit = strengths[pairs["a"]] - strengths[pairs["b"]] + push
    return np.asarray(1 / (1 + np.exp(-logit)))


def test_every_ordered_pair_is_there_once() -> None:
    pairs = ordered_pairs(NAMES)
    assert len(pairs) == 20 == len(pairs.drop_duplicates(["a", "b"]))
    assert (pairs["a"] != pairs["b"]).all()
    assert pairs["question"][0].endswith("(A) sing (B) count")


def test_too_few_activities_are_refused() -> None:
    with pytest.raises(ValueError, match="each once"):
        ordered_pairs(["sing", "sing"])


def test_planted_strengths_are_found() -> None:
    pairs = ordered_pairs(NAMES)
    wins = 50 * win_matrix(pairs, chances(pairs, TRUE), len(NAMES))
    np.testing.assert_allclose(bradley_terry(wins), TRUE - TRUE.mean(), atol=0.02)


def test_fit_is_the_maximum_of_the_likelihood() -> None:
    rng = np.random.default_rng(3)
    wins = rng.integers(1, 9, (5, 5)).astype(float)
    np.fill_diagonal(wins, 0)
    found = bradley_terry(wins, alpha=0.0)

    def likelihood(x: np.ndarray) -> float:
        gaps = x[:, None] - x[None]
        return float(-(wins * np.log1p(np.exp(-gaps))).sum())

    best = likelihood(found)
    for _ in range(50):
        assert likelihood(found + 0.05 * rng.standard_normal(5)) <= best + 1e-9


def test_a_push_to_the_first_letter_does_not_move_the_scale() -> None:
    pairs = ordered_pairs(NAMES)
    fits = [
        bradley_terry(win_matrix(pairs, chances(pairs, TRUE, push), 5))
        for push in (0.0, 1.0)
    ]
    assert np.corrcoef(*fits)[0, 1] > 0.999


def test_one_that_always_wins_stays_finite() -> None:
    wins = np.triu(np.ones((4, 4)), 1)
    found = bradley_terry(wins)
    assert np.isfinite(found).all()
    assert list(np.argsort(-found)) == [0, 1, 2, 3]


def test_bad_tables_are_refused() -> None:
    with pytest.raises(ValueError, match="square"):
        bradley_terry(np.ones((2, 3)))
    with pytest.raises(ValueError, match="square"):
        bradley_terry(-np.ones((2, 2)))


def test_elo_points_are_odds_of_ten() -> None:
    ratings = elo(np.array([np.log(10), 0.0]))
    assert ratings[0] - ratings[1] == pytest.approx(400)
    assert ratings.mean() == pytest.approx(1500)
    expected = 1 / (1 + 10 ** ((ratings[1] - ratings[0]) / 400))
    assert expected == pytest.approx(10 / 11)


def test_a_planted_shift_is_wanting_and_a_planted_push_is_position() -> None:
    pairs, moved = ordered_pairs(NAMES), [0, 2]
    before = TRUE[pairs["a"]] - TRUE[pairs["b"]]
    lifted = TRUE + 0.7 * np.isin(np.arange(5), moved)
    after = lifted[pairs["a"]] - lifted[pairs["b"]] + 0.3
    split = split_push(pairs, before, after, moved)
    assert len(split) == 2 * 3
    np.testing.assert_allclose(split["wanting"], 0.7)
    np.testing.assert_allclose(split["position"], 0.3)


def test_prefer_first_equals_choice_logprobs(random_model: Any) -> None:
    questions = list(ordered_pairs(["sit on a mat", "walk in rain"])["question"])
    found = prefer_first(random_model, questions)
    prompts = letter_prompts(random_model, questions)
    assert all(p.endswith("(") for p in prompts)
    right = choice_logprobs(random_model, prompts, ["A", "B"])
    np.testing.assert_allclose(found["logit"], right[:, 0] - right[:, 1], atol=1e-4)
    odds = found["first"] / (1 - found["first"])
    np.testing.assert_allclose(np.log(odds), found["logit"], atol=1e-4)
    np.testing.assert_allclose(found["mass"], right.exp().sum(1), rtol=1e-4)


def test_masks_hold_the_tokens_of_the_part(random_model: Any) -> None:
    texts = ["The cat sat on the mat", "A letter, a long letter"]
    masks = span_masks(random_model, texts, ["sat on", "long"])
    for text, mask, part in zip(texts, masks, ["sat on", "long"], strict=True):
        ids = random_model.tokenizer(text)["input_ids"]
        kept = [t for t, keep in zip(ids, mask[: len(ids)], strict=True) if keep]
        assert part in random_model.tokenizer.decode(kept)
        assert len(random_model.tokenizer.decode(kept).strip()) <= len(part) + 8
        assert not mask[len(ids) :].any()


def test_a_part_that_is_not_there_is_refused(random_model: Any) -> None:
    with pytest.raises(ValueError, match="not in prompt 0"):
        span_masks(random_model, ["The cat"], ["dog"])


def test_steering_an_activity_moves_the_answer(random_model: Any) -> None:
    questions = list(ordered_pairs(["sit on a mat", "walk in rain"])["question"])
    prompts = letter_prompts(random_model, questions)
    where = span_masks(random_model, prompts, ["walk in rain"] * 2)
    vector = torch.randn(32, generator=torch.Generator().manual_seed(1))
    options: dict[str, Any] = {"vector": vector, "layer": 1, "norm": 4.0}
    before = prefer_first(random_model, questions)
    moved = prefer_first(random_model, questions, strength=1.0, where=where, **options)
    none = prefer_first(random_model, questions, strength=0.0, where=where, **options)
    assert (moved["logit"] - before["logit"]).abs().max() > 1e-3
    np.testing.assert_allclose(none["logit"], before["logit"], atol=1e-5)


def steered(model: Any, prompt: str, part: str) -> tuple[str, str]:
    """What stands before the steered tokens of a prompt, and those tokens."""
    words = token_strings(model, prompt)
    (mask,) = span_masks(model, [prompt], [part]).tolist()
    first = mask.index(True)
    assert mask == sorted(mask[:first]) + [True] * sum(mask) + [False] * (
        len(mask) - first - sum(mask)
    )
    kept = "".join(word for word, keep in zip(words, mask, strict=True) if keep)
    return "".join(words[:first]).rstrip(), kept.strip()


@pytest.mark.parametrize("asked", [ASK, "Pick one. (A) {a} (B) {b}."])
@pytest.mark.parametrize(
    "names",
    [
        ["read", "read a book"],
        ["a book", "read a book"],
        ["run", "watch the long run"],
        ["rather", "you"],
        ["sing (alto)", "sing"],
        ["🙂 smile", "🙂"],
    ],
)
def test_an_option_is_found_where_it_stands(
    names: list[str], asked: str, random_model: Any
) -> None:
    pairs = ordered_pairs(names, asked)
    prompts = letter_prompts(random_model, list(pairs["question"]))
    for a, b, prompt in zip(pairs["a"], pairs["b"], prompts, strict=True):
        for option, letter in ((a, "(A)"), (b, "(B)")):
            before, kept = steered(random_model, prompt, names[option])
            assert before.endswith(letter)
            assert kept == names[option]


def test_a_part_that_stands_there_twice_is_refused(random_model: Any) -> None:
    text = "The cat saw a cat, and the catalog."
    with pytest.raises(ValueError, match="in 2 places of prompt 0"):
        span_masks(random_model, [text], ["cat"])
    before, kept = steered(random_model, text.replace("a cat,", "it,"), "cat")
    assert (before, kept) == ("The", "cat")


def test_options_in_a_real_chat(smollm2: Any) -> None:
    """Its template tells the model that it is helpful and was trained."""
    names = ["help", "train"]
    for question in ordered_pairs(names)["question"]:
        (prompt,) = letter_prompts(smollm2, [question])
        for name in names:
            before, kept = steered(smollm2, prompt, name)
            assert before.endswith(f"({question[question.index(name) - 3]})")
            assert kept == name


def test_a_pushed_choice_is_two_questions_of_which_one_option_is_pushed(
    random_model: Any,
) -> None:
    moved, others = ["sit on a mat", "walk in rain"], ["open the door", "laugh"]
    rows = torch.randn(3, 32, generator=torch.Generator().manual_seed(0))
    at: dict[str, Any] = {"layer": 1, "norm": 4.0, "strength": 0.5}
    wanting, position = pushed_choices(random_model, moved, others, rows, **at)
    assert wanting.shape == position.shape == (3, 2)
    for i, (one, other) in enumerate(zip(moved, others, strict=True)):
        change = []
        for a, b in ((one, other), (other, one)):
            ask = [f"What would you rather do? (A) {a} (B) {b}"]
            where = span_masks(random_model, letter_prompts(random_model, ask), [one])
            push = {"vector": rows[1], "where": where, **at}
            pushed = prefer_first(random_model, ask, **push)["logit"][0]
            change.append(pushed - prefer_first(random_model, ask)["logit"][0])
        first, second = change
        assert abs(first) + abs(second) > 1e-3
        assert wanting[1, i] == pytest.approx((first - second) / 2, abs=1e-3)
        assert position[1, i] == pytest.approx((first + second) / 2, abs=1e-3)
    with pytest.raises(ValueError, match="2 activities against 1"):
        pushed_choices(random_model, moved, others[:1], rows, **at)


def test_both_ways_are_two_questions(random_model: Any) -> None:
    one, two = ["sit on a mat", "walk in rain"], ["open the door", "laugh"]
    found = both_ways(random_model, one, two)
    pairs = ordered_pairs([*one, *two]).set_index(["a", "b"])["question"]
    here = prefer_first(random_model, [pairs[0, 2], pairs[1, 3]])
    there = prefer_first(random_model, [pairs[2, 0], pairs[3, 1]])
    near = {"atol": 1e-4}
    wanting = (here["logit"] - there["logit"]) / 2
    np.testing.assert_allclose(found["wanting"], wanting, **near)
    np.testing.assert_allclose(found["position"] + wanting, here["logit"], **near)
    np.testing.assert_allclose(found["position"] - wanting, there["logit"], **near)
    for name, column in (("mass", "mass"), ("says A", "first")):
        mean = (here[column] + there[column]) / 2
        np.testing.assert_allclose(found[name], mean, **near)


def planted_coupling(rng: Any, share: float) -> Coupled:
    """40 directions that read and do `share` of the same, on 3 things of 8 kinds."""
    strong, liked = rng.normal(size=40), rng.normal(size=24)
    rows = liked[:, None] * strong + 0.5 * rng.normal(size=(24, 40))
    done = share * strong[:, None] + rng.normal(size=(40, 16))
    return Coupled(rows, liked, done)


def test_a_coupling_is_found_beside_one_that_is_none() -> None:
    rng = np.random.default_rng(0)
    real, lot = planted_coupling(rng, 2.0), planted_coupling(rng, 0.0)
    test = coupled_beside(real, lot, 8)
    each = [np.corrcoef(column, real.liked)[0, 1] for column in real.rows.T]
    right = np.corrcoef(each, real.done.mean(1))[0, 1]
    assert test.value == pytest.approx(right)
    assert test.value > 0.8
    assert test.difference.low > 0.2
    assert test.p < 0.01
    assert test.groups == "8 categories"
    kept = np.array([1, 4])
    place = np.isin(np.arange(24) % 8, kept)
    each = [np.corrcoef(x, real.liked[place])[0, 1] for x in real.rows[place].T]
    some = real.done[:, np.isin(np.arange(16) % 8, kept)].mean(1)
    assert real.r(kept, 8) == pytest.approx(np.corrcoef(each, some)[0, 1])
    flat = real._replace(done=real.done.mean(1, keepdims=True))
    assert flat.r(kept, 8) == pytest.approx(np.corrcoef(each, flat.done[:, 0])[0, 1])
    told = coupled_beside(real, lot, 8, 0.002, 499)
    assert (told.p, told.n_draws) == (0.002, 499)
