"""Cards as files: write, read, check and compare the headline figures of models.

A card is one JSON file. It can be read without the model, and on any machine.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from helpers.cache import replacing
from helpers.stats import (
    BELOW,
    BEYOND,
    CANNOT,
    SAME,
    Compared,
    Estimate,
    Verdict,
    jackknife,
    judge,
    paired_p,
)

FORMAT = 2
SHIPPED = Path(__file__).parent / "cards"  # made by `make cards`
NEEDED = ("format", "model", "layer", "sizes", "versions", "figures")
NUMBERS = ("value", "low", "high")
COLUMNS = ["model", "figure", "value", "low", "high", "against", "control"]
COLUMNS += ["control_low", "control_high", "difference", "p", "verdict", "why", "unit"]
COLUMNS += ["over", "groups", "n", "chapter"]
VERDICTS = (f"{BEYOND} its control", SAME, f"{BELOW} its control", CANNOT)
WORDS = dict(zip((BEYOND, SAME, BELOW, CANNOT), VERDICTS, strict=True))
UNMEASURED = "not measured"


def save_card(card: Mapping[str, Any], path: str | Path) -> Path:
    """Write a card, all or nothing: a kill leaves the old file or the new one.

    Raises ValueError for what is not a card. Taught in chapter 13.
    """
    check_card(card, str(path))
    target = Path(path)
    text = json.dumps(card, indent=1, sort_keys=True, allow_nan=False)
    with replacing(target) as part:
        part.write_text(text + "\n", "utf-8")
    return target


def load_card(path: str | Path) -> dict[str, Any]:
    """Read a card; raises FileNotFoundError, or ValueError for what is not a card.

    Taught in chapter 13.
    """
    source = Path(path)
    if not source.is_file():
        raise FileNotFoundError(
            f"no card {source}: `python -m helpers.card MODEL --out {source}` makes one"
        )
    try:
        card: dict[str, Any] = json.loads(source.read_text("utf-8"))
    except ValueError as error:
        raise ValueError(f"{source} is no JSON: {error}") from error
    check_card(card, str(source))
    return card


def load_cards(folder: str | Path = ".") -> dict[str, dict[str, Any]]:
    """Every card in a folder (files named `*.card.json`), by the model's name.

    Raises ValueError for a file that is not a card. Taught in chapter 13.
    """
    found = [load_card(path) for path in sorted(Path(folder).glob("*.card.json"))]
    return dict(zip(labels(found), found, strict=True))


def check_card(card: Any, name: str = "card") -> None:
    """Raise ValueError, naming the place, unless this is a card."""
    if not isinstance(card, Mapping):
        raise ValueError(f"{name} is a {type(card).__name__}, and no card")
    if missing := [key for key in NEEDED if key not in card]:
        raise ValueError(f"{name} lacks {missing}: cards are made by card(model)")
    if card["format"] != FORMAT:
        raise ValueError(
            f"{name} has format {card['format']!r}, this book reads {FORMAT}: make the "
            "card again with this version"
        )
    if not isinstance(card["model"], Mapping) or not card["model"].get("name"):
        raise ValueError(f"{name} does not say which model it is of")
    if not isinstance(card["figures"], Mapping):
        raise ValueError(f"{name}: figures should be a table of figures by name")
    for key, figure in card["figures"].items():
        check_figure(figure, f"{name}, figure {key!r}")


def check_figure(figure: Any, name: str) -> None:
    """Raise ValueError unless a figure has an interval and a control, or a reason."""
    if not isinstance(figure, Mapping):
        raise ValueError(f"{name} is a {type(figure).__name__}, and no figure")
    if "skipped" in figure:
        return
    check_numbers(figure, name)
    control = figure.get("control")
    if not isinstance(control, Mapping) or not control.get("name"):
        raise ValueError(f"{name} has no control: a number alone is no finding")
    check_numbers(control, f"{name}, control")
    check_numbers(figure.get("difference", {}), f"{name}, difference")
    p: Any = figure.get("p")
    draws: Any = figure.get("draws")
    if not is_number(p) or not 0 <= p <= 1 or not (draws is None or draws > 0):
        raise ValueError(
            f"{name}: p is {p!r} of {draws!r} draws, and should lie from 0 to 1"
        )
    left = figure.get("left out")
    if not isinstance(left, Mapping) or not all(map(is_number, left.values())):
        raise ValueError(f"{name} should keep its value with each group left out")


def is_number(found: Any) -> bool:
    """Whether this is a finite number."""
    fits = isinstance(found, int | float) and not isinstance(found, bool)
    return fits and math.isfinite(found)


def check_numbers(found: Mapping[str, Any], name: str) -> None:
    """Raise ValueError unless value, low and high are numbers, low at most high.

    Where nothing can be told low and high are both None.
    """
    for key in NUMBERS:
        number = found.get(key)
        untold = key != "value" and found.get("low", 0) is found.get("high", 0) is None
        if not is_number(number) and not untold:
            raise ValueError(f"{name}: {key} is {number!r}, and should be a number")
    if found["low"] is not None and found["low"] > found["high"]:
        raise ValueError(
            f"{name}: the interval [{found['low']}, {found['high']}] is upside down"
        )


def estimate(found: Mapping[str, Any]) -> Estimate:
    """A value with its interval, which runs to infinity where nothing can be told."""
    value, low, high = (found[key] for key in NUMBERS)
    if low is None:
        return Estimate(value, -math.inf, math.inf)
    return Estimate(value, low, high)


def judged(card: Mapping[str, Any]) -> dict[str, Verdict]:
    """The verdict on each figure that was measured, all of one family (Holm).

    By `judge`: the difference from the control over the same groups, and p.
    """
    return judge(
        {
            name: Compared(
                figure["value"],
                figure["control"]["value"],
                estimate(figure["difference"]),
                figure["p"],
                figure.get("draws"),
                figure.get("stuck", ""),
                f"{len(figure['left out'])} groups ({figure.get('over', '')})",
            )
            for name, figure in card["figures"].items()
            if "skipped" not in figure
        }
    )


def verdicts(card: Mapping[str, Any]) -> dict[str, str]:
    """The same in words: "beyond its control", "not told apart", "below its control",
    "cannot be told", or "not measured" for a figure that was skipped.

    Taught in chapter 13.
    """
    told = {name: WORDS[one.word] for name, one in judged(card).items()}
    return {name: told.get(name, UNMEASURED) for name in card["figures"]}


def told_apart(figure: Mapping[str, Any]) -> str:
    """The verdict on a figure as if it were the only one. Taught in chapter 13."""
    return verdicts({"figures": {"it": figure}})["it"]


def compare_pair(one: Mapping[str, Any], other: Mapping[str, Any]) -> pd.DataFrame:
    """What differs between two cards, figure by figure, over the same groups.

    Columns figure, one, other, difference (one minus other), low, high, p (by Holm
    over the figures), verdict (of `one` beside `other`), groups. Both models read the
    same texts, so what is hard for both takes nothing from the difference. A figure
    that either lacks, or whose groups are others, is left out. Taught in chapter 13.
    """
    tests = {}
    for name, figure in one["figures"].items():
        beside = other["figures"].get(name, {"skipped": ""})
        if "skipped" in figure or "skipped" in beside:
            continue
        a, b = (pd.Series(made["left out"], dtype=float) for made in (figure, beside))
        if set(a.index) != set(b.index):
            continue
        values = figure["value"], beside["value"]
        apart = jackknife(values[0] - values[1], a - b[a.index])
        over = f"{len(a)} groups ({figure.get('over', '')})"
        tests[name] = Compared(*values, apart, paired_p(apart, len(a)), groups=over)
    rows = [
        (name, v.value, v.control, *v.difference, v.p, v.word, v.groups)
        for name, v in judge(tests).items()
    ]
    names = ["figure", "one", "other", "difference", "low", "high", "p", "verdict"]
    return pd.DataFrame(rows, columns=[*names, "groups"])


def labels(cards: Sequence[Mapping[str, Any]]) -> list[str]:
    """A name for each card; equal names get the start of their weights' name."""
    names = [str(card["model"]["name"]) for card in cards]
    return [
        f"{name} ({str(card['model'].get('weights', i))[:6]})"
        if names.count(name) > 1
        else name
        for i, (name, card) in enumerate(zip(names, cards, strict=True))
    ]


