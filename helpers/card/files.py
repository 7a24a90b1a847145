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
from helpers.stats import BELOW, BEYOND, CANNOT, SAME, Compared, Estimate, judge

FORMAT = 1
SHIPPED = Path(__file__).parents[1] / "organism/cards"  # of the embedded models, whole
NEEDED = ("format", "model", "layer", "sizes", "versions", "figures")
NUMBERS = ("value", "low", "high")
COLUMNS = ["model", "figure", "value", "low", "high", "against", "control"]
COLUMNS += ["control_low", "control_high", "verdict", "unit", "over", "n", "chapter"]
VERDICTS = (f"{BEYOND} its control", SAME, f"{BELOW} its control", CANNOT)


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
    if "p" in figure and not (0 <= figure["p"] <= 1 and figure.get("draws", 0) > 0):
        raise ValueError(
            f"{name}: p is {figure['p']!r} of {figure.get('draws')!r} draws, and "
            "should lie from 0 to 1"
        )


def check_numbers(found: Mapping[str, Any], name: str) -> None:
    """Raise ValueError unless value, low and high are numbers, low at most high."""
    for key in NUMBERS:
        number = found.get(key)
        fits = isinstance(number, int | float) and not isinstance(number, bool)
        if not fits or not math.isfinite(number):  # type: ignore[arg-type]
            raise ValueError(f"{name}: {key} is {number!r}, and should be a number")
    if found["low"] > found["high"]:
        raise ValueError(
            f"{name}: the interval [{found['low']}, {found['high']}] is upside down"
        )


def told_apart(figure: Mapping[str, Any]) -> str:
    """Where a figure lies beside its control, in words, as if it were the only one.

    "beyond its control", "not told apart", "below its control", "cannot be told", or
    "not measured" for a figure that was skipped. Taught in chapter 13.
    """
    return verdicts({"figures": {"it": figure}})["it"]


def verdicts(card: Mapping[str, Any]) -> dict[str, str]:
    """The same for each figure of a card; those that keep a p are one family (Holm)."""
    told = {name: by_range(figure) for name, figure in card["figures"].items()}
    tests = {}
    for name, figure in card["figures"].items():
        if "p" not in figure:
            continue
        control = figure["control"]["value"]
        apart = Estimate(*(figure[key] - control for key in NUMBERS))
        tests[name] = Compared(
            figure["value"], control, apart, figure["p"], figure["draws"]
        )
    words = dict(zip((BEYOND, SAME, BELOW, CANNOT), VERDICTS, strict=True))
    return told | {name: words[one.word] for name, one in judge(tests).items()}


def by_range(figure: Mapping[str, Any]) -> str:
    """The verdict on a figure without a p, by the control's range.

    The figure's interval has to leave out the control's value, and its value the range
    of the control.
    """
    if "skipped" in figure:
        return "not measured"
    control, value = figure["control"], figure["value"]
    if figure["low"] > control["value"] and value > control["high"]:
        return VERDICTS[0]
    if figure["high"] < control["value"] and value < control["low"]:
        return VERDICTS[2]
    return VERDICTS[1]


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
        told = verdicts(card)
        for key, figure in card["figures"].items():
            control = figure.get("control", {})
            numbers = [figure.get(k, math.nan) for k in NUMBERS]
            beside = [control.get(k, math.nan) for k in NUMBERS]
            about = [figure.get(k) for k in ("unit", "over", "n", "chapter")]
            against = control.get("name", "")
            start = [name, key, *numbers, against]
            rows.append([*start, *beside, told[key], *about])
    return pd.DataFrame(rows, columns=COLUMNS)
