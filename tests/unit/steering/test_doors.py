"""What steering is given: every kind of the same thing gives the same, nothing else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from helpers.activations import last_position, mean_activations, residual_norm
from helpers.models import chat_prompt, load_model, message_places
from helpers.steering import Push, choice_logprobs, generate, next_logprobs
from tests.unit.families import TEXTS

PROMPTS, CHOICES = TEXTS[:2], [" cat", " rain until"]
VECTOR = torch.linspace(-1, 1, 32)
PLAIN: dict[str, Any] = {"layer": 2, "strength": 0.5, "norm": 4.0, "batch_size": 2}
KINDS: dict[str, dict[str, Any]] = {
    "numpy": {"layer": np.int64(2), "strength": np.float32(0.5), "norm": np.float64(4)},
    "arrays": {"layer": np.array(2), "strength": np.array(0.5), "norm": np.array(4.0)},
    "tensors": {k: torch.tensor(v) for k, v in PLAIN.items()},
    "columns": {
        "layer": pd.Series([2], index=[8]),
        "strength": pd.Series([0.5, 0.5], index=[4, 1]),
        "norm": pd.Series([4.0], index=[3]),
    },
    "half": {"strength": torch.tensor([0.5, 0.5]).half(), "norm": 4},
}
SERIES = {
    "prompts": pd.Series(PROMPTS, index=[9, 2]),
    "choices": pd.Series(CHOICES, index=[5, 3]),
}


@pytest.mark.parametrize("kind", KINDS)
def test_numbers_and_columns_of_every_kind(random_model: Any, kind: str) -> None:
    given = {**PLAIN, **KINDS[kind]}
    want = choice_logprobs(random_model, PROMPTS, CHOICES, vector=VECTOR, **PLAIN)
    found = choice_logprobs(random_model, **SERIES, vector=VECTOR, **given)
    assert torch.allclose(found, want, atol=1e-5)
    new: dict[str, Any] = {"max_new_tokens": 4, "temperature": 0.8, "seed": [3, 4]}
    told = generate(random_model, PROMPTS, vector=VECTOR, **PLAIN, **new)
    new = {"max_new_tokens": np.int8(4), "temperature": np.float32(0.8)}
    for seed in (np.array([3, 4]), pd.Series([3, 4], index=[1, 0]), np.int64(3)):
        new["seed"] = seed
        text = generate(random_model, SERIES["prompts"], vector=VECTOR, **given, **new)
        assert text == told
    ids = torch.tensor([[5, 9], [7, 8]])
    assert torch.allclose(
        next_logprobs(random_model, SERIES["prompts"], ids, vector=VECTOR, **given),
        next_logprobs(random_model, PROMPTS, ids, vector=VECTOR, **PLAIN),
        atol=1e-5,
    )


@pytest.mark.parametrize(
    "vector",
    [
        VECTOR.numpy(),
        VECTOR.double().tolist(),
        pd.Series(VECTOR.numpy(), index=range(32, 0, -1)),
        VECTOR.clone().requires_grad_(),
        VECTOR.expand(2, -1).double().numpy(),
    ],
    ids=["array", "list", "column", "trained", "rows"],
)
def test_a_vector_of_every_kind(random_model: Any, vector: Any) -> None:
    want = choice_logprobs(random_model, PROMPTS, CHOICES, vector=VECTOR, **PLAIN)
    found = choice_logprobs(random_model, PROMPTS, CHOICES, vector=vector, **PLAIN)
    assert torch.allclose(found, want, atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_a_vector_in_16_bits(random_model: Any, dtype: torch.dtype) -> None:
    own = VECTOR.to(dtype)
    want = choice_logprobs(random_model, PROMPTS, CHOICES, vector=own.float(), **PLAIN)
    found = choice_logprobs(random_model, PROMPTS, CHOICES, vector=own, **PLAIN)
    assert torch.equal(found, want)


def test_activations_take_every_kind(random_model: Any) -> None:
    texts = pd.Series(TEXTS, index=[3, 3, 1, 0, -1])
    want = mean_activations(random_model, TEXTS, [1, 3], start=2, cache=False)
    layers = [np.array([1, 3]), torch.tensor([1, 3]), pd.Series([1, 3], index=[4, 2])]
    for several in layers:
        options: dict[str, Any] = {"start": np.int16(2), "batch_size": np.uint8(2)}
        found = mean_activations(random_model, texts, several, **options)
        assert torch.allclose(found, want, atol=1e-5)
    one = mean_activations(random_model, texts, torch.tensor(3), start=np.array(2))
    assert torch.allclose(one, want[1], atol=1e-5)
    at = last_position(random_model, texts, np.int64(3))
    assert torch.allclose(at, last_position(random_model, TEXTS, 3), atol=1e-5)
    norm = residual_norm(random_model, texts, np.int64(3), start=np.int64(1))
    assert norm == residual_norm(random_model, TEXTS, 3)


BAD: list[tuple[dict[str, Any], str]] = [
    ({"batch_size": 0}, "batch_size is 0: pass 1 or more"),
    ({"batch_size": -1}, "batch_size is -1"),
    ({"batch_size": 2.0}, r"batch_size 2\.0 is not a whole number"),
    ({"batch_size": float("nan")}, "batch_size nan is not a whole number"),
    ({"layer": 2.0}, r"layer 2\.0 is not a whole number"),
    ({"layer": [1, 2.5]}, r"layer 2\.5 is not a whole number"),
    ({"layer": True}, "layer True is not a whole number"),
    ({"strength": np.nan}, "strength is nan: pass a finite"),
    ({"strength": [0.5, np.nan]}, "strength are not finite .row 1"),
    ({"strength": pd.Series([0.5, None], index=[7, 8])}, "row 8"),
    ({"strength": [0.5, "much"]}, "row 1 is 'much', not a number"),
    ({"norm": -10.0}, "positive number"),
    ({"norm": np.nan}, "norm is nan: pass a finite"),
    ({"norm": torch.tensor(torch.inf)}, "norm is inf: pass a finite"),
    ({"vector": torch.stack([VECTOR, 0 * VECTOR])}, "vector: row 1 is zero"),
    ({"vector": torch.stack([VECTOR, VECTOR / 0])}, "vector are not finite .row 1"),
]


@pytest.mark.parametrize(("changes", "says"), BAD)
def test_one_sentence_at_every_door(random_model: Any, changes: Any, says: str) -> None:
    options = {"vector": VECTOR, **PLAIN, **changes}
    ids = torch.tensor([[5], [7]])
    for work in (
        lambda: generate(random_model, PROMPTS, max_new_tokens=2, **options),
        lambda: choice_logprobs(random_model, PROMPTS, CHOICES, **options),
        lambda: next_logprobs(random_model, PROMPTS, ids, **options),
    ):
        with pytest.raises(ValueError, match=says):
            work()
    if "batch_size" in changes:
        with pytest.raises(ValueError, match=says):
            mean_activations(random_model, TEXTS, 1, start=1, **changes)
    elif set(changes) <= {"strength", "layer"}:
        push = [Push(VECTOR, changes.get("layer", 1), changes.get("strength", 1.0))]
        with pytest.raises(ValueError, match=says):
            generate(random_model, PROMPTS, vector=push, max_new_tokens=2)


@pytest.mark.parametrize("ids", [[[5], [64]], [[-1], [5]]])
def test_a_token_is_one_of_the_models(random_model: Any, ids: Any) -> None:
    n = random_model.config.vocab_size
    asked = torch.where(torch.tensor(ids) == 64, n, torch.tensor(ids))
    with pytest.raises(ValueError, match=f"0 to {n - 1}"):
        next_logprobs(random_model, PROMPTS, asked)


@pytest.mark.parametrize("half", ["\ud800", "ab\udc80 c"])
def test_half_a_character_is_no_text(random_model: Any, half: str) -> None:
    one = random_model
    for work in (
        lambda: mean_activations(one, [TEXTS[0], half], 1, start=0),
        lambda: generate(one, [half], max_new_tokens=2),
        lambda: choice_logprobs(one, PROMPTS, [half]),
        lambda: chat_prompt(one, half),
    ):
        with pytest.raises(ValueError, match="holds half a character"):
            work()


@pytest.mark.parametrize(
    "messages", [float("nan"), None, [("user", "a")], [{"role": "user"}], ["a"]]
)
def test_what_is_no_chat_gives_a_sentence(random_model: Any, messages: Any) -> None:
    for work in (chat_prompt, message_places):
        with pytest.raises((ValueError, TypeError), match=r"pass|type"):
            work(random_model, messages)


@pytest.mark.parametrize("value", [np.nan, np.inf, "hot", None, True])
def test_a_temperature_is_a_number(random_model: Any, value: Any) -> None:
    with pytest.raises(ValueError, match="temperature"):
        generate(random_model, PROMPTS, temperature=value, max_new_tokens=2)


@pytest.mark.parametrize("value", [2.0, [1, 2.5], True, "one", np.array([1.0, 2.0])])
def test_a_seed_is_a_whole_number(random_model: Any, value: Any) -> None:
    with pytest.raises(ValueError, match=r"seed .* is not a whole number"):
        generate(random_model, PROMPTS, seed=value, temperature=1.0, max_new_tokens=2)


def test_devices_and_dtypes_of_every_kind(family_folder: Any) -> None:
    folder = family_folder("llama")
    for dtype in (torch.bfloat16, "bfloat16", "torch.bfloat16"):
        model = load_model(folder, device=torch.device("cpu"), dtype=dtype)
        assert model._module.dtype == torch.bfloat16
        assert model.device == torch.device("cpu")
    for dtype in ("int8", torch.int64, "float33"):
        with pytest.raises(ValueError, match="is not known: pass"):
            load_model(folder, dtype=dtype)
    missing = [] if torch.cuda.is_available() else ["cuda", "cuda:1"]
    for device in ("gpu", "cpuu", *missing):
        with pytest.raises(ValueError, match=f"device '{device}' is not known"):
            load_model(folder, device=device)
