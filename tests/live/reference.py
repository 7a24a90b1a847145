"""What plain PyTorch says: the residual stream and logits under pushes, by hooks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor

from helpers.steering import GumbelNoise, Push, generate

NEAR = 1e-3  # two logits (in nats) whose order rounding may turn


class Case(NamedTuple):
    """One prompt and what is done to the model while it writes."""

    prompt: str
    pushes: list[Push]
    positions: str = "all"
    seed: int = 0
    temperature: float = 0.0

    def request(self, n: int) -> dict[str, Any]:
        """The same for the engine."""
        pushes = [for_engine(push) for push in self.pushes]
        row = {"pushes": pushes, "seed": self.seed}
        request = {"prompt": self.prompt, "rows": [row], "n": n}
        return {
            **request,
            "positions": self.positions,
            "temperature": self.temperature,
        }

    def generate(self, model: Any, n: int) -> str:
        """What Python writes."""
        (text,) = generate(
            model,
            self.prompt,
            vector=self.pushes or None,
            positions=self.positions,
            max_new_tokens=n,
            temperature=self.temperature,
            seed=self.seed,
        )
        return text


def for_engine(push: Push) -> dict[str, Any]:
    """A push as the engine wants it."""
    return {
        "vector": push.vector.tolist(),
        "layers": push.layer,
        "strength": push.strength,
        "mode": push.mode,
        "norm": push.norm,
    }


def pushed(h: Tensor, push: Push, layer: int) -> Tensor:
    """The definition of a push at one layer of its band, written out."""
    band = [push.layer] if isinstance(push.layer, int) else push.layer
    if layer not in band:
        return h
    norms = push.norm if isinstance(push.norm, list) else [push.norm] * len(band)
    unit = push.vector / push.vector.norm()
    amount = push.strength * norms[band.index(layer)]
    along = (h @ unit)[:, None] * unit
    if push.mode == "add":
        return h + amount / len(band) * unit
    return h - along if push.mode == "ablate" else h - along + amount * unit


@contextmanager
def hooks(model: Any, hook: Callable[[int, Tensor], Tensor]) -> Iterator[None]:
    """Let each block's output, "s d", pass through `hook(layer, output)`."""

    def at(layer: int) -> Any:
        return lambda _module, _inputs, output: hook(layer, output[0])[None]

    blocks = enumerate(model._module.model.layers)
    handles = [block.register_forward_hook(at(layer)) for layer, block in blocks]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def forward(model: Any, case: Case, new: list[int]) -> tuple[Tensor, Tensor]:
    """Residual streams "l s d" and logits "s v" of prompt and `new` under pushes."""
    ids = model.tokenizer(case.prompt)["input_ids"]
    places = {"prompt": slice(0, len(ids)), "response": slice(len(ids), None)}
    where, streams = places.get(case.positions, slice(None)), []

    def hook(layer: int, h: Tensor) -> Tensor:
        h = h.clone()
        for push in case.pushes:
            h[where] = pushed(h[where], push, layer)
        streams.append(h)
        return h

    with torch.no_grad(), hooks(model, hook):
        logits = model._module(torch.tensor([ids + new])).logits[0]
    return torch.stack(streams), logits


def gaps(model: Any, case: Case, new: list[int]) -> Tensor:
    """How far each token of `new` is below the best one there, in nats; 0: the best."""
    n = len(model.tokenizer(case.prompt)["input_ids"])
    scores = forward(model, case, new)[1][n - 1 : -1]
    if case.temperature > 0:
        noise = GumbelNoise([case.seed], case.temperature)
        scores = torch.cat([noise(None, row[None]) for row in scores])
    return scores.amax(-1) - scores[range(len(new)), new]


def agrees(model: Any, case: Case, ids: list[int], text: str, want: str) -> bool:
    """Whether a text is the wanted one; raises unless it parts from it at a near tie.

    `ids` are its tokens: each must be the likeliest after those before it, but for
    what rounding may turn.
    """
    if text == want:
        return True
    gap = float(gaps(model, case, ids).max())
    assert 0 < gap < NEAR, (case.positions, gap, text, want)
    return False
