"""What `load_model` proves about a model before anyone relies on it."""

from __future__ import annotations

from typing import Any

import nnsight
import torch
from jaxtyping import Float
from torch import Tensor

SHORT = "The door is open."
LONG = "A small boat lay at the far end of the long pier, and nobody had seen it."


def unwrap(output: Any) -> Tensor:
    """A block's output as a tensor: some families return a tuple."""
    return output[0] if isinstance(output, tuple) else output


def check(model: Any, name: str, n: int, width: int) -> None:
    """Prove once what every chapter relies on; raises RuntimeError if it fails.

    The residual stream after block l equals Hugging Face's `hidden_states[l + 1]`
    (but for the last, which HF gives after the final norm), a text in a padded batch
    equals the text alone, and `lm_head` has an output for every token.
    """
    with torch.no_grad():
        alone, final, outputs = read_all(model, SHORT)
        both, _, _ = read_all(model, [SHORT, LONG])
        ids = model.tokenizer(SHORT, return_tensors="pt").to(model.device)
        states = model._module(**ids, output_hidden_states=True).hidden_states
    if (len(alone), len(states), alone[0].shape[-1]) != (n, n + 1, width):
        raise RuntimeError(
            f"{name} has {len(alone)} layers of shape {tuple(alone[0].shape)}, but its "
            f"configuration says {n} layers of width {width}"
        )
    if outputs < len(model.tokenizer):
        raise RuntimeError(
            f"{name} has {outputs} outputs for {len(model.tokenizer)} tokens"
        )
    for layer, own in enumerate(alone):
        where = f"layer {layer} of {name}"
        theirs = states[layer + 1] if layer < n - 1 else own
        same(own, theirs, f"{where} is not hidden_states[{layer + 1}]")
        same(own, both[layer][:1, -own.shape[1] :], f"{where} changes with padding")
    same(final, states[-1], f"ln_final of {name} is not its final norm")


def read_all(model: Any, prompt: str | list[str]) -> tuple[list[Tensor], Tensor, int]:
    """Every layer's residual stream, the final norm's output, the number of logits."""
    with model.trace(prompt):
        layers = nnsight.save([])
        for layer in model.layers:
            layers.append(unwrap(layer.output).clone())
        final = model.ln_final.output.save()
        logits = model.lm_head.output.save()
    return layers, final, logits.shape[-1]


def same(a: Float[Tensor, "n s d"], b: Float[Tensor, "n s c"], message: str) -> None:
    """Raise RuntimeError with `message` unless a is b but for rounding."""
    if a.shape != b.shape:
        raise RuntimeError(f"{message}: shapes {tuple(a.shape)} and {tuple(b.shape)}")
    close = 1e-3 if a.dtype == torch.float32 else 0.1
    far = (a.float() - b.float()).norm(dim=-1) / b.float().norm(dim=-1)
    if far.isnan().any():
        raise RuntimeError(f'{message}: not a number; load it with dtype="bfloat16"')
    if far.max() > close:
        raise RuntimeError(f"{message}: they differ by {float(far.max()):.0%}")
