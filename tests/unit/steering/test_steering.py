"""Steering against hand-written hooks, and what it must leave alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from helpers.activations import residual_norm
from helpers.datasets import load_neutral
from helpers.models import load_model
from helpers.steering import GumbelNoise, choice_logprobs, generate, generation, pushes
from helpers.steering.passes import passes
from helpers.steering.pushes import Push, steer
from helpers.steering.sampling import token_words, uniform
from tests.unit.families import (
    TEXTS,
    load_plain,
    make_folder,
    plain_blocks,
    plain_stream,
)

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
    model: Any,
    tokenizer: Any,
    prompt: str,
    edit: Any = None,
    positions: str = "all",
    layers: tuple[int, ...] = (LAYER,),
    **options: Any,
) -> str:
    """Text from Hugging Face, with a PyTorch hook at `layers` that edits."""

    def hook(module: Any, inputs: Any, output: Any) -> Any:
        stream = output[0] if isinstance(output, tuple) else output
        part = "prompt" if stream.shape[1] > 1 else "response"
        if positions in ("all", part):
            stream = edit(stream)
        return (stream, *output[1:]) if isinstance(output, tuple) else stream

    batch = tokenizer(prompt, return_tensors="pt")
    assert batch["input_ids"].shape[1] > 1
    blocks = plain_blocks(model)
    handles = [blocks[i].register_forward_hook(hook) for i in layers] if edit else []
    given = {"max_new_tokens": NEW, "do_sample": False} | options
    try:
        ids = model.generate(**batch, **given)
    finally:
        for handle in handles:
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
    sampler = GumbelNoise(range(4000), 1.0)
    steps = [sampler(None, noise).argmax(-1) for _ in range(3)]
    for drawn in steps:
        share = drawn.bincount(minlength=3) / 4000
        assert torch.allclose(share, torch.tensor([0.7, 0.2, 0.1]), atol=0.03)
    same = (steps[0] == steps[1]).float().mean()  # chance: .49 + .04 + .01
    assert abs(float(same) - 0.54) < 0.03


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan"), float("inf"), "1"])
def test_noise_needs_a_temperature(temperature: Any) -> None:
    with pytest.raises(ValueError, match="temperature"):
        GumbelNoise([1], temperature)
    with pytest.raises(ValueError, match=r"seed 1\.5 is not a whole number"):
        GumbelNoise([1.5], 1.0)


def test_noise_is_even_and_independent() -> None:
    tokens = token_words(500, torch.device("cpu"))
    drawn = uniform(torch.arange(200)[:, None], 0, tokens)
    counts = (drawn * 20).long().flatten().bincount(minlength=20).double()
    assert float(((counts - 5000) ** 2 / 5000).sum()) < 60  # chi², 19 df
    for other in (drawn[1:, :], uniform(torch.arange(1, 200)[:, None], 1, tokens)):
        rows = min(len(other), len(drawn) - 1)
        pair = torch.stack([drawn[:rows].flatten(), other[:rows].flatten()])
        assert abs(float(torch.corrcoef(pair)[0, 1])) < 0.015
    pair = torch.stack([drawn[:, 1:].flatten(), drawn[:, :-1].flatten()])
    assert abs(float(torch.corrcoef(pair)[0, 1])) < 0.015
    assert len(drawn.unique()) > 0.98 * drawn.numel()


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


def test_a_band_divides_the_dose(pair: Any) -> None:
    model, plain, tokenizer = pair
    (vector,) = directions()
    third = 1.5 * NORM * vector / vector.norm() / 3
    edit: dict[str, Any] = {"edit": lambda x: x + third, "layers": (0, 1, 2)}
    right = [plain_generate(plain, tokenizer, p, **edit) for p in PROMPTS]
    options: dict[str, Any] = {"vector": vector, "norm": NORM, "max_new_tokens": NEW}
    for band in ([0, 1, 2], (2, 0, 1), torch.tensor([1, 2, 0])):
        assert generate(model, PROMPTS, layer=band, strength=1.5, **options) == right
    assert generate(model, PROMPTS, layer=1, strength=1.5, **options) != right
    assert [plain_generate(plain, tokenizer, p) for p in PROMPTS] != right


def test_ablation_and_clamp_act_in_full_at_each_layer_of_a_band(pair: Any) -> None:
    model, plain, tokenizer = pair
    (vector,) = directions()
    unit = vector / vector.norm()
    for mode, target in (("ablate", 0.0), ("clamp", 2.0 * NORM)):

        def edit(x: torch.Tensor, target: float = target) -> torch.Tensor:
            return x + (target - x @ unit)[..., None] * unit

        right = plain_generate(plain, tokenizer, PROMPTS[0], edit, layers=(1, 2))
        options: dict[str, Any] = {"norm": NORM, "max_new_tokens": NEW}
        options |= {"layer": [1, 2], "strength": 2.0, "mode": mode}
        assert generate(model, PROMPTS[0], vector=vector, **options) == [right]


def test_several_vectors_at_once(pair: Any) -> None:
    model, plain, tokenizer = pair
    one, two = directions(2)
    moves = {0: 2.0 * NORM * one / one.norm(), 2: -1.5 * NORM * two / two.norm()}

    def hook(layer: int) -> Any:
        def add(module: Any, inputs: Any, output: Any) -> Any:
            if isinstance(output, tuple):
                return (output[0] + moves[layer], *output[1:])
            return output + moves[layer]

        return add

    handles = [plain_blocks(plain)[i].register_forward_hook(hook(i)) for i in moves]
    right = [plain_generate(plain, tokenizer, p) for p in PROMPTS]
    score = plain_logprob(plain, tokenizer, PROMPTS[0], " the mat")
    for handle in handles:
        handle.remove()
    pushes = [Push(two, 2, -1.5, norm=NORM), Push(one, 0, [2.0] * 3, norm=NORM)]
    assert generate(model, PROMPTS, vector=pushes, max_new_tokens=NEW) == right
    got = choice_logprobs(
        model, PROMPTS[:1], [" the mat"], vector=[pushes[0], Push(one, 0, 2.0, norm=4)]
    )
    assert float(got) == pytest.approx(score, abs=1e-3)


def test_sampling_equals_a_loop_by_hand(pair: Any) -> None:
    """No cache, no nnsight, no `generate`: a hook and an argmax with the noise."""
    model, plain, tokenizer = pair
    (vector,) = directions()
    move = 1.5 * NORM * vector / vector.norm()

    def hook(module: Any, inputs: Any, output: Any) -> Any:
        if isinstance(output, tuple):
            return (output[0] + move, *output[1:])
        return output + move

    handle = plain_blocks(plain)[LAYER].register_forward_hook(hook)
    ids = tokenizer(PROMPTS[1])["input_ids"]
    start = len(ids)
    for step in range(NEW):
        with torch.no_grad():
            logits = plain(torch.tensor([ids])).logits[0, -1]
        tokens = token_words(len(logits), torch.device("cpu"))
        drawn = uniform(torch.tensor([[11]]), step, tokens)[0]
        chosen = int((logits / 0.8 - torch.log(-torch.log(drawn))).argmax())
        ids.append(chosen)
        if chosen == plain.config.eos_token_id:
            break
    handle.remove()
    right = tokenizer.decode(ids[start:], skip_special_tokens=True)
    options: dict[str, Any] = {"vector": vector, "layer": LAYER, "norm": NORM}
    options |= {"strength": 1.5, "max_new_tokens": NEW, "temperature": 0.8}
    got = generate(model, PROMPTS, seed=[3, 11, 4], **options)
    assert got[1] == right
    assert got[1] != generate(model, PROMPTS, seed=[3, 12, 4], **options)[1]


def test_batches_of_any_size_give_the_same(random_model: Any) -> None:
    prompts = [p for p in PROMPTS for _ in range(4)]
    options: dict[str, Any] = {"vector": directions(12), "layer": LAYER, "norm": NORM}
    options |= {"strength": [0.2 * i for i in range(12)], "max_new_tokens": NEW}
    for temperature in (0.0, 1.0):
        options["temperature"] = temperature
        whole = generate(random_model, prompts, batch_size=12, **options)
        assert whole == generate(random_model, prompts, batch_size=5, **options)
        assert whole == generate(random_model, prompts, **options)
        assert len(set(whole)) > 3


def test_out_of_memory_halves_the_batch(
    random_model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    right, sizes, run = generate(random_model, PROMPTS), [], generation.run

    def small(model: Any, texts: list[str], *rest: Any) -> Any:
        sizes.append(len(texts))
        if len(texts) > 1:
            raise torch.OutOfMemoryError("full")
        return run(model, texts, *rest)

    monkeypatch.setattr(generation, "run", small)
    assert generate(random_model, PROMPTS) == right
    assert sizes == [3, 1, 1, 1]


def test_every_step_is_steered_and_an_early_end_does_no_harm(
    pair: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, plain, tokenizer = pair
    calls, plain_steer = [], pushes.steer

    def counted(*given: Any) -> torch.Tensor:
        calls.append(given[0].shape[1])
        return plain_steer(*given)

    monkeypatch.setattr(generation, "steer", counted)
    (vector,) = directions()
    options: dict[str, Any] = {"vector": vector, "layer": LAYER, "norm": NORM}
    monkeypatch.setattr(model._module.generation_config, "eos_token_id", None)
    generate(model, PROMPTS[0], strength=1.0, max_new_tokens=NEW, **options)
    assert len(calls) == NEW
    assert calls[0] > 1
    assert calls[1:] == [1] * (NEW - 1)
    full = generate(model, PROMPTS[0], strength=1.0, max_new_tokens=NEW, **options)
    ids = tokenizer(PROMPTS[0])["input_ids"]
    # Make the third written token the end of text: the loop is cut short there.
    move = NORM * vector / vector.norm()
    out = plain_ids(plain, ids, move)
    monkeypatch.setattr(model._module.generation_config, "eos_token_id", out[2])
    calls.clear()
    for positions in ("all", "response", "prompt"):
        calls.clear()
        short = generate(
            model,
            PROMPTS,
            strength=1.0,
            max_new_tokens=40,
            positions=positions,
            **options,
        )
        assert len(short) == 3
        if positions == "all":
            assert full[0].startswith(tokenizer.decode(out[:2]))
            assert short[0].startswith(tokenizer.decode(out[:2]))
    one = {"strength": 1.0, "max_new_tokens": 1, "positions": "response"}
    assert generate(model, PROMPTS, **one, **options) == generate(
        model, PROMPTS, max_new_tokens=1
    )


def plain_ids(model: Any, ids: list[int], move: torch.Tensor) -> list[int]:
    """Three greedy tokens, each from a fresh pass with `move` added at `LAYER`."""

    def hook(module: Any, inputs: Any, output: Any) -> Any:
        if isinstance(output, tuple):
            return (output[0] + move, *output[1:])
        return output + move

    handle, found = plain_blocks(model)[LAYER].register_forward_hook(hook), []
    for _ in range(3):
        with torch.no_grad():
            logits = model(torch.tensor([[*ids, *found]])).logits[0, -1]
        found.append(int(logits.argmax()))
    handle.remove()
    return found


@torch.no_grad()
def test_the_layer_is_the_sum_and_those_before_are_untouched(pair: Any) -> None:
    """What the write of a trace leaves behind, read by Hugging Face's own hooks."""
    model, plain, tokenizer = pair
    (vector,) = directions()
    before = plain_stream(plain, tokenizer, PROMPTS[1])
    seen: dict[int, torch.Tensor] = {}

    def keep(layer: int) -> Any:
        def hook(module: Any, inputs: Any) -> None:
            seen.setdefault(layer, inputs[0][0].clone())

        return hook

    # What the next block is handed is what the steered block leaves behind.
    blocks = plain_blocks(model._module)
    after = enumerate(blocks[1:])
    handles = [block.register_forward_pre_hook(keep(i)) for i, block in after]
    options: dict[str, Any] = {"vector": vector, "layer": LAYER, "norm": NORM}
    try:
        generate(model, PROMPTS[1], strength=2.0, max_new_tokens=1, **options)
    finally:
        for handle in handles:
            handle.remove()
    move = 2.0 * NORM * (vector / vector.norm())
    for layer in range(LAYER):
        assert torch.equal(seen[layer], before[layer])
    assert torch.equal(seen[LAYER], before[LAYER] + move)
    assert not torch.allclose(seen[LAYER + 1], before[LAYER + 1], atol=1e-3)


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
    before, calls = generate(random_model, PROMPTS, max_new_tokens=NEW), []

    def fails(*given: Any) -> torch.Tensor:
        calls.append(1)
        if len(calls) == 2:
            raise RuntimeError("a broken edit")
        return steer(*given)

    monkeypatch.setattr(generation, "steer", fails)
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
        ({"vector": torch.ones(2, 32)}, "2 rows for 3 prompts"),
        ({"vector": "calm"}, "pass a tensor"),
        ({"vector": [Push(torch.ones(32), 1), "calm"]}, "own layer"),
        ({"layer": 1.5}, "is not a whole number"),
        ({"layer": "middle"}, "is not a whole number"),
        ({"layer": []}, "no layers"),
        ({"strength": "high"}, "'high' is not a number"),
        ({"strength": None}, "not a number"),
        ({"strength": True}, "not a number"),
        ({"mode": "subtract"}, "mode is 'subtract': pass one of add"),
        ({"positions": "answer"}, "positions is 'answer': pass one of all"),
        ({"norm": 0.0}, "positive number"),
        ({"norm": "big"}, "not a number"),
        ({"max_new_tokens": 0}, "pass 1 or more"),
        ({"max_new_tokens": 2.5}, "not a whole number"),
        ({"temperature": -1.0}, "temperature is -1"),
        ({"temperature": 1.0, "seed": [1, 2]}, "2 seeds for 3 prompts"),
        ({"vector": torch.zeros(32)}, "no direction"),
        ({"vector": torch.full((32,), torch.nan)}, "not finite"),
        ({"strength": float("inf")}, "strength is inf"),
        ({"strength": [1.0, 2.0]}, "for 3 prompts"),
        ({"prompts": []}, "no prompts"),
        ({"prompts": ["The", ""]}, "prompt 1 is '', so it is empty"),
        ({"prompts": ["The", None]}, "prompt 1 is None"),
        ({"prompts": ["The " * 200]}, "context is 128"),
    ],
)
def test_errors_say_what_to_do(random_model: Any, changes: Any, says: str) -> None:
    options = {"vector": directions()[0], "layer": LAYER, "strength": 1.0, "norm": 4.0}
    options |= {"max_new_tokens": 2} | changes
    prompts = options.pop("prompts", PROMPTS)
    with pytest.raises(ValueError, match=says):
        generate(random_model, prompts, **options)
    if set(options) & {"temperature"} or options["max_new_tokens"] != 2:
        return
    del options["max_new_tokens"]
    with pytest.raises(ValueError, match=says):
        choice_logprobs(random_model, prompts, [" a"], **options)


