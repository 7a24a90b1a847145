"""What is kept and shared while choices are scored, against plain full passes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from helpers.models import load_model
from helpers.models.families import FAMILIES, Names
from helpers.steering import Push, choice_logprobs, generation, sweep_logprobs
from helpers.steering import passes as texts_run
from helpers.steering.passes import passes
from helpers.steering.prefix import can_branch
from tests.unit.families import (
    NAMED,
    OTHERS,
    TEXTS,
    load_plain,
    make_folder,
    plain_blocks,
)

CHOICES = [" the mat and", " rain", " the mat or", " again, and by", " the"]
NORM = 3.0
BEGINNING = TEXTS[2][:60]
BEGUN = [BEGINNING + text for text in ("", " She", " Nobody came to the station", "é")]


def directions(n: int) -> torch.Tensor:
    """`n` random vectors "n d" for the tiny models."""
    return torch.randn(n, 32, generator=torch.Generator().manual_seed(7))


def full_passes(
    folder: Path,
    prompts: list[str],
    choices: list[str],
    pushes: list[Push] | None = None,
    positions: str = "all",
) -> torch.Tensor:
    """Each choice run anew after its prompt, by Hugging Face with PyTorch hooks."""
    model, tokenizer = load_plain(folder)
    blocks, rows = plain_blocks(model), []
    for i, prompt in enumerate(prompts):
        head = tokenizer(prompt)["input_ids"]
        here = {"all": slice(None), "prompt": slice(len(head))}
        here["response"] = slice(len(head), None)
        handles = [
            blocks[push.layer].register_forward_hook(edit(push, i, here[positions]))
            for push in pushes or []
        ]
        row = []
        for choice in choices:
            tail = tokenizer(choice)["input_ids"]
            with torch.no_grad():
                logits = model(torch.tensor([head + tail]), use_cache=False).logits[0]
            places = torch.arange(len(tail)) + len(head) - 1
            row.append(float(logits.log_softmax(-1)[places, tail].sum()))
        for handle in handles:
            handle.remove()
        rows.append(row)
    return torch.tensor(rows)


def edit(push: Push, row: int, here: slice) -> Any:
    """A hook that pushes one prompt at some positions."""
    vector = push.vector if push.vector.ndim == 1 else push.vector[row]
    unit, strength = vector / vector.norm(), torch.as_tensor(push.strength)
    amount = NORM * float(strength[row] if strength.ndim else strength)

    def hook(module: Any, inputs: Any, output: Any) -> None:
        stream = output[0] if isinstance(output, tuple) else output
        part = stream[:, here]
        rest = part - (part @ unit)[..., None] * unit
        moved = {"add": part + amount * unit, "ablate": rest}
        moved["clamp"] = rest + amount * unit
        stream[:, here] = moved[push.mode]

    return hook


@contextmanager
def counted(model: Any, layer: int = 0) -> Iterator[list[int]]:
    """How many places a block of a Llama runs in each pass, padding included."""
    sizes: list[int] = []

    def note(module: Any, inputs: Any) -> None:
        sizes.append(inputs[0].shape[0] * inputs[0].shape[1])

    norm = plain_blocks(model._module)[layer].input_layernorm  # a block may be skipped
    hook = norm.register_forward_pre_hook(note)
    yield sizes
    hook.remove()


def close(got: torch.Tensor, right: torch.Tensor) -> None:
    torch.testing.assert_close(got, right, atol=2e-4, rtol=1e-4)


@pytest.mark.parametrize("kind", NAMED + OTHERS)
def test_every_family_equals_full_passes(kind: str, family_folder: Any) -> None:
    """Of many lengths, longer than the windows; begun alike; one text, many pushes."""
    folder, vectors = family_folder(kind), directions(len(TEXTS))
    model = load_model(folder, device="cpu")
    assert can_branch(model)
    many = [text for text in TEXTS[:2] for _ in range(3)]
    cases = {
        "own pushes": (
            TEXTS,
            [Push(vectors, 1, [0.5, 0.0, -0.4, 0.3, 0.6], norm=NORM)],
        ),
        "one beginning": (BEGUN, [Push(vectors[0], 2, 0.5, norm=NORM)]),
        "one text": (many, [Push(directions(6), 2, 0.5, norm=NORM)]),
        "no push": (BEGUN, []),
    }
    for prompts, pushes in cases.values():
        got = choice_logprobs(model, prompts, CHOICES, vector=pushes or None)
        close(got, full_passes(folder, prompts, CHOICES, pushes))


@pytest.mark.parametrize("kind", ["llama", "gpt2"])
@pytest.mark.parametrize("positions", ["all", "prompt", "response"])
def test_every_edit_at_every_position(
    kind: str, positions: str, family_folder: Any
) -> None:
    folder, (one, two, three) = family_folder(kind), directions(3)
    model = load_model(folder, device="cpu")
    pushes = [
        Push(one, 1, 0.5, norm=NORM),
        Push(two, 2, mode="ablate", norm=NORM),
        Push(three, 3, 0.7, mode="clamp", norm=NORM),
    ]
    plain = choice_logprobs(model, BEGUN, CHOICES)
    for prompts in (BEGUN, TEXTS, [TEXTS[1]] * 4):
        right = full_passes(folder, prompts, CHOICES, pushes, positions)
        for size in (None, 2):
            options: dict[str, Any] = {"positions": positions, "batch_size": size}
            got = choice_logprobs(model, prompts, CHOICES, vector=pushes, **options)
            close(got, right)
    assert (got[:1] - plain[:1]).abs().max() > 0.01


@pytest.mark.parametrize("kind", ["llama", "gpt2"])
@pytest.mark.parametrize("positions", ["all", "prompt", "response"])
@pytest.mark.parametrize("layer", [0, 2, 3, [1, 3]])
def test_a_sweep_equals_a_loop(
    kind: str, positions: str, layer: Any, family_folder: Any
) -> None:
    model, vectors = load_model(family_folder(kind), device="cpu"), directions(5)
    strength = [0.5, -0.5, 0.0, 0.2, 0.8]
    options: dict[str, Any] = {"layer": layer, "positions": positions, "norm": NORM}
    own = [CHOICES[i:] + CHOICES[:i] for i in range(3)]
    for mode, choices in (("add", CHOICES), ("clamp", own), ("add", [" a", " b"])):
        options |= {"mode": mode}
        got = sweep_logprobs(
            model, TEXTS[:3], choices, vectors, strength=strength, **options
        )
        loop = [
            choice_logprobs(model, TEXTS[:3], choices, vector=v, strength=s, **options)
            for v, s in zip(vectors, strength, strict=True)
        ]
        close(got, torch.stack(loop))


def test_a_sweep_in_small_blocks(
    random_model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: Any = (random_model, TEXTS, CHOICES, directions(4))
    options: dict[str, Any] = {"layer": 2, "strength": 0.5, "norm": NORM}
    whole = sweep_logprobs(*given, **options)
    monkeypatch.setattr(generation, "SWEPT", 9)
    close(sweep_logprobs(*given, **options), whole)
    close(sweep_logprobs(*given, batch_size=3, **options), whole)
    with pytest.raises(ValueError, match=r"shape \(32,\): pass a tensor"):
        sweep_logprobs(*given[:3], directions(1)[0], **options)


def test_what_is_run(random_model: Any) -> None:
    """Places that blocks run: a prompt once, then the choices' own tokens."""
    model, (short, long) = random_model, sorted(TEXTS, key=len)[:2]
    n = len(model.tokenizer(short)["input_ids"])
    tails = [model.tokenizer(c)["input_ids"] for c in CHOICES]
    tokens = sum(len(p.tail) for p in passes(0, [1], tails))
    with counted(model) as sizes:
        choice_logprobs(model, short, [" a", " b", " c"])
    assert sizes == [n]
    with counted(model) as sizes:
        choice_logprobs(model, short, CHOICES)
    assert sizes[0] == n
    assert tokens <= sum(sizes[1:]) < 2 * tokens
    begun = [short + ending for ending in (" a", " b", " c")]
    with counted(model) as sizes:
        choice_logprobs(model, begun, [" a", " b", " c"])
    assert sizes == [n, 3]
    options: dict[str, Any] = {"layer": 2, "strength": 0.5, "norm": NORM}
    with counted(model, 1) as below, counted(model, 2) as above:
        sweep_logprobs(model, [short, long], CHOICES, directions(6), **options)
    assert sum(above) > 5 * sum(below)


