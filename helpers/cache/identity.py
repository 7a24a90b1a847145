"""Names for a model as it is now: what its results depend on, and nothing else."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

import torch
from jaxtyping import Int
from torch import Tensor

from helpers.cache.store import digest, digest_bytes

CHUNK = 2**17  # 8-byte words that are summed at once
PASSING = ("_name_or_path", "transformers_version")
INNER = set(vars(torch.nn.Module())) - {"training"}  # PyTorch's own attributes
LAZY = ("_output_capturing", "_is_hf_")  # transformers' notes to itself
HOOKS = ("_forward_hooks", "_forward_pre_hooks")
EVERYWHERE = ("_global_forward_hooks", "_global_forward_pre_hooks")


def hooked(model: Any) -> bool:
    """Whether something acts on a forward pass that no name can tell.

    Hooks, nnsight edits, a replaced `forward`, autocast, or training mode: results are
    then neither kept nor looked up.
    """
    kinds = {"cpu", model.device.type} - {"meta"}
    return (
        any(torch.is_autocast_enabled(kind) for kind in kinds)
        or any(envoy._edits for envoy in model.modules())
        or any(getattr(torch.nn.modules.module, name) for name in EVERYWHERE)
        or any(map(changed, model._module.modules()))
    )


def changed(part: torch.nn.Module) -> bool:
    """Whether a module does not simply run its class's forward pass."""
    hooks = [hook for name in HOOKS for hook in getattr(part, name).values()]
    own, common = vars(part).get("forward"), inspect.unwrap(type(part).forward)
    return (
        part.training
        or torch.nn.utils.parametrize.is_parametrized(part)
        or any(not foreign(hook).startswith("transformers.") for hook in hooks)
        or not (own is None or type(own).__module__.startswith("nnsight."))
        or foreign(common) not in {kind.__module__ for kind in type(part).__mro__}
    )


def foreign(function: Any) -> str:
    """The module that a function was written in."""
    return str(getattr(function, "__module__", None))


def stamp(model: Any) -> str:
    """A quick name for all that a forward pass depends on: changes with any edit.

    Configuration, the plain attributes of each module, and a checksum of each
    parameter and buffer, the unsaved ones included.
    """
    parts = [[name, *settings(part)] for name, part in model._module.named_modules()]
    tensors = [[name, *checksum(value)] for name, value in named_tensors(model._module)]
    return digest(configuration(model._module), parts, tensors)


def settings(part: torch.nn.Module) -> Iterator[str]:
    """The class of a module, and its attributes that are numbers and words."""
    yield type(part).__qualname__
    for name, value in vars(part).items():
        if name not in INNER and not name.startswith(LAZY) and plain(value):
            yield f"{name}={value!r}"


def plain(value: Any) -> bool:
    """Whether a value is a number or a word, or lists and tables of them."""
    if isinstance(value, dict):
        return all(map(plain, [*value, *value.values()]))
    if isinstance(value, list | tuple):
        return all(map(plain, value))
    return value is None or isinstance(value, int | float | str)


def named_tensors(module: torch.nn.Module) -> Iterator[tuple[str, Tensor]]:
    """Parameters and buffers, each once."""
    yield from module.named_parameters()
    yield from module.named_buffers()


def checksum(value: Tensor) -> list[Any]:
    """Dtype, shape, and the bytes as 8-byte words, times odd numbers, summed mod 2**64.

    Exact, so that it is the same on each device; it moves with any changed bit.
    """
    raw = value.detach().contiguous().flatten().view(torch.uint8)
    end = len(raw) // 8 * 8
    raw = raw if raw.storage_offset() % 8 == 0 else raw.clone()
    words, times = raw[:end].view(torch.int64), multipliers().to(value.device)
    sums = [(part * times[: len(part)]).sum() for part in words.split(CHUNK)]
    found = torch.stack(sums).tolist() if sums else []
    return [str(value.dtype), list(value.shape), found, raw[end:].tolist()]


@lru_cache(1)
def multipliers() -> Int[Tensor, " w"]:
    """Odd numbers, always the same."""
    draw = torch.Generator().manual_seed(0)
    return torch.randint(-(2**62), 2**62, (CHUNK,), generator=draw) * 2 + 1


def configuration(module: Any) -> str:
    """The configuration as text, with the attention that is in force."""
    config = module.config.to_dict()
    for passing in PASSING:
        config.pop(passing, None)
    attention = getattr(module.config, "_attn_implementation", None)
    writing = module.generation_config.to_dict() if module.can_generate() else {}
    writing.pop("transformers_version", None)
    return json.dumps([config, attention, writing], sort_keys=True, default=str)


def fingerprint(model: Any, now: str | None = None) -> str:
    """A name for a model: equal weights in the same architecture have an equal name.

    As it was loaded, a model from the hub is named by its id, revision and dtype, any
    other by a hash of its configuration and of every parameter. One that was changed
    since, in whatever way, is named by what it is now (its stamp, where that is known).
    """
    notes = model.__dict__
    origin = notes.get("_emotion_origin")
    if notes.get("_emotion_remote") is True:
        return digest("remote", origin)
    now = now or stamp(model)
    if now != notes.get("_emotion_stamp"):
        return digest("changed", now)
    if origin is not None:
        return digest(origin)
    known = notes.get("_emotion_fingerprint")
    if known is None:
        known = notes["_emotion_fingerprint"] = digest_bytes(model_bytes(model._module))
    return str(known)


def model_bytes(module: Any) -> Iterable[bytes]:
    """The configuration, then the name and bytes of each parameter and buffer.

    Two families can have the same parameters and compute different things.
    """
    config = module.config.to_dict()
    for passing in PASSING:
        config.pop(passing, None)
    yield json.dumps(config, sort_keys=True, default=str).encode()
    for name, value in module.state_dict().items():
        yield f"{name} {value.dtype}".encode()
        flat = value.detach().cpu().contiguous().flatten()
        yield flat.view(torch.uint8).numpy().tobytes()