def test_no_norm_means_that_of_neutral_texts(tmp_path: Path, own_cache: Path) -> None:
    folder = make_folder(tmp_path, "llama", max_position_embeddings=1024)
    random_model = load_model(folder, device="cpu")
    (vector,) = directions()
    own = residual_norm(random_model, load_neutral(random_model), LAYER)
    options: dict[str, Any] = {"vector": vector, "layer": LAYER, "strength": 0.7}
    options["max_new_tokens"] = NEW
    given = generate(random_model, PROMPTS, norm=own, **options)
    assert generate(random_model, PROMPTS, **options) == given
    assert generate(random_model, PROMPTS, norm=9 * own, **options) != given


def plain_logprob(model: Any, tokenizer: Any, prompt: str, choice: str) -> float:
    head, tail = tokenizer(prompt)["input_ids"], tokenizer(choice)["input_ids"]
    with torch.no_grad():
        logits = model(torch.tensor([head + tail])).logits[0].log_softmax(-1)
    return sum(float(logits[len(head) + i - 1, t]) for i, t in enumerate(tail))


def test_choice_logprobs_equal_plain_ones(pair: Any) -> None:
    model, plain, tokenizer = pair
    choices = [" the mat and", " rain", " again, and by"]
    right = [[plain_logprob(plain, tokenizer, p, c) for c in choices] for p in PROMPTS]
    for size in (64, 2, None):
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


