"""Four writers that should push at every token: the bug hunt of chapter 08."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from helpers.models import unwrap

Written = tuple[Int[Tensor, " s"], Float[Tensor, "r d"]]  # ids, rows after the block
STEPS, STRENGTH = 6, 0.3


def writer_a(model: Any, prompt: str, layer: int, vector: Tensor, norm: float) -> Any:
    """Leaves the push out of the loop: it fires at the first run alone."""
    push = STRENGTH * norm * vector / vector.norm()
    return run(model, prompt, layer, lambda step, rows: rows + push * (step == 0))


def writer_b(model: Any, prompt: str, layer: int, vector: Tensor, norm: float) -> Any:
    """Forgets to bring the vector to length 1."""
    push = STRENGTH * norm * vector
    return run(model, prompt, layer, lambda step, rows: rows + push)


def writer_c(model: Any, prompt: str, layer: int, vector: Tensor, norm: float) -> Any:
    """Begins at the second run: the opening is never pushed."""
    push = STRENGTH * norm * vector / vector.norm()
    return run(model, prompt, layer, lambda step, rows: rows + push * (step > 0))


def writer_d(model: Any, prompt: str, layer: int, vector: Tensor, norm: float) -> Any:
    """Moves the newest position only, of the opening its last one."""
    push = STRENGTH * norm * vector / vector.norm()

    def edit(step: int, rows: Tensor) -> Tensor:
        last = torch.arange(rows.shape[1], device=rows.device) == rows.shape[1] - 1
        return rows + push * last[:, None]

    return run(model, prompt, layer, edit)


WRITERS = {"A": writer_a, "B": writer_b, "C": writer_c, "D": writer_d}


def run(
    model: Any, prompt: str, layer: int, edit: Callable[[int, Tensor], Tensor]
) -> Written:
    """Greedy text under an edit at each run, and the rows that it leaves."""
    options = {"max_new_tokens": STEPS, "min_new_tokens": STEPS, "do_sample": False}
    with warnings.catch_warnings(), torch.no_grad():
        warnings.filterwarnings("ignore", message=".*was never reached.*")
        with model.generate(**options) as tracer:
            with tracer.invoke(prompt):
                rows = [].save()  # type: ignore[attr-defined]
                for step in tracer.iter[:]:
                    residual = unwrap(model.layers[layer].output)
                    residual[:] = edit(step, residual)
                    rows.append(residual[0].clone())
            with tracer.invoke():
                ids = tracer.result.save()
    return ids[0], torch.cat(list(rows))


def moves(
    model: Any, prompt: str, layer: int, vector: Tensor, norm: float, writer: Any
) -> tuple[list[float], list[float]]:
    """How far a writer moves each row, as a share of the norm: opening, new tokens.

    Below the pushed block nothing is changed, so an untouched run over the same tokens
    gives the rows before the push.
    """
    ids, rows = writer(model, prompt, layer, vector, norm)
    with torch.no_grad(), model.trace(ids[None]):
        output = model.layers[layer].output.save()
    far = (rows - unwrap(output)[0][: len(rows)]).norm(dim=-1) / norm
    begun = len(ids) - STEPS
    return far[:begun].tolist(), far[begun:].tolist()


def run_writers(model: Any, vectors: Any, prompt: str, emotion: str) -> None:
    """Print how far each writer moves the rows of a prompt and of what it writes."""
    given = prompt, vectors.layer, vectors[emotion], vectors.norm
    print(f"right: opening {STRENGTH:.2f} at each token, new {STRENGTH:.2f} at each")
    for name, writer in WRITERS.items():
        told = [
            " ".join(f"{x:.2f}" for x in far) for far in moves(model, *given, writer)
        ]
        print(f"    {name}: opening {told[0]} | new {told[1]}")
