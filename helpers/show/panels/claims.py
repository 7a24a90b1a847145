"""The ready-made controls of chapters 13 and 14: cards, claims, a checklist."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ipywidgets as ipw
import pandas as pd

from helpers.card import (
    CLAIMS,
    compare_cards,
    labels,
    load_card,
    load_pitfalls,
    missing_rungs,
    weigh,
)
from helpers.show import charts, widgets

Card = Mapping[str, Any]


def compare_figures(cards: Mapping[str, Card], *, start: str = "accuracy") -> None:
    """One figure of several models at a time; a menu picks it.

    Live, the reader adds a card file, of a model that ran anywhere. Taught in
    chapter 13.
    """
    table = compare_cards(cards)
    measured = table.dropna(subset=["value"])
    names = list(dict.fromkeys(measured["figure"]))
    first = start if start in names else names[0]
    still = charts.pick(
        charts.one_figure(
            measured, title="Pick a figure: models beside their controls"
        ),
        "figure",
        names,
        label="Figure",
        start=first,
    )

    def draw(figure: str, file: str) -> Any:
        every = dict(cards)
        if file.strip():
            other = load_card(file.strip())
            every[labels([other])[0] + " (yours)"] = other
        rows = compare_cards(every).dropna(subset=["value"])
        rows = rows[rows["figure"] == figure]
        unit = rows["unit"].iloc[0]
        return charts.one_figure(rows, title=f"{figure}: {unit}")

    box = widgets.text("Your card", "")
    box.placeholder = "path of a card; empty: only the ones above"
    menu = widgets.menu("Figure", names, first)
    live = widgets.panel(draw, run="Show", figure=menu, file=box)
    widgets.two_faces(still, live)


def pick_claim(card: Card, *, start: int = 6) -> None:
    """A claim, the rungs that it needs, and which of them hold by a card.

    Live, the reader may weigh the claims by another card. Taught in chapter 14.
    """
    texts = [claim.text for claim in CLAIMS]
    table = pd.concat([weigh(card, claim) for claim in CLAIMS], ignore_index=True)
    title = "Pick a claim: which rungs it needs, and which hold"
    whole = charts.ladder(table, title=title)
    still = charts.pick(whole, "claim", texts, label="Claim", start=texts[start])

    def draw(claim: str, file: str) -> Any:
        used = load_card(file.strip()) if file.strip() else card
        picked = next(c for c in CLAIMS if c.text == claim)
        gaps = missing_rungs(used, picked)
        verdict = "missing: " + ", ".join(gaps) if gaps else "every rung holds"
        about = f"{used['model']['name']}: {verdict}"
        return charts.ladder(weigh(used, picked), title=about)

    box = widgets.text("Card", "")
    box.placeholder = "path of a card; empty: the one above"
    menu = widgets.menu("Claim", texts, texts[start])
    menu.layout = ipw.Layout(width="95%")
    live = widgets.panel(draw, run="Weigh", claim=menu, file=box)
    widgets.two_faces(still, live)


def checklist() -> None:
    """The pitfalls as questions, by group; live, tick what a paper answers.

    Taught in chapter 14.
    """
    table = load_pitfalls()
    groups = list(dict.fromkeys(table["group"]))
    texts = [asked(i, row) for i, row in enumerate(table.to_dict("records"), 1)]
    told = pd.DataFrame({"group": table["group"], "text": texts})
    still = charts.passages(
        told,
        ["group"],
        title="Questions to a paper, by where it may go wrong",
        labels=["Where"],
        start=[groups[0]],
    )
    boxes = [
        ipw.Checkbox(value=False, description=ask, indent=False) for ask in table["ask"]
    ]
    for box in boxes:
        box.layout = ipw.Layout(width="95%")
    answer = ipw.HTML()

    def count(_: Any = None) -> None:
        open_ = table[[not box.value for box in boxes]]
        left = open_["group"].value_counts()
        parts = [f"{g}: {left[g]}" for g in groups if g in left]
        answer.value = "Still open: " + ("; ".join(parts) if parts else "nothing")

    for box in boxes:
        box.observe(count, names="value")
    count()
    widgets.two_faces(still, ipw.VBox([*boxes, answer]))


def asked(number: int, pitfall: Mapping[Any, Any]) -> str:
    """What a pitfall asks, why, where it was met, and where it is shown."""
    shown = pitfall["chapters"]
    where = f"chapter {shown}" if shown else "not shown here"
    why = f"{pitfall['why'].replace('*', '')}; met in {pitfall['met']}; {where}"
    return f"{number}. {pitfall['ask']} ({why})"
