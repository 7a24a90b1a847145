"""Each check passes its reference and names each usual mistake."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers import checks


def p_value(effect: float, null: Any) -> float:
    return (1 + sum(abs(x) >= abs(effect) for x in null)) / (1 + len(null))


def what_moved(log: pd.DataFrame) -> tuple[float, float, float]:
    ways = log.pivot_table("change", "kind", "turned")
    stays = (ways[False] + ways[True]) / 2
    return (ways[False] - ways[True]).mean() / 2, stays["letters"], stays["words"]


def by_row(log: pd.DataFrame) -> tuple[float, ...]:
    """Means over rows: a way that was asked more often counts more."""
    sign = np.where(log["turned"], -1, 1)
    both = (log.loc[log["kind"] == kind, "change"].mean() for kind in KINDS)
    return (float((sign * log["change"]).mean()), *both)


def usable(
    table: pd.DataFrame, least: float = 0.5, size: Callable[..., Any] = abs
) -> set:
    wanting = size((table["first"] - table["swapped"]) / 2)
    stays = size((table["first"] + table["swapped"]) / 2)
    own = table.assign(wanting=wanting, stays=stays).groupby("wording")
    mean = own[["wanting", "stays", "mass"]].mean()
    return set(mean.index[(mean["mass"] >= least) & (mean["wanting"] > mean["stays"])])


def sentence(table: pd.DataFrame, null: Any, n: str = "4 tasks") -> str:
    gap = (table["desperate"] - table["calm"]).mean()
    p = p_value(gap, null)
    told = "" if p <= 0.05 else "not "
    return (
        f"Desperate minus calm is {100 * gap:.0f} points over {n}, which is {told}more "
        f"than pairs of other emotions give (p = {p:.3f}); the mass is "
        f"{table['mass_desperate'].mean():.2f} and {table['mass_calm'].mean():.2f}."
    )


KINDS = ("letters", "words")
REFERENCES: dict[str, Callable[..., Any]] = {
    "what_moved": what_moved,
    "usable_wordings": usable,
    "beats_random": p_value,
    "sentence_for_paper": sentence,
}
MISTAKES: list[tuple[str, Callable[..., Any], str]] = [
    ("what_moved", lambda log: what_moved(log)[0], "three numbers"),
    (
        "what_moved",
        lambda log: tuple(np.array(what_moved(log))[[0, 2, 1]]),
        "swapped",
    ),
    ("what_moved", lambda log: [2 * x for x in what_moved(log)], "twice"),
    ("what_moved", by_row, "asked more often"),
    ("what_moved", lambda log: (0.0, *what_moved(log)[1:]), "The log of wanting"),
    ("usable_wordings", lambda t: usable(t, 0.0), "4 %"),
    ("usable_wordings", lambda t: usable(t, size=lambda x: x), "Signs cancel"),
    ("usable_wordings", lambda t: set(t["wording"]) - {"rather"}, "mostly position"),
    ("usable_wordings", lambda t: set(), "missing"),
    ("usable_wordings", lambda t: "which", "the set"),
    ("beats_random", lambda e, n: float((np.abs(n) >= abs(e)).mean()), "Never 0"),
    ("beats_random", lambda e, n: (1 + (n >= e).sum()) / (1 + len(n)), "downward"),
    (
        "beats_random",
        lambda e, n: (1 + (np.array(n) * np.sign(e) >= abs(e)).sum()) / (1 + len(n)),
        "one side",
    ),
    (
        "beats_random",
        lambda e, n: (1 + (np.abs(n) >= abs(e)).sum()) / len(n),
        "count the effect",
    ),
    (
        "beats_random",
        lambda e, n: (1 + (np.abs(n) > abs(e)).sum()) / (1 + len(n)),
        "exactly as far",
    ),
    ("sentence_for_paper", lambda t, n: 22, "Return a sentence"),
    ("sentence_for_paper", lambda t, n: "Desperate cheats more.", "difference"),
    ("sentence_for_paper", lambda t, n: sentence(t, n, "20 scenes"), "4 tasks"),
    (
        "sentence_for_paper",
        lambda t, n: sentence(t, n).replace("(p = ", "(at ").replace("0.", "7."),
        "Beside what",
    ),
    (
        "sentence_for_paper",
        lambda t, n: sentence(t, n).split("; the mass")[0] + ".",
        "mass of both",
    ),
    (
        "sentence_for_paper",
        lambda t, n: sentence(t, n).replace("not ", ""),
        "nothing beyond",
    ),
]


@pytest.mark.parametrize("name", REFERENCES)
def test_the_reference_passes(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert getattr(checks, name)(REFERENCES[name])
    assert "passed" in capsys.readouterr().out


NATURAL: list[Callable[[float, Any], float]] = [  # without a tolerance for ties
    lambda e, n: (1 + (np.abs(n) >= abs(e)).sum()) / (1 + len(n)),
    lambda e, n: (1 + sum(abs(x) >= abs(e) for x in n)) / (1 + len(n)),
    lambda e, n: float(np.mean(np.abs([e, *n]) >= np.abs(e))),
]


@pytest.mark.parametrize("natural", NATURAL)
def test_a_natural_right_answer_passes(natural: Callable[..., Any]) -> None:
    assert checks.beats_random(natural)


@pytest.mark.parametrize(("name", "wrong", "advice"), MISTAKES)
def test_each_mistake_gets_its_advice(
    name: str,
    wrong: Callable[..., Any],
    advice: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert not getattr(checks, name)(wrong)
    assert advice in capsys.readouterr().out


@pytest.mark.parametrize("name", REFERENCES)
def test_what_is_not_written_yet_is_no_error(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def empty(*arguments: Any) -> Any:
        raise NotImplementedError

    assert not getattr(checks, name)(empty)
    assert "not written yet" in capsys.readouterr().out
