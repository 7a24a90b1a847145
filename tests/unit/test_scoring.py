"""What is kept and shared while choices are scored, against plain full passes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from transformers import CONFIG_MAPPING

from helpers import prefix, scoring
from helpers.models import load_model
from helpers.steering import Push, choice_logprobs
from tests.unit.families import NAMED, OTHERS, TEXTS, load_plain, plain_blocks

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
    rows = []
    for i, prompt in enumerate(prompts):
        head, edits = tokenizer(prompt)["input_ids"], {}
        here = {"all": slice(None), "prompt": slice(len(head))}
        here["response"] = slice(len(head), None)

        def hook(push: Push, i: int, here: slice) -> Any:
            vector = push.vector if push.vector.ndim == 1 else push.vector[i]
            unit = vector / vector.norm()
            amount = float(torch.as_tensor(push.strength).expand(len(prompts))[i])

            def edit(module: Any, inputs: Any, output: Any) -> None:
                stream = output[0] if isinstance(output, tuple) else output
                part = stream[:, here]
                along = (part @ unit)[..., None] * unit
                keep = part if push.mode == "add" else part - along
                gain = 0.0 if push.mode == "ablate" else amount * NORM
                stream[:, here] = keep + gain * unit

            return edit

        edits = [(p.layer, hook(p, i, here[positions])) for p in pushes or []]
        blocks = plain_blocks(model)
        handles = [blocks[at].register_forward_hook(edit) for at, edit in edits]
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


@contextmanager
def counted(model: Any, layer: int = 0) -> Iterator[list[int]]:
    """How many places a block runs in each pass, padding included."""
    sizes: list[int] = []

    def note(module: Any, inputs: Any) -> None:
        sizes.append(inputs[0].shape[0] * inputs[0].shape[1])

    hook = plain_blocks(model._module)[layer].register_forward_pre_hook(note)
    yield sizes
    hook.remove()


@pytest.mark.parametrize("kind", NAMED + OTHERS)
def test_every_family_equals_full_passes(
    kind: str, family_folder: Callable[[str], Path]
) -> None:
    """Prompts of many lengths, longer than the windows; a push for each row."""
    folder = family_folder(kind)
    model, vectors = load_model(folder, device="cpu"), directions(len(TEXTS))
    assert prefix.can_branch(model)
    strength = [0.5, 0.0, -0.4, 0.3, 0.6]
    push = [Push(vectors, 1, strength, norm=NORM)]
    right = full_passes(folder, TEXTS, CHOICES, push)
    got = choice_logprobs(model, TEXTS, CHOICES, vector=push)
    torch.testing.assert_close(got, right, atol=2e-4, rtol=1e-4)
    assert (got - choice_logprobs(model, TEXTS, CHOICES)).abs().max() > 0.01
    right = full_passes(folder, BEGUN, CHOICES)
    got = choice_logprobs(model, BEGUN, CHOICES)
    torch.testing.assert_close(got, right, atol=2e-4, rtol=1e-4)
    same = [Push(vectors[0], 2, 0.5, norm=NORM)] 
    many = [text for text in TEXTS[:2] for _ in range(3)]
    for prompts, push in ((BEGUN, same), (many, [Push(directions(6), 2, 0.5, norm=NORM)])):
        right = full_passes(folder, prompts, CHOICES, push)
        got = choice_logprobs(model, prompts, CHOICES, vector=push)
        torch.testing.assert_close(got, right, atol=2e-4, rtol=1e-4)
