"""Steering against hand-written hooks, and what it must leave alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from helpers.models import load_model
from helpers.steering import GumbelNoise, choice_logprobs, generate, steer
from tests.unit.families import TEXTS, load_plain, plain_blocks

PROMPTS = ["The cat sat", "She waited for a letter all", "Nobody"]
LAYER, NORM, NEW = 1, 4.0, 8


@pytest.fixture(scope="module", params=["llama", "gpt2"])
def pair(
    request: pytest.FixtureRequest, family_folder: Callable[[str], Path]
) -> tuple[Any, Any, Any]:
    """One tiny model as the book loads it, and as Hugging Face does."""
    folder = family_folder(request.param)
    return load_model(folder, device="cpu"), *load_plain(folder)


def directions(n: int = 1, seed: int = 7) -> torch.Tensor:
    """`n` random vectors "n d" for the tiny models."""
    return torch.randn(n, 32, generator=torch.Generator().manual_seed(seed))


def plain_generate(
    model: Any, tokenizer: Any, prompt: str, edit: Any = None, positions: str = "all"
) -> str:
    """Greedy text from Hugging Face, with a PyTorch hook at `LAYER` that edits."""

    def hook(module: Any, inputs: Any, output: Any) -> Any:
        stream = output[0] if isinstance(output, tuple) else output
        part = "prompt" if stream.shape[1] > 1 else "response"
        if positions in ("all", part):
            stream = edit(stream)
        return (stream, *output[1:]) if isinstance(output, tuple) else stream

    batch = tokenizer(prompt, return_tensors="pt")
    assert batch["input_ids"].shape[1] > 1
    block = plain_blocks(model)[LAYER]
    handle = block.register_forward_hook(hook) if edit else None
    try:
        ids = model.generate(**batch, max_new_tokens=NEW, do_sample=False)
    finally:
        if handle:
            handle.remove()
    new = ids[0, batch["input_ids"].shape[1] :]
    return tokenizer.decode(new, skip_special_tokens=True)


@pytest.mark.parametrize("positions", ["all", "prompt", "response"])
def test_generate_equals_a_hook(pair: Any, positions: Any) -> None:
    model, plain, tokenizer = pair
    (vector,) = directions()
    move = 1.5 * NORM * vector / vector.norm()
    right = plain_generate(plain, tokenizer, PROMPTS[0], lambda x: x + move, positions)
    assert right != plain_generate(plain, tokenizer, PROMPTS[0])
    options = {"layer": LAYER, "norm": NORM, "max_new_tokens": NEW}
    got = generate(
        model,
        PROMPTS[0],
        vector=vector,
        strength=1.5,
        positions=positions,
        **options,
    )
    assert got == [right]


@pytest.mark.parametrize("mode", ["ablate", "clamp"])
def test_other_modes_equal_a_hook(pair: Any, mode: Any) -> None:
    model, plain, tokenizer = pair
    (vector,) = directions()
    unit = vector / vector.norm()
    target = 3.0 * NORM if mode == "clamp" else 0.0

    def edit(x: torch.Tensor) -> torch.Tensor:
        return x + (target - x @ unit)[..., None] * unit

    right = plain_generate(plain, tokenizer, PROMPTS[0], edit)
    options = {"layer": LAYER, "norm": NORM, "max_new_tokens": NEW}
    got = generate(model, PROMPTS[0], vector=vector, strength=3.0, mode=mode, **options)
    assert got == [right]


def test_strength_zero_and_no_vector_change_nothing(pair: Any) -> None:
    model, plain, tokenizer = pair
    right = [plain_generate(plain, tokenizer, p) for p in PROMPTS]
    assert generate(model, PROMPTS, max_new_tokens=NEW) == right
    (vector,) = directions()
    for positions in ("all", "prompt", "response"):
        got = generate(
            model,
            PROMPTS,
            vector=vector,
            layer=LAYER,
            norm=NORM,
            positions=positions,
            max_new_tokens=NEW,
        )
        assert got == right


def test_rows_of_a_batch_equal_single_calls(random_model: Any) -> None:
    vectors, strengths = directions(3), [0.5, 2.0, -1.0]
    options: dict[str, Any] = {"layer": LAYER, "norm": NORM, "max_new_tokens": NEW}
    together = generate(
        random_model, PROMPTS, vector=vectors, strength=strengths, **options
    )
    alone = [
        generate(random_model, p, vector=v, strength=s, **options)[0]
        for p, v, s in zip(PROMPTS, vectors, strengths, strict=True)
    ]
    assert together == alone
    assert together != generate(random_model, PROMPTS, max_new_tokens=NEW)


def test_sampled_rows_do_not_depend_on_the_batch(random_model: Any) -> None:
    options: dict[str, Any] = {"max_new_tokens": NEW, "temperature": 1.0}
    together = generate(random_model, PROMPTS, seed=[5, 6, 7], **options)
    alone = [
        generate(random_model, p, seed=s, **options)[0]
        for p, s in zip(PROMPTS, (5, 6, 7), strict=True)
    ]
    assert together == alone == generate(random_model, PROMPTS, seed=5, **options)
    assert together != generate(random_model, PROMPTS, seed=50, **options)


def test_sampling_follows_the_distribution() -> None:
    noise = torch.tensor([0.7, 0.2, 0.1]).log().repeat(4000, 1)
    drawn = GumbelNoise(range(4000), 1.0)(None, noise).argmax(-1)
    share = drawn.bincount(minlength=3) / 4000
    assert torch.allclose(share, torch.tensor([0.7, 0.2, 0.1]), atol=0.03)


def test_steer_arithmetic() -> None:
    residual = torch.randn(2, 5, 32, generator=torch.Generator().manual_seed(1))
    unit = torch.nn.functional.normalize(directions(2), dim=-1)[:, None]
    amount = torch.tensor([2.0, -3.0])[:, None, None]
    along = {
        mode: (steer(residual, unit, amount, mode) * unit).sum(-1)
        for mode in ("add", "ablate", "clamp")
    }
    before = (residual * unit).sum(-1)
    assert torch.allclose(along["add"], before + amount[..., 0], atol=1e-5)
    assert along["ablate"].abs().max() < 1e-5
    assert torch.allclose(along["clamp"], amount[..., 0].expand(2, 5), atol=1e-5)
    across = residual - before[..., None] * unit
    ablated = steer(residual, unit, amount, "ablate")
    assert torch.allclose(ablated, across, atol=1e-6)


def test_a_band_shares_the_strength(random_model: Any) -> None:
    (vector,) = directions()
    options: dict[str, Any] = {"vector": vector, "norm": NORM, "max_new_tokens": NEW}
    band = generate(random_model, PROMPTS, layer=[2], strength=1.0, **options)
    assert band == generate(random_model, PROMPTS, layer=2, strength=1.0, **options)
    back = generate(random_model, PROMPTS, layer=[2, 0], strength=4.0, **options)
    assert back == generate(
        random_model, PROMPTS, layer=[0, 2], strength=4.0, **options
    )


def test_nothing_lingers(random_model: Any) -> None:
    before = generate(random_model, PROMPTS, max_new_tokens=NEW)
    weights = [p.clone() for p in random_model._module.parameters()]
    (vector,) = directions()
    options: dict[str, Any] = {"layer": LAYER, "norm": NORM, "max_new_tokens": NEW}
    steered = generate(random_model, PROMPTS, vector=vector, strength=3.0, **options)
    assert steered != before
    assert generate(random_model, PROMPTS, max_new_tokens=NEW) == before
    after = list(random_model._module.parameters())
    assert all(torch.equal(a, b) for a, b in zip(weights, after, strict=True))


def test_nothing_lingers_after_an_error_inside(
    random_model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second step of three fails, after the first was steered."""
    from helpers import steering

    before, calls = generate(random_model, PROMPTS, max_new_tokens=NEW), []

    def fails(*given: Any) -> torch.Tensor:
        calls.append(1)
        if len(calls) == 2:
            raise RuntimeError("a broken edit")
        return steer(*given)

    monkeypatch.setattr(steering, "steer", fails)
    (vector,) = directions()
    with pytest.raises(Exception, match="a broken edit"):
        generate(
            random_model,
            PROMPTS,
            vector=vector,
            strength=3.0,
            layer=LAYER,
            norm=NORM,
            max_new_tokens=NEW,
        )
    assert len(calls) == 2
    monkeypatch.undo()
    assert generate(random_model, PROMPTS, max_new_tokens=NEW) == before


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"layer": None}, "needs layer="),
        ({"layer": 9}, r"layer 9 is outside 0\.\.3"),
        ({"layer": [1, -1]}, "layer -1 is outside"),
        ({"vector": torch.ones(31)}, "another model"),
        ({"vector": torch.ones(2, 32)}, "does not fit 3 prompts"),
        ({"vector": torch.zeros(32)}, "no direction"),
        ({"vector": torch.full((32,), torch.nan)}, "not finite"),
        ({"strength": float("inf")}, "not finite"),
        ({"strength": [1.0, 2.0]}, "for 3 prompts"),
        ({"prompts": []}, "no prompts"),
        ({"prompts": ["The", ""]}, "prompt 1 is empty"),
        ({"prompts": ["The " * 200]}, "context is 128"),
    ],
)
def test_errors_say_what_to_do(random_model: Any, changes: Any, says: str) -> None:
    options = {"vector": directions()[0], "layer": LAYER, "strength": 1.0, "norm": 4.0}
    options |= changes
    prompts = options.pop("prompts", PROMPTS)
    with pytest.raises(ValueError, match=says):
        generate(random_model, prompts, max_new_tokens=2, **options)


