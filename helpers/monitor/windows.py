"""What a monitor reads over many finished texts, at several layers, kept as scores.

An activation is too large to keep for each text, a score is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import nnsight
import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import normalize

from helpers.activations import batches, check_read, content_key, token_budget
from helpers.cache import Key, cached, digest_bytes
from helpers.models import pad, tokenize, unwrap, where
from helpers.monitor.alarms import smooth_from
from helpers.stats import whole
from helpers.steering import Push, steer
from helpers.vectors import EmotionVectors

PARTS = ("peak", "mean", "end")
VERSION = 1  # of the scores; part of every cache key


def read_windows(
    model: Any,
    texts: Iterable[str],
    vectors: EmotionVectors | Sequence[EmotionVectors],
    *,
    window: Any = 8,
    start: Any = 1,
    push: Push | None = None,
    parts: Sequence[str] = PARTS,
    cache: bool = True,
) -> dict[str, Float[Tensor, "*l n e"]]:
    """Scores of each text, in parts: what `watch_text` reads, of many texts at once.

    `peak`: the highest mean over a window, which an alert goes by; `mean`: over all
    positions from `start` on; `end`: over the last window. `vectors` of one layer, or a
    list of as many each at several. `push` (one vector, with its layer, strength and
    norm) is added at every position. Cached by content, unless `cache` is off.

    Raises ValueError for a text that is shorter than `start` and a window, or for a
    part that is none. Taught in chapter 12.
    """
    if strange := set(parts) - set(PARTS):
        raise ValueError(f"no part {sorted(strange)}: pass some of {list(PARTS)}")
    alone = isinstance(vectors, EmotionVectors)
    several = [vectors] if isinstance(vectors, EmotionVectors) else list(vectors)
    size, first = whole(window, "window", least=1), whole(start, "start", least=0)
    for one in several:
        one.check_fits(model)
    rows = tokenize(model, texts, start=first + size - 1)
    about = [VERSION, size, first, [one.layer for one in several]]
    about += [[content(one) for one in several], list(parts)]
    if push is not None:
        raw = digest_bytes([push.vector.float().numpy().tobytes()])
        about.append([raw, push.layer, push.strength, push.norm])
    key = content_key(model, "windows", rows, *about) if cache else Key()

    def compute() -> dict[str, Tensor]:
        found = torch.zeros(len(parts), len(several), len(rows), len(several[0]))
        for batch in batches([len(row) for row in rows], None, token_budget(model)):
            read = read_batch(model, [rows[i] for i in batch], several, push)
            for place, i in enumerate(batch):
                for j, scores in enumerate(read):
                    own = in_parts(scores[place, : len(rows[i])], size, first)
                    found[:, j, i] = torch.stack([own[part] for part in parts])
        return {"parts": found}

    found = cached(key, compute, half=True)["parts"]
    return dict(zip(parts, found[:, 0] if alone else found, strict=True))


def content(vectors: EmotionVectors) -> str:
    """A name for all that scores along vectors depend on."""
    read = vectors.unit if vectors.readers is None else vectors.readers
    norm = torch.tensor([vectors.norm if vectors.readers is None else 1.0])
    return digest_bytes(t.numpy().tobytes() for t in (read, vectors.center, norm))


def read_batch(
    model: Any, rows: Sequence[Any], vectors: list[EmotionVectors], push: Push | None
) -> list[Float[Tensor, "n s e"]]:
    """Scores at every position of some texts, a tensor for each layer."""
    ids, mask = pad(model, rows)
    inputs = {"input_ids": ids, "attention_mask": mask.long()}
    wanted = sorted({one.layer for one in vectors})
    deep = sorted({*wanted, *([] if push is None else [push.layer])})
    if push is not None:
        unit = normalize(push.vector.float(), dim=-1).expand(len(rows), 1, -1)
        amount = torch.full((len(rows), 1, 1), push.strength * push.norm)
    with torch.no_grad(), model.trace(inputs, **where(model)) as tracer:
        read = nnsight.save([])
        for layer in deep:
            stream = unwrap(model.layers[layer].output)
            if push is not None and layer == push.layer:
                stream[:] = steer(stream, unit.to(stream), amount.to(stream), push.mode)
            read.append(stream.float().cpu().clone())
        tracer.stop()
    streams = dict(zip(deep, read, strict=True))
    finite = torch.stack([s.isfinite().all(-1) | ~mask for s in read])
    check_read(model, rows, finite.all(0).all(-1))
    return [one.scores(streams[one.layer] * mask[..., None]) for one in vectors]


def in_parts(
    scores: Float[Tensor, "s e"], window: int, start: int
) -> dict[str, Float[Tensor, " e"]]:
    """The PARTS of one text's scores."""
    means = smooth_from(scores.numpy(), window, start)
    found = {"peak": np.nanmax(means, axis=0), "end": means[-1]}
    found["mean"] = scores[start:].mean(0).numpy()
    return {part: torch.from_numpy(found[part]).float() for part in PARTS}