@pytest.mark.parametrize("positions", ["all", "prompt", "response"])
def test_choices_steered_at_some_positions(pair: Any, positions: str) -> None:
    model, plain, tokenizer = pair
    (vector,) = directions()
    move, choice = 2.0 * NORM * vector / vector.norm(), " the mat and"
    head = len(tokenizer(PROMPTS[0])["input_ids"])
    where = {"all": slice(None), "prompt": slice(head), "response": slice(head, None)}

    def hook(module: Any, inputs: Any, output: Any) -> None:
        stream = output[0] if isinstance(output, tuple) else output
        stream[:, where[positions]] += move

    handle = plain_blocks(plain)[LAYER].register_forward_hook(hook)
    right = plain_logprob(plain, tokenizer, PROMPTS[0], choice)
    handle.remove()
    options: dict[str, Any] = {"vector": vector, "layer": LAYER, "norm": NORM}
    options |= {"strength": 2.0, "positions": positions}
    got = choice_logprobs(model, PROMPTS, [" rain", choice], **options)
    assert float(got[0, 1]) == pytest.approx(right, abs=1e-3)
    assert abs(right - plain_logprob(plain, tokenizer, PROMPTS[0], choice)) > 1e-2


def test_choices_are_read_with_few_passes() -> None:
    tails = [[1], [2], [3, 4], [3, 5], [3, 4, 6], [7, 8]]
    work = passes(2, [9, 9], tails)
    assert {p.tail for p in work} == {(3, 4), (7,)}
    wanted = [w for rows in work.values() for w in rows]
    assert sorted(w.choice for w in wanted) == [
        12,
        13,
        14,
        14,
        15,
        15,
        16,
        16,
        16,
        17,
        17,
    ]
    for one, rows in work.items():
        line = [*one.head, *one.tail]
        for w in rows:
            tail = tails[w.choice - 12]
            t = w.position - 1
            assert tail[t] == w.token
            assert line[2 : 2 + t] == tail[:t]