def plain_logprob(model: Any, tokenizer: Any, prompt: str, choice: str) -> float:
    head, tail = tokenizer(prompt)["input_ids"], tokenizer(choice)["input_ids"]
    with torch.no_grad():
        logits = model(torch.tensor([head + tail])).logits[0].log_softmax(-1)
    return sum(float(logits[len(head) + i - 1, t]) for i, t in enumerate(tail))


def test_choice_logprobs_equal_plain_ones(pair: Any) -> None:
    model, plain, tokenizer = pair
    choices = [" the mat and", " rain", " again, and by"]
    right = [[plain_logprob(plain, tokenizer, p, c) for c in choices] for p in PROMPTS]
    for size in (64, 2):
        got = choice_logprobs(model, PROMPTS, choices, batch_size=size)
        assert torch.allclose(got, torch.tensor(right), atol=1e-3)
    own = [[c, choices[0]] for c in choices]
    got = choice_logprobs(model, PROMPTS, own)
    for i in range(3):
        assert got[i].tolist() == pytest.approx([right[i][i], right[i][0]], abs=1e-3)


def test_choice_logprobs_steer_like_a_hook(pair: Any) -> None:
    model, plain, tokenizer = pair
    (vector,) = directions()
    move = 2.0 * NORM * vector / vector.norm()

    def hook(module: Any, inputs: Any, output: Any) -> Any:
        if isinstance(output, tuple):
            return (output[0] + move, *output[1:])
        return output + move

    handle = plain_blocks(plain)[LAYER].register_forward_hook(hook)
    right = [plain_logprob(plain, tokenizer, p, " the mat") for p in PROMPTS]
    handle.remove()
    options: dict[str, Any] = {"vector": vector, "layer": LAYER, "norm": NORM}
    got = choice_logprobs(model, PROMPTS, [" the mat"], strength=2.0, **options)
    assert got[:, 0].tolist() == pytest.approx(right, abs=1e-3)
    plain_score = choice_logprobs(model, PROMPTS, [" the mat"])
    assert not torch.allclose(got, plain_score, atol=1e-2)
    each = choice_logprobs(
        model, PROMPTS, [" the mat"], strength=[2.0, 0.0, 2.0], **options
    )
    assert torch.allclose(each[1], plain_score[1], atol=1e-4)
    assert torch.allclose(each[[0, 2]], got[[0, 2]], atol=1e-4)


def test_choice_errors(random_model: Any) -> None:
    with pytest.raises(ValueError, match="same number"):
        choice_logprobs(random_model, TEXTS[:2], [[" a"], [" a", " b"]])
    with pytest.raises(ValueError, match="has no token"):
        choice_logprobs(random_model, TEXTS[:1], [""])
