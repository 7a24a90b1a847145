"""Mean activations from several starts on, each text read once for all of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from jaxtyping import Float
from torch import Tensor

from helpers import cache
from helpers.activations.pooling import forget_parts, pool_rows
from helpers.activations.residual import check_layers, check_start, content_key
from helpers.models import tokenize
from helpers.stats import Column, column


def means_by_start(
    model: Any,
    texts: Iterable[str],
    layers: Column,
    starts: Column,
    *,
    progress: bool = True,
) -> Float[Tensor, "l c n d"]:
    """Mean residual stream of each text from each start on: layers x starts x texts.

    Kept on disk by content; a run that is killed goes on where it stopped. Raises
    ValueError as `mean_activations` does.
    """
    layers = column(layers)
    chosen, _ = check_layers(model, sorted(set(layers)))
    firsts = tuple(check_start(model, start) for start in column(starts))
    if not firsts:
        raise ValueError("no starts: pass the positions at which pooling may begin")
    rows = tokenize(model, texts, start=max(firsts))
    key = content_key(model, "starts", rows, chosen, firsts)
    found = cache.find(key, half=True)
    if found is None:
        parts = key.part("parts").own
        means = pool_rows(model, rows, chosen, firsts, progress=progress, key=parts)
        found = cache.keep(key, {"means": means}, half=True)
        if parts:
            forget_parts(parts)
    place = [chosen.index(layer) for layer in layers]
    return found["means"].unflatten(0, (len(chosen), len(firsts)))[place]