@pytest.mark.parametrize("kind", ["gemma2", "cohere", "granite"])
def test_choices_of_families_that_scale_their_logits(
    kind: str, family_folder: Callable[[str], Path]
) -> None:
    folder = family_folder(kind)
    plain, tokenizer = load_plain(folder)
    model = load_model(folder, device="cpu")
    got = choice_logprobs(model, PROMPTS, [" the mat", " rain"])
    right = [
        [plain_logprob(plain, tokenizer, p, c) for c in (" the mat", " rain")]
        for p in PROMPTS
    ]
    assert torch.allclose(got, torch.tensor(right), atol=1e-3)


def test_choice_errors(random_model: Any) -> None:
    with pytest.raises(ValueError, match="2 lists of choices for 1"):
        choice_logprobs(random_model, TEXTS[:1], [[" a"], [" b"]])
    with pytest.raises(ValueError, match="pass a list"):
        choice_logprobs(random_model, TEXTS[:1], " a")
    with pytest.raises(ValueError, match="pass a list"):
        choice_logprobs(random_model, TEXTS[:1], [])
    with pytest.raises(ValueError, match="same number"):
        choice_logprobs(random_model, TEXTS[:2], [[" a"], [" a", " b"]])
    with pytest.raises(ValueError, match="has no token"):
        choice_logprobs(random_model, TEXTS[:1], [""])
