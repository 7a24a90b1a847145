"""Public checks of assignment A4: they run and look at shapes and simple cases.

They use fixed inputs. The grader draws others, so passing here is not yet full marks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from helpers.checks.advice import Advice, as_tensor, check, expect, same, shaped, staged
from helpers.models import d_model
from helpers.steering import choice_logprobs, generate

TEXT = "Two boats lay in the harbor and the wind was low. Ana looked at the water and"
STARTS = [TEXT, "The train was late and she", "Ben opened the letter. He"]
SHORT = "Two boats"  # its last position sees little but the first
NORM = 20.0  # a large push: what it changes should be seen
WORDS = [" the", " a", " and", " was", ".", ","]


def _case(model: Any, seed: int) -> tuple[list[int], Tensor, dict[str, Any]]:
    """Token ids, a vector of some length, and the options of the same push here."""
    vector = torch.randn(d_model(model), generator=torch.Generator().manual_seed(seed))
    ids = model.tokenizer(TEXT)["input_ids"]
    return ids, 3 * vector, {"vector": vector, "layer": 2, "norm": 5.0, "strength": 0.8}


def a4_steered_logits(function: Callable[..., Any], model: Any) -> bool:
    """Question 1: logits under a push at every position, by a plain hook."""
    network = model._module

    def steps() -> None:
        ids, vector, push = _case(model, 1)
        tokens = [model.tokenizer(word)["input_ids"][0] for word in WORDS]
        length = float(vector.norm())
        usual: list[tuple[dict[str, Any], str]] = [
            ({"strength": 0.0}, "Nothing moved: does your hook return the new stream?"),
            ({"layer": 1}, "The block before was pushed: layer l is block l's output."),
            ({"layer": 3}, "The block after was pushed: layer l is block l's output."),
            ({"strength": -0.8}, "The stream went the other way."),
            ({"norm": 5 * length}, "The vector's own length counts: let it not."),
            ({"norm": 1.0}, "`norm` is not used: the strength is a share of it."),
            ({"norm": length}, "`norm` is not used, and the vector's own length is."),
            ({}, ""),
        ]
        known = [  # before the answer is called, which may leave a hook behind
            choice_logprobs(model, [TEXT], WORDS, **{**push, **changes})[0]
            for changes, _ in usual
        ]
        early = choice_logprobs(model, [SHORT], WORDS, **push)[0]
        values = (2, vector, push["strength"], push["norm"])
        got = as_tensor(function(network, ids, *values), "The result")
        expect(got.ndim != 3, "There is an axis too many: the text is row 0.")
        shape = (len(ids), network.config.vocab_size)
        shaped(got, shape, "[positions, vocabulary]")
        last = got[-1].log_softmax(-1)[tokens]
        for other, (_, advice) in zip(known[:-1], usual[:-1], strict=True):
            expect(not same(last, other, 1e-3), advice)
        expect(
            same(last, known[-1], 1e-3),
            "The values differ from those of helpers.steering. Does every position "
            "move, the first and the last included?",
        )
        still = as_tensor(function(network, ids, 2, vector, 0.0, 5.0), "The result")
        expect(
            same(still[-1].log_softmax(-1)[tokens], known[0], 1e-3),
            "After a call the network is not what it was: take the hook away.",
        )
        begun = model.tokenizer(SHORT)["input_ids"]
        short = as_tensor(function(network, begun, *values), "The result")
        expect(
            same(short[-1].log_softmax(-1)[tokens], early, 1e-3),
            "On a short text the values differ from those of helpers.steering. Does "
            "every position move, the first and the last included?",
        )

    return _clean(network, "A4, question 1", steps)


def a4_write_steered(function: Callable[..., Any], model: Any) -> bool:
    """Question 2: likeliest tokens while all positions or the written ones move."""
    network = model._module

    def steps() -> None:
        n, rows = 8, [model.tokenizer(text)["input_ids"] for text in STARTS]
        vectors = torch.stack([_case(model, seed)[1] for seed in range(len(STARTS))])
        push: dict[str, Any] = {"layer": 2, "strength": 0.8, "norm": NORM}
        push |= {"max_new_tokens": n, "vector": vectors}
        right = {
            where: generate(model, STARTS, positions=where, **push)
            for where in ("all", "response")
        }
        told: dict[str, list[str]] = {"all": [], "response": []}
        for where, texts in told.items():
            for ids, vector in zip(rows, vectors, strict=True):
                got = function(network, ids, n, 2, vector, 0.8, NORM, where)
                expect(isinstance(got, list), "Return a list of token ids.")
                expect(
                    len(got) != len(ids) + n,
                    "Return the new tokens only, not the prompt.",
                )
                expect(len(got) == n, f"Asked for {n} tokens, got {len(got)}.")
                texts.append(_readable(model, [int(token) for token in got]))
        expect(
            told["all"] == right["all"],
            "With positions='all' it is not what helpers.steering writes. A push that "
            "stops after the prompt, or moves the last position only, does this.",
        )
        expect(
            told["response"] != right["all"],
            "With positions='response' the prompt is pushed, too.",
        )
        expect(
            told["response"] == right["response"],
            "With positions='response' it is not what helpers.steering writes: each "
            "written token should move, and stay moved at every later step.",
        )

    return _clean(network, "A4, question 2", steps)


def _readable(model: Any, tokens: list[int]) -> str:
    """Tokens as text, up to the first one that ends a text."""
    end = model._module.generation_config.eos_token_id
    ends = set(end if isinstance(end, list) else [end])
    cut = next((i for i, token in enumerate(tokens) if token in ends), len(tokens))
    return str(model.tokenizer.decode(tokens[:cut], skip_special_tokens=True))


def _clean(network: Any, name: str, steps: Callable[[], None]) -> bool:
    """A check's stages; hooks that an answer left behind do not outlive them."""
    before = [set(block._forward_hooks) for block in network.model.layers]
    try:
        return staged(name, steps)
    finally:
        for block, kept in zip(network.model.layers, before, strict=True):
            for key in set(block._forward_hooks) - kept:
                del block._forward_hooks[key]


