"""Act rates against choice_logprobs and hooks; power against simulation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from helpers.behaviour import act_rates, first_tokens, steered_rates
from helpers.behaviour.acts import apart
from helpers.models import load_model
from helpers.steering import choice_logprobs, next_logprobs
from tests.unit.families import NAMED, TEXTS, load_plain, plain_blocks

PROMPTS = ["The cat sat", "She waited for a letter all", "Nobody came"]
WORDS = ["x", "y", "z"]
LAYER, NORM = 1, 4.0


def directions(n: int) -> torch.Tensor:
    return torch.randn(n, 32, generator=torch.Generator().manual_seed(7))


def same_tokens(model: Any, n: int) -> torch.Tensor:
    return torch.tensor([first_tokens(model, WORDS)] * n)


@pytest.mark.parametrize("kind", NAMED)
def test_equals_choice_logprobs_of_one_token(
    kind: str, family_folder: Callable[[str], Path]
) -> None:
    model = load_model(family_folder(kind), device="cpu")
    letters = [model.tokenizer.decode([t]) for t in same_tokens(model, 1)[0]]
    options: dict[str, Any] = {
        "vector": directions(3),
        "layer": LAYER,
        "strength": [0.5, 0.0, -1.0],
        "norm": NORM,
    }
    right = choice_logprobs(model, PROMPTS, letters, **options)
    got = next_logprobs(model, PROMPTS, same_tokens(model, 3), **options)
    torch.testing.assert_close(got, right, atol=1e-4, rtol=1e-4)
    plain = next_logprobs(model, PROMPTS, same_tokens(model, 3))
    assert (got[[0, 2]] - plain[[0, 2]]).abs().max() > 1e-2
    torch.testing.assert_close(got[1], plain[1], atol=1e-4, rtol=1e-4)


def test_some_positions_equal_a_hook(family_folder: Callable[[str], Path]) -> None:
    folder = family_folder("llama")
    model, (plain, tokenizer) = load_model(folder, device="cpu"), load_plain(folder)
    (vector,) = directions(1)
    ids = tokenizer(PROMPTS[1], return_tensors="pt")
    where = torch.zeros(1, ids["input_ids"].shape[1], dtype=torch.bool)
    where[0, 2:4] = True

    def hook(module: Any, inputs: Any, output: Any) -> Any:
        stream = (output[0] if isinstance(output, tuple) else output).clone()
        stream[:, 2:4] += 0.7 * NORM * vector / vector.norm()
        return (stream, *output[1:]) if isinstance(output, tuple) else stream

    handle = plain_blocks(plain)[LAYER].register_forward_hook(hook)
    with torch.no_grad():
        right = plain(**ids).logits[0, -1].log_softmax(-1)
    handle.remove()
    tokens = same_tokens(model, 1)
    options: dict[str, Any] = {"vector": vector, "layer": LAYER, "strength": 0.7}
    got = next_logprobs(model, PROMPTS[1:2], tokens, where=where, norm=NORM, **options)
    torch.testing.assert_close(got[0], right[tokens[0]], atol=1e-4, rtol=1e-4)
    everywhere = next_logprobs(model, PROMPTS[1:2], tokens, norm=NORM, **options)
    assert (everywhere - got).abs().max() > 1e-3


def test_batches_change_nothing(random_model: Any) -> None:
    tokens, options = same_tokens(random_model, 5), {"layer": LAYER, "norm": NORM}
    where = torch.arange(200)[None] % 2 == torch.arange(5)[:, None] % 2
    steering: dict[str, Any] = {
        "vector": directions(5),
        "strength": [0.1, 0.2, 0.3, 0.4, 0.5],
        "where": where,
        **options,
    }
    whole = next_logprobs(random_model, TEXTS, tokens, **steering)
    parts = next_logprobs(random_model, TEXTS, tokens, batch_size=2, **steering)
    torch.testing.assert_close(parts, whole, atol=1e-4, rtol=1e-4)


def test_rows_of_tokens_must_fit(random_model: Any) -> None:
    with pytest.raises(ValueError, match="3 prompts but 2 rows"):
        next_logprobs(random_model, PROMPTS, same_tokens(random_model, 2))


def scenes(*choices: dict[str, str]) -> pd.DataFrame:
    return pd.DataFrame({"prompt": PROMPTS[: len(choices)], "choices": choices})


def test_rates_are_shares_of_the_mass(random_model: Any) -> None:
    rows = scenes(*[{"one": "x", "two": "yes", "three": "z"}] * 3)
    rates = act_rates(random_model, rows)
    assert list(rates) == ["one", "two", "three", "mass"]
    np.testing.assert_allclose(rates[["one", "two", "three"]].sum(axis=1), 1, 1e-5)
    tokens = torch.tensor([first_tokens(random_model, ["x", "yes", "z"])] * 3)
    chance = next_logprobs(random_model, PROMPTS, tokens).exp()
    np.testing.assert_allclose(rates["mass"], chance.sum(1), rtol=1e-4)
    np.testing.assert_allclose(rates["two"], chance[:, 1] / chance.sum(1), rtol=1e-4)


def test_acts_that_start_alike_are_told_apart_whole(random_model: Any) -> None:
    rows = scenes({"stay": " go on", "leave": " go away"})
    rates = act_rates(random_model, rows)
    whole = choice_logprobs(random_model, PROMPTS[:1], [" go on", " go away"]).exp()
    np.testing.assert_allclose(rates["mass"], whole.sum(1), rtol=1e-4)
    assert rates["stay"][0] != rates["leave"][0]


def test_other_acts_are_refused(random_model: Any) -> None:
    with pytest.raises(ValueError, match="different acts"):
        act_rates(random_model, scenes({"a": " x", "b": " y"}, {"a": " x", "c": " y"}))


def test_a_sweep_equals_single_calls(random_model: Any) -> None:
    rows = scenes(*[{"one": "x", "two": "y"}] * 2)
    first, second = directions(2)
    options: dict[str, Any] = {"layer": LAYER, "norm": NORM}
    swept = steered_rates(
        random_model, rows, {"u": first, "v": second}, (0.0, 0.8), **options
    )
    assert len(swept) == 8
    one = swept.query("vector == 'v' and strength == 0.8").reset_index()
    alone = act_rates(random_model, rows, vector=second, strength=0.8, **options)
    np.testing.assert_allclose(one["one"], alone["one"], rtol=1e-4)
    assert list(one["scene"]) == [0, 1]
    none = swept.query("strength == 0")["one"].to_numpy().reshape(2, 2)
    np.testing.assert_allclose(none[0], none[1], rtol=1e-4)


def test_choices_are_cut_where_they_part() -> None:
    assert apart([" go on", " stop here now"]) == [" go", " stop"]
    assert apart([" go on now", " go away now"]) == [" go on", " go away"]
    assert apart(["x", "yes"]) == ["x", "yes"]
    assert apart([" a b", " a b"]) == [" a b", " a b"]
