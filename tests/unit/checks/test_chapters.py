"""Every check passes its reference and knows each mistake by its own advice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from helpers import checks
from helpers.activations import pooling
from helpers.vectors import extraction


def means_of(means: Any, labels: Any) -> tuple[Any, list[str]]:
    names = sorted(set(labels))
    rows = [means[[x == e for x in labels]].mean(0) for e in names]
    return torch.stack(rows), names


def padded_total(stream: Any, mask: Any, start: int) -> Any:
    kept = mask & (mask.cumsum(1) > start)
    return (stream * kept[..., None]).sum(1), kept.sum(1)[:, None]


def from_place(stream: Any, mask: Any, start: int) -> Any:
    """Counts `start` from place 0, not from the first real token."""
    kept = mask.clone()
    kept[:, :start] = False
    return (stream * kept[..., None]).sum(1) / kept.sum(1)[:, None]


def half_mean(stream: Any, mask: Any, start: int) -> Any:
    right = pooling.mean_pool(stream, mask, start)
    return right + 0.01 if stream.dtype == torch.float16 else right


def planted_place(scores: Any, places: Any, k: int) -> tuple[str, float]:
    top = [places[i] for i in sorted(range(len(scores)), key=lambda i: -scores[i])[:k]]
    times = {p: top.count(p) / k / places.count(p) * len(places) for p in places}
    best = max(times, key=lambda p: times[p])
    return best, times[best]


REFERENCES: dict[str, Callable[..., Any]] = {
    "step_size": lambda share, norm: share * norm,
    "mean_pool": pooling.mean_pool,
    "difference_of_means": extraction.difference_of_means,
    "planted_place": planted_place,
}
pool = pooling.mean_pool
dom = extraction.difference_of_means
WRONG: list[tuple[str, Callable[..., Any], str]] = [
    ("step_size", lambda share, norm: share, "`norm` is not used"),
    ("step_size", lambda share, norm: norm / share, "You divided"),
    ("step_size", lambda share, norm: share + norm, "should move by its half"),
    ("step_size", lambda share, norm: abs(share) * norm, "moves backward"),
    (
        "step_size",
        lambda share, norm: share * norm if share else norm,
        "Strength 0 should not move",
    ),
    ("mean_pool", lambda s, m, k: s, "[texts, width]"),
    ("mean_pool", lambda s, m, k: s.mean(1), "padding counts"),
    ("mean_pool", lambda s, m, k: pool(s, m, 0), "`start` is not used"),
    (
        "mean_pool",
        lambda s, m, k: (s * m[..., None]).sum(1) / s.shape[1],
        "divide by the number you kept",
    ),
    (
        "mean_pool",
        lambda s, m, k: padded_total(s, m, k)[0] / s.shape[1],
        "divide by the number you kept",
    ),
    ("mean_pool", from_place, "padding on the left"),
    ("mean_pool", lambda s, m, k: 2 * pool(s, m, k), "padding on the right"),
    ("mean_pool", half_mean, "use float32"),
    ("difference_of_means", lambda m, x: dom(m, x)[0], "Return two things"),
    (
        "difference_of_means",
        lambda m, x: (dom(m, x)[0], list("abc")),
        "The emotions should be",
    ),
    (
        "difference_of_means",
        lambda m, x: (dom(m, x)[0][:2], dom(m, x)[1]),
        "One row for each of 3",
    ),
    ("difference_of_means", means_of, "nothing was taken away"),
    (
        "difference_of_means",
        lambda m, x: (means_of(m, x)[0] - m.mean(0), means_of(m, x)[1]),
        "mean of all texts",
    ),
    (
        "difference_of_means",
        lambda m, x: (dom(m, x)[0].flip(0), dom(m, x)[1]),
        "The values differ",
    ),
    ("planted_place", lambda s, p, k: planted_place(s, p, k)[0], "two things"),
    ("planted_place", lambda s, p, k: planted_place(-s, p, k), "take the top"),
    ("planted_place", lambda s, p, k: ("home", 3 / 7), "how many there are"),
    ("planted_place", lambda s, p, k: ("beach", 3 / 4), "share of its texts"),
    ("planted_place", lambda s, p, k: ("beach", 3 / 7), "its share of all texts"),
    ("planted_place", lambda s, p, k: ("beach", 3 / 7 - 1 / 6), "difference of two"),
    ("planted_place", lambda s, p, k: ("beach", 2), "not how often"),
    ("planted_place", lambda s, p, k: planted_place(s, p, 7), "use k"),
    ("planted_place", lambda s, p, k: ("sea", 2), "one of the places"),
]


def run(name: str, function: Callable[..., Any], model: Any) -> bool:
    check = getattr(checks, name)
    return check(function, model) if name == "read_layer" else check(function)


def all_checks() -> set[str]:
    tools = {"staged", "expect", "as_tensor", "same"}
    own = vars(checks.vectors).items()
    here = {
        n for n, f in own if getattr(f, "__module__", "") == checks.vectors.__name__
    }
    return here - tools - {"Advice"}


def test_every_check_is_tested_here() -> None:
    assert all_checks() == set(REFERENCES) == {name for name, _, _ in WRONG}


@pytest.mark.parametrize("name", REFERENCES)
def test_the_reference_passes(name: str, random_model: Any, capsys: Any) -> None:
    assert run(name, REFERENCES[name], random_model) is True
    assert capsys.readouterr().out == f"{name}: passed.\n"


@pytest.mark.parametrize("name", REFERENCES)
def test_unsolved_and_broken_answers(name: str, random_model: Any, capsys: Any) -> None:
    def unsolved(*given: Any) -> Any:
        raise NotImplementedError

    assert run(name, unsolved, random_model) is False
    assert f"{name}: not written yet" in capsys.readouterr().out
    assert run(name, lambda *given: given[99], random_model) is False
    assert "stopped with IndexError: tuple index" in capsys.readouterr().out
    assert run(name, lambda *given: None, random_model) is False
    assert capsys.readouterr().out


@pytest.mark.parametrize(("name", "function", "advice"), WRONG)
def test_each_mistake_gets_its_own_advice(
    name: str, function: Any, advice: str, random_model: Any, capsys: Any
) -> None:
    assert run(name, function, random_model) is False
    said = capsys.readouterr().out
    assert said.startswith(f"{name}: not yet.")
    assert advice in said