@check("A4, question 3")
def a4_random_controls(function: Callable[[Tensor, int, int], Any]) -> None:
    """Question 3: random directions as long as the vector."""
    vector = torch.arange(1.0, 41.0)
    got = as_tensor(function(vector, 5, 1), "The result")
    shaped(got, (5, 40), "[n, width]")
    expect(
        same(got.norm(dim=-1), vector.norm().expand(5)),
        "A control should be as long as the vector: these are not.",
    )
    expect(
        not same(got[0], got[1]), "All rows are the same: one draw was used for all."
    )
    again, other = function(vector, 5, 1), function(vector, 5, 2)
    expect(same(got, as_tensor(again, "It")), "The same seed gave other directions.")
    expect(not same(got, as_tensor(other, "It")), "Another seed gave the same ones.")


@check("A4, question 4")
def a4_word_rise(function: Callable[..., Any], model: Any) -> None:
    """Question 4: the change of a word's log-probability on a grid."""
    _, vector, _ = _case(model, 3)
    prompts, word = STARTS[:2], WORDS[1]
    directions = torch.stack([vector, vector.flip(0)])
    grid = (directions, [0.2, 0.5, 0.9])
    got = as_tensor(function(model, prompts, word, *grid, 2, 5.0), "The result")
    shaped(got, (2, 3, 2), "[directions, strengths, prompts]")
    options: dict[str, Any] = {"layer": 2, "norm": 5.0, "progress": False}
    plain = choice_logprobs(model, prompts, [word], progress=False)[:, 0]
    pushed = choice_logprobs(
        model, prompts, [word], vector=vector, strength=0.5, **options
    )[:, 0]
    right = pushed - plain
    expect(
        not same(got[0, 1], pushed, 1e-3),
        "These are log-probabilities: how far are they from those without a push?",
    )
    expect(not same(got[0, 1], -right, 1e-3), "The sign is turned round.")
    expect(
        not same(got[0, 1], pushed.exp() - plain.exp(), 1e-3),
        "That is a change in probability: stay with logarithms.",
    )
    expect(same(got[0, 1], right, 1e-3), "The changes under strength 0.5 differ.")


@check("A4, question 5")
def a4_effect(function: Callable[..., Any]) -> None:
    """Question 5: an effect beyond its controls, with an interval by prompt."""
    own = np.array([2.0, 4.0, 1.0, 1.0, 1.0, 1.0])
    controls = np.array([[1.0, 0.0]] * 6)
    prompts = ["a", "b", "c", "c", "c", "c"]
    got = function(own, controls, prompts)
    expect(isinstance(got, dict), "Return a dict with value, low and high.")
    expect(set(got) == {"value", "low", "high"}, "Its keys are value, low, high.")
    value = float(got["value"])
    expect(
        abs(value - 7 / 3) > 1e-6, "What random directions do has not been taken away."
    )
    expect(
        abs(value - 7 / 6) > 1e-6,
        "The prompt with four rows counts four times: each prompt counts once.",
    )
    expect(abs(value + 11 / 6) > 1e-6, "The sign is turned round.")
    expect(abs(value - 11 / 6) < 1e-6, "The value is another one.")
    low, high = float(got["low"]), float(got["high"])
    expect(low < value < high, "low, value, high should rise.")
    flat = function(np.ones(6), np.zeros((6, 2)), prompts)
    expect(
        abs(float(flat["high"]) - float(flat["low"])) < 1e-9,
        "Where all prompts agree, the interval has no width.",
    )


def doses() -> pd.DataFrame:
    """A small made-up table of doses, as question 6 gets it."""
    means = {
        -0.3: (-0.9, (-0.1, 0.4), 0.2),
        0.0: (0.0, (), 0.0),
        0.1: (0.2, (0.5, -0.4), 0.0),  # a random direction does as much
        0.3: (1.0, (0.2, -0.3), 0.3),
        0.9: (2.0, (0.9, -0.8), 1.7),  # the text breaks
    }
    base, rows = {"a": 1.5, "b": 2.5}, []
    for strength, (own, others, price) in means.items():
        for prompt, surprise in base.items():
            rows.append((strength, "own", prompt, own, surprise + price))
            for i, mean in enumerate(others):
                rows.append((strength, f"random {i + 1}", prompt, mean, np.nan))
    columns = ["strength", "direction", "prompt", "effect", "surprise"]
    return pd.DataFrame(rows, columns=columns)


@check("A4, question 6")
def a4_usable(function: Callable[[pd.DataFrame, float], Any]) -> None:
    """Question 6: the strengths with an effect beyond chance at a bearable price."""
    table = doses()
    before = table.copy()
    got = function(table, 0.7)
    expect(table.equals(before), "The table that was passed in has changed.")
    expect(isinstance(got, list), "Return a list of strengths.")
    found = [float(x) for x in got]
    expect(found != [], "No strength is left: the price is what is *added*.")
    expect(0.0 not in found, "Strength 0 is no push.")
    expect(0.9 not in found, "At 0.9 the text costs more than the limit allows.")
    expect(0.1 not in found, "At 0.1 a random direction does as much.")
    expect(-0.3 in found, "A push backward that lowers the word is an effect, too.")
    expect(sorted(found) == [-0.3, 0.3], "Two strengths are usable here.")
    if found != [-0.3, 0.3]:
        raise Advice("The right ones: now from the lowest to the highest.")
