"""What somebody new would type: it works, or says in a sentence what to pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor

from helpers import datasets
from helpers.activations import last_position, means_by_start, span_means
from helpers.behaviour import steered_rates
from helpers.datasets import load_masked, load_scenes, load_stories
from helpers.models import load_model
from helpers.monitor import Monitor
from helpers.steering import controls
from helpers.vectors import (
    EmotionVectors,
    extract,
    pooled_at,
    word_tokens,
)

NAMES = ["happy", "calm", "afraid"]


class World(NamedTuple):
    """What a reader has at hand after the first cells."""

    model: Any
    stories: Any
    vectors: EmotionVectors


@pytest.fixture(scope="module")
def world() -> World:
    model = load_model("tiny", device="cpu")
    stories = load_stories(model, emotions=NAMES).groupby("emotion").head(2)
    return World(model, stories, extract(model, stories, denoise=None, progress=False))


ONE: dict[str, tuple[Callable[[World, Any], Any], Any]] = {
    "an emotion of stories": (lambda w, x: load_stories(emotions=x), "happy"),
    "an emotion of scenes": (lambda w, x: load_scenes("advice", emotions=x), "happy"),
    "an emotion behind a mask": (lambda w, x: load_masked(2, emotions=x), "happy"),
    "a word": (lambda w, x: word_tokens(w.model, x), "happy"),
    "a layer": (lambda w, x: means_by_start(w.model, w.stories.text, x, [9]), 3),
    "a start": (lambda w, x: means_by_start(w.model, w.stories.text, [3], x), 9),
    "a layer to choose": (
        lambda w, x: pooled_at(w.model, list(w.stories.text), x, 9),
        3,
    ),
    "what is claimed": (
        lambda w, x: controls(w.model, w.vectors, w.stories, x, n_random=2).unit,
        "happy",
    ),
    "a strength": (
        lambda w, x: steered_rates(
            w.model,
            load_scenes("advice", n=2),
            w.vectors,
            x,
            layer=3,
            norm=5.0,
        ),
        0.1,
    ),
}


def as_plain(found: Any) -> Any:
    """Tables and tensors as lists, to be compared."""
    if isinstance(found, dict):
        return {str(key): as_plain(value) for key, value in found.items()}
    if isinstance(found, Tensor):
        return found.tolist()
    return found.to_dict("records") if hasattr(found, "to_dict") else found


@pytest.mark.parametrize("kind", ONE)
def test_one_is_a_list_of_one(world: World, kind: str) -> None:
    ask, one = ONE[kind]
    assert as_plain(ask(world, one)) == as_plain(ask(world, [one]))


def test_vectors_are_gone_through_by_their_names(world: World) -> None:
    assert list(world.vectors) == NAMES
    assert torch.equal(
        torch.stack([world.vectors[e] for e in world.vectors]), world.vectors.vectors
    )


TOLD: dict[str, tuple[Callable[[World], Any], str]] = {
    "one text": (lambda w: last_position(w.model, "It was", 3), "pass a list of texts"),
    "spans of one text": (
        lambda w: span_means(w.model, "It was", [[(0, 2)]], 3),
        "pass a list of texts",
    ),
    "one threshold": (lambda w: Monitor(w.vectors, 0.3), "one for each emotion"),
}


@pytest.mark.parametrize("kind", TOLD)
def test_what_does_not_fit_is_told(world: World, kind: str) -> None:
    ask, says = TOLD[kind]
    with pytest.raises(ValueError, match=says):
        ask(world)


LOADERS = ["appraisals", "exchanges", "lines", "masked", "masked_chats"]


@pytest.mark.parametrize("name", [*LOADERS, "masked_dialogues"])
def test_an_error_does_not_print_a_model(world: World, name: str) -> None:
    with pytest.raises(ValueError, match=r"^n Llama.{1,200}whole number.{1,50}$"):
        getattr(datasets, f"load_{name}")(world.model)
