"""Mean activations from several starts on, each text read once for all of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from jaxtyping import Float
from torch import Tensor

from helpers import cache
from helpers.activations.pooling import forget_parts, pool_rows
from helpers.activations.residual import check_layers, check_start, content_key
from helpers.cache import Key
from helpers.models import Row, tokenize


def means_by_start(
    model: Any,
    texts: Iterable[str],
    layers: Sequence[int],
    starts: Iterable[int],
    *,
    progress: bool = True,
) -> Float[Tensor, "l c n d"]:
    """Mean residual stream of each text from each start on: layers x starts x texts.

    Kept on disk by content; a run that is killed goes on where it stopped. Raises
    ValueError as `mean_activations` does.
    """
    chosen, _ = check_layers(model, sorted(set(layers)))
    firsts = tuple(check_start(model, start) for start in starts)
    if not firsts:
        raise ValueError("no starts: pass the positions at which pooling may begin")
    rows = tokenize(model, texts, start=max(firsts))
    key = content_key(model, "starts", rows, chosen, firsts)
    read = partial(read_once, model, rows, chosen, firsts, key, progress)
    means = cache.cached(key, read, half=True)["means"]
    place = [chosen.index(layer) for layer in layers]
    return means.unflatten(0, (len(chosen), len(firsts)))[place]


def read_once(
    model: Any,
    rows: Sequence[Row],
    layers: list[int],
    starts: tuple[int, ...],
    key: Key,
    progress: bool,
) -> dict[str, Float[Tensor, "m n d"]]:
    """All means of one pass; what a killed run has kept is taken up and removed."""
    parts = key.part("parts").own
    means = pool_rows(model, rows, layers, starts, progress=progress, key=parts)
    if parts:
        forget_parts(parts)
    return {"means": means}
