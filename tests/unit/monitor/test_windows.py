"""Scores over many texts against one text at a time, and against plain hooks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from helpers.models import model_name
from helpers.monitor import Monitor, read_windows, smooth_from, watch_text
from helpers.steering import Push
from helpers.vectors import EmotionVectors
from tests.unit.families import TEXTS, load_plain, plain_blocks

WINDOW, START = 3, 1
LONG = [text for text in TEXTS if len(text.split()) > 5]


def make_vectors(model: Any, layer: int) -> EmotionVectors:
    drawn = torch.Generator().manual_seed(layer)
    rows, center = torch.randn(2, 32, generator=drawn), torch.randn(32, generator=drawn)
    about = (("afraid", "calm"), layer, model_name(model), 3.0, center, 0)
    return EmotionVectors(rows, *about)


def test_parts_are_those_of_a_transcript(random_model: Any) -> None:
    several = [make_vectors(random_model, layer) for layer in (2, 0)]
    found = read_windows(random_model, LONG, several, window=WINDOW, start=START)
    for i, vectors in enumerate(several):
        guard = Monitor(vectors, dict.fromkeys(vectors, 9e9), WINDOW, START)
        for j, text in enumerate(LONG):
            scores = watch_text(random_model, guard, text).array()
            means = smooth_from(scores, WINDOW, START)
            right = {"peak": np.nanmax(means, axis=0), "end": scores[-WINDOW:].mean(0)}
            right["mean"] = scores[START:].mean(0)
            for part, own in found.items():
                np.testing.assert_allclose(own[i, j], right[part], atol=1e-4)


def test_one_layer_and_one_part(random_model: Any) -> None:
    own = make_vectors(random_model, 1)
    options: dict[str, Any] = {"window": WINDOW, "start": START}
    every = read_windows(random_model, LONG, own, **options)
    (peak,) = read_windows(random_model, LONG, own, parts=["peak"], **options).items()
    assert peak[0] == "peak"
    assert torch.equal(peak[1], every["peak"])
    assert peak[1].shape == (len(LONG), 2)


@pytest.mark.parametrize("depth", [0, 2])
def test_a_push_is_what_a_hook_adds(
    random_model: Any, family_folder: Any, depth: int
) -> None:
    plain, tokenizer = load_plain(family_folder("llama"))
    vectors, vector = make_vectors(random_model, 2), torch.arange(32.0)
    push = Push(vector, depth, 0.5, norm=4.0)
    found = read_windows(
        random_model, LONG, vectors, window=WINDOW, start=START, push=push
    )
    add, read = 2.0 * vector / vector.norm(), {}
    blocks = plain_blocks(plain)

    def pushed(_: Any, __: Any, out: Any) -> Any:
        return (out[0] + add, *out[1:]) if isinstance(out, tuple) else out + add

    def kept(_: Any, __: Any, out: Any) -> None:
        read["stream"] = (out[0] if isinstance(out, tuple) else out)[0].detach()

    hooks = [blocks[depth].register_forward_hook(pushed)]
    hooks.append(blocks[2].register_forward_hook(kept))
    for j, text in enumerate(LONG):
        with torch.no_grad():
            plain(torch.tensor([tokenizer(text)["input_ids"]]))
        end = vectors.scores(read["stream"])[-WINDOW:].mean(0)
        np.testing.assert_allclose(found["end"][j], end, atol=1e-3)
    for hook in hooks:
        hook.remove()


def test_readers_are_read_and_other_vectors_are_other_results(
    random_model: Any, own_cache: Any
) -> None:
    own = make_vectors(random_model, 1)
    options: dict[str, Any] = {"window": WINDOW, "start": START}
    first = read_windows(random_model, LONG, own, **options)["end"]
    twice = replace(own, readers=2 * own.unit / own.norm)
    again = read_windows(random_model, LONG, twice, **options)["end"]
    np.testing.assert_allclose(again, 2 * first, rtol=1e-3, atol=1e-5)
    kept = len(list(own_cache.iterdir()))
    assert kept == 2
    more = read_windows(random_model, LONG, own, parts=["end"], cache=False, **options)
    assert torch.equal(more["end"], first)
    assert len(list(own_cache.iterdir())) == kept
    assert torch.equal(read_windows(random_model, LONG, own, **options)["end"], first)


def test_what_does_not_fit_is_refused(random_model: Any) -> None:
    own = make_vectors(random_model, 1)
    with pytest.raises(ValueError, match="no part"):
        read_windows(random_model, LONG, own, parts=["top"])
    with pytest.raises(ValueError, match="start"):
        read_windows(random_model, ["The cat."], own, window=8, start=12)
