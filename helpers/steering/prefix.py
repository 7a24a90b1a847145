"""What a model keeps of texts that others go on from: keys, values, lower blocks.

The keys and values of a text are the same whatever follows, so it is run once and each
of its continuations runs its own tokens alone. What lies below the first steered block
is the same for all pushes, so it is run once for all of them.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any, NamedTuple

import nnsight
import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from transformers.cache_utils import (
    DynamicCache,
    DynamicLayer,
    DynamicSlidingWindowLayer,
)

from helpers.models import pad, remote, text_config, unwrap

KINDS = {DynamicLayer, DynamicSlidingWindowLayer}
Ids = tuple[int, ...]


def can_branch(model: Any) -> bool:
    """Whether keys and values are all that this model keeps of a text.

    Not where it keeps the state of a convolution or of linear attention. On NDIF what
    is kept would have to travel, so there nothing is.
    """
    kept = {type(layer) for layer in DynamicCache(config=text_config(model)).layers}
    given = "past_key_values" in parameters(model)
    return given and kept <= KINDS and not remote.travels(model)


def parameters(model: Any) -> Any:
    """What the forward pass of a model may be given, by name."""
    return inspect.signature(type(model._module).forward).parameters


class Kept(NamedTuple):
    """Keys and values of some texts, of each block; padding, if any, comes first."""

    blocks: list[tuple[Float[Tensor, "n h s k"], Float[Tensor, "n h s k"]]]
    mask: Bool[Tensor, "n s"]


class Branch(DynamicLayer):
    """Kept keys and values of one block, under those of the texts that go on.

    What is added is itself kept only where something will go on from there.
    """

    def __init__(self, keys: Tensor, values: Tensor, rows: Tensor, keep: bool) -> None:
        super().__init__()
        self.keys, self.values, self.is_initialized = keys, values, True
        self.rows, self.keep = rows.to(keys.device), keep

    def update(
        self, key_states: Tensor, value_states: Tensor, *_: Any, **__: Any
    ) -> tuple[Tensor, Tensor]:
        """Keys and values of the whole texts."""
        keys = torch.cat([self.keys[self.rows], key_states], -2)
        values = torch.cat([self.values[self.rows], value_states], -2)
        if self.keep:
            self.keys, self.values = keys, values
        return keys, values


class Start(NamedTuple):
    """Where some texts go on from: of each, a row of what is kept."""

    kept: Kept
    rows: list[int]

    @property
    def mask(self) -> Bool[Tensor, "n s"]:
        """The kept positions of each text."""
        return self.kept.mask[self.rows]

    def cache(self, keep: bool) -> DynamicCache:
        """What the model is given; with `keep` it will hold the whole texts."""
        cache, rows = DynamicCache(), torch.tensor(self.rows)
        cache.layers = [Branch(k, v, rows, keep) for k, v in self.kept.blocks]
        return cache


def begin(
    model: Any, lines: Sequence[Any], start: Start | None = None, keep: bool = False
) -> tuple[dict[str, Tensor], dict[str, Any], Bool[Tensor, "n s"]]:
    """Inputs and options of a pass over `lines`, and the mask of their own tokens.

    Lines are padded on the right. They begin at `start`, or are whole texts; with
    `keep` the option `past_key_values` will hold what a later pass can start from.
    """
    ids, mask = pad(model, [np.array(line, dtype=np.int32) for line in lines])
    inputs, options = {"input_ids": ids, "attention_mask": mask.long()}, {}
    if start is None and not keep:
        return inputs, {"use_cache": False}, mask
    if start is not None:
        inputs["attention_mask"] = torch.cat([start.mask, mask], 1).long()
    cache = DynamicCache() if start is None else start.cache(keep)
    options = {"past_key_values": cache, "use_cache": True}
    if "position_ids" in parameters(model):  # a model without counts in the mask
        place = (inputs["attention_mask"].cumsum(1) - 1).clamp(min=0)
        inputs["position_ids"] = place[:, -ids.shape[1] :]
    return inputs, options, mask


def as_kept(cache: DynamicCache, mask: Bool[Tensor, "n s"]) -> Kept:
    """What a pass has left in its cache, padding moved to the left.

    So no gap is between a text and what goes on from it: some models look back by the
    number of places. Blocks that were skipped hold another's, as long as theirs.
    """
    order = mask.long().argsort(dim=1, stable=True)

    def aligned(x: Tensor) -> Tensor:
        own = order.to(x.device)[:, None, :, None]
        return x if mask.all() else x.gather(2, own.expand(*x.shape[:3], x.shape[3]))

    done = {
        i: (aligned(layer.keys), aligned(layer.values))
        for i, layer in enumerate(cache.layers)
        if layer.is_initialized
    }
    blocks = [done.get(i, done[max(done)]) for i in range(len(cache.layers))]
    return Kept(blocks, mask.gather(1, order))


class Below:
    """The residual stream under the block `layer`, of each line run once.

    A line is known by the text it goes on from, and itself.
    """

    def __init__(self, model: Any, layer: int) -> None:
        self.model, self.layer, self.wrapped = model, layer, False
        self.kept: dict[Ids, Kept] = {}
        self.streams: dict[tuple[Ids, Ids], Float[Tensor, "s d"]] = {}

    def forget(self, but: set[Ids]) -> None:
        """Drop what is of other texts than these."""
        self.kept = {text: kept for text, kept in self.kept.items() if text in but}
        known = self.streams.items()
        self.streams = {key: s for key, s in known if (key[0] or key[1]) in but}

    def read(self, keys: Sequence[tuple[Ids, Ids]]) -> Any:
        """What the block below `layer` gives of some lines, padded on the right."""
        new: dict[Ids, dict[Ids, None]] = {}
        for text, line in keys:
            if (text, line) not in self.streams:
                new.setdefault(text, {})[line] = None
        for text, lines in new.items():
            for some in [list(lines)] if text else [[line] for line in lines]:
                self.run(text, some)
        stream = pad_sequence([self.streams[key] for key in keys], batch_first=True)
        return (stream, None) if self.wrapped else stream

    def run(self, text: Ids, lines: list[Ids]) -> None:
        """Run lines that go on from a text; or one text, which is kept."""
        start = Start(self.kept[text], [0] * len(lines)) if text else None
        inputs, options, mask = begin(self.model, lines, start, keep=not text)
        with torch.no_grad(), self.model.trace(inputs, **options) as tracer:
            output = nnsight.save(self.model.layers[self.layer - 1].output)
            tracer.stop()
        self.wrapped = isinstance(output, tuple)
        for line, stream in zip(lines, unwrap(output), strict=True):
            self.streams[text, line] = stream[: len(line)].clone()
        if not text:
            self.kept[lines[0]] = as_kept(options["past_key_values"], mask)