def compare_cards(
    cards: Mapping[str, Mapping[str, Any]] | Sequence[Mapping[str, Any]],
) -> pd.DataFrame:
    """A row for each model and figure, with interval, control and verdict.

    `p` is by Holm over the figures of the model's card, `why` the verdict's reason.
    `cards` by a name of your choice, or a list. Skipped figures keep their row, with
    the verdict "not measured". Raises ValueError for what is not a card.
    Taught in chapter 13.
    """
    if isinstance(cards, Mapping):
        pairs = list(cards.items())
    else:
        for i, card in enumerate(cards):
            check_card(card, f"card {i}")
        pairs = list(zip(labels(cards), cards, strict=True))
    rows = []
    for name, card in pairs:
        check_card(card, name)
        told, found = verdicts(card), judged(card)
        for key, figure in card["figures"].items():
            control, one = figure.get("control", {}), found.get(key)
            numbers = [figure.get(k) for k in NUMBERS]
            beside = [control.get(k) for k in NUMBERS]
            apart = figure.get("difference", {}).get("value")
            said = (one.p, told[key], one.reason) if one else (None, told[key], "")
            about = [figure.get(k) for k in ("unit", "over")]
            about += [len(figure.get("left out", {})), figure.get("n")]
            about.append(figure.get("chapter"))
            start = [name, key, *numbers, control.get("name", "")]
            rows.append([*start, *beside, apart, *said, *about])
    frame = pd.DataFrame(rows, columns=COLUMNS)
    some = [*NUMBERS, "control", "control_low", "control_high", "difference", "p"]
    return frame.astype(dict.fromkeys(some, float))
