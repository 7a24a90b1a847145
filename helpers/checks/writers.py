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
Edit = Callable[[int, Tensor, Tensor], Tensor]  # of a run's number, its rows, a push
STEPS, STRENGTH = 6, 0.3


def newest(step: int, rows: Tensor, push: Tensor) -> Tensor:
    """The push at the newest position only."""
    last = torch.arange(rows.shape[1], device=rows.device) == rows.shape[1] - 1
    return rows + push * last[:, None]


# Whether each brings the vector to length 1, and what it writes at a run.
WRITERS: dict[str, tuple[bool, Edit]] = {
    "A": (True, lambda step, rows, push: rows + push * (step == 0)),  # out of the loop
    "B": (False, lambda step, rows, push: rows + push),
    "C": (True, lambda step, rows, push: rows + push * (step > 0)),  # no opening
    "D": (True, newest),
}


def run(model: Any, prompt: str, layer: int, push: Tensor, edit: Edit) -> Written:
    """Greedy text under an edit at each run, and the rows that it leaves."""
    options = {"max_new_tokens": STEPS, "min_new_tokens": STEPS, "do_sample": False}
    with warnings.catch_warnings(), torch.no_grad():
        warnings.filterwarnings("ignore", message=".*was never reached.*")
        with model.generate(**options) as tracer:
            with tracer.invoke(prompt):
                rows = [].save()  # type: ignore[attr-defined]
                for step in tracer.iter[:]:
                    residual = unwrap(model.layers[layer].output)
                    residual[:] = edit(step, residual, push)
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
    of_one, edit = writer
    push = STRENGTH * norm * (vector / vector.norm() if of_one else vector)
    ids, rows = run(model, prompt, layer, push, edit)
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