def test_numbers_and_memory_of_a_batch_are_bounded(
    random_model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = choice_logprobs(random_model, TEXTS, CHOICES)
    with counted(random_model) as few:
        choice_logprobs(random_model, TEXTS, CHOICES)
    monkeypatch.setitem(texts_run.ROOM, "cpu", 2**15)
    monkeypatch.setitem(texts_run.NUMBERS, "cpu", 2**11)
    with counted(random_model) as many:
        close(choice_logprobs(random_model, TEXTS, CHOICES), right)
    assert max(many) < max(few)
    assert len(many) > 2 * len(few)


def test_a_model_that_keeps_more_than_keys_runs_in_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Convolutions keep a state, which cannot be branched."""
    names = Names(ln_final="model.embedding_norm")
    monkeypatch.setitem(FAMILIES, "lfm2", names)
    kinds = ["conv", "full_attention"] * 2
    folder = make_folder(tmp_path, "lfm2", layer_types=kinds)
    model, push = load_model(folder, device="cpu"), Push(directions(1)[0], 2, 0.5)
    push = replace(push, norm=NORM)
    assert not can_branch(model)
    for prompts in (TEXTS, [TEXTS[1]] * 3):
        got = choice_logprobs(model, prompts, CHOICES, vector=push)
        close(got, full_passes(folder, prompts, CHOICES, [push]))
