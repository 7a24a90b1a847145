"""Tables that a phone can show: what holds on toy and real model, and the ladder."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from IPython.display import HTML

from helpers.card import (
    ABSENT,
    AGAINST,
    RUNGS,
    UNMEASURED,
    Rung,
    climb,
    evidence,
    verdicts,
)
from helpers.stats import told_p

HOLDS, FAILS, OPEN = "holds", "does not hold", "cannot be told"
WORDS = {"beyond": HOLDS, "not told apart": FAILS, "below": FAILS, OPEN: OPEN}
MARKS = {HOLDS: "●", FAILS: "○", OPEN: "?", ABSENT: "○", AGAINST: "○"}
NOT_RUN = "not run"
LEFT = 'style="text-align: left; vertical-align: top"'
Told: TypeAlias = Any  # a Verdict, or whatever has its word and numbers


def toy_and_real(
    rows: Sequence[tuple[str, Told | None, Told | None]],
    *,
    real: str | None = None,
    toy: str = "tiny",
) -> HTML:
    """One line a claim, one word a model, the numbers behind each word.

    A row is claim, verdict on the toy, verdict on the real model; None where it was
    not run. `real` names the real model.

    Raises ValueError for no rows, or for a verdict's word that is not known.
    """
    if not rows:
        raise ValueError("the table has no claim: pass rows of claim, toy, real")
    heads = ["claim", f"toy: {toy}", f"real: {real}" if real else "real"]
    lines = []
    for claim, *told in rows:
        pairs = zip(heads[1:], told, strict=True)
        lines.append((_safe(claim), [_cell(head, one) for head, one in pairs]))
    return _table("What holds on the toy and on the real model", heads, lines)


def ladder_table(cards: Mapping[str, Mapping[str, Any]] | None = None) -> HTML:
    """The rungs from the bottom up: what each asks, what it rules out, and where.

    With `cards`, by the head of a column: whether each rung holds by that card, and
    behind the word its figures, their controls and verdicts. Taught in chapter 14.
    """
    caption = "The ladder, from its lowest rung"
    if cards:
        found = {h: climb(c).set_index("rung")["status"] for h, c in cards.items()}
        lines = [
            (
                f"<strong>{_safe(rung.name)}</strong> {_safe(rung.asks)}",
                [
                    _fold(h, str(found[h][rung.name]), _figures(card, rung))
                    for h, card in cards.items()
                ],
            )
            for rung in RUNGS
        ]
        return _table(caption, ["rung", *cards], lines)
    lines = []
    for rung in RUNGS:
        where = ", ".join(rung.chapters) or "none"
        told = {"asks": rung.asks, "rules out": rung.rules_out, "chapters": where}
        name = f"<strong>{_safe(rung.name)}</strong>"
        lines.append((name, [_plain(*pair) for pair in told.items()]))
    return _table(caption, ["rung", "asks", "rules out", "chapters"], lines)


def in_words(verdict: Told | None) -> str:
    """*holds*, *does not hold*, *cannot be told*, or *not run* for None.

    Raises ValueError for a word that no verdict has.
    """
    if verdict is None:
        return NOT_RUN
    for start, word in WORDS.items():
        if verdict.word.startswith(start):
            return word
    raise ValueError(f"no verdict says {verdict.word!r}: it is one of {list(WORDS)}")


def behind(verdict: Told) -> str:
    """The numbers of a verdict, as a sentence can hold them: as many as it has."""
    parts = [f"{_number(verdict.value)}, control {_number(verdict.control)}"]
    parts.append(f"difference {_number(verdict.difference)}")
    p, family = getattr(verdict, "p", None), getattr(verdict, "family", 1)
    if p is not None:
        parts.append(told_p(p) + (f" (Holm, {family} tests)" if family > 1 else ""))
    if groups := getattr(verdict, "groups", None):
        parts.append(f"n = {groups}")
    return "; ".join([*parts, *filter(None, [getattr(verdict, "reason", "")])])


def _figures(card: Mapping[str, Any], rung: Rung) -> str:
    """The figures of a rung, one a line: beside its control, and the verdict."""
    lines = [
        evidence(card, (name,)) + (f": {word}" if word != UNMEASURED else "") + "."
        for name, word in verdicts(card).items()
        if name in rung.figures
    ]
    return "<br>".join(map(_safe, lines)) or "No figure of a card bears on it."


def _table(
    caption: str, heads: Sequence[str], rows: Iterable[tuple[str, Sequence[str]]]
) -> HTML:
    """Heads, and rows of a row's head and its cells, as HTML; heads are made safe."""
    cells = "".join(f'<th role="columnheader" {LEFT}>{_safe(h)}</th>' for h in heads)
    lines = [
        f'<tr role="row"><th role="rowheader" scope="row" {LEFT}>{first}</th>'
        f"{''.join(rest)}</tr>"
        for first, rest in rows
    ]
    return HTML(
        '<table role="table" class="dataframe toy-and-real">'
        f"<caption>{_safe(caption)}</caption>"
        f'<thead role="rowgroup"><tr role="row">{cells}</tr></thead>'
        f'<tbody role="rowgroup">{"".join(lines)}</tbody></table>'
    )


def _cell(head: str, verdict: Told | None) -> str:
    word = in_words(verdict)
    return (
        _plain(head, word)
        if verdict is None
        else _fold(head, word, _safe(behind(verdict)))
    )


def _plain(head: str, words: str) -> str:
    return f'<td role="cell" data-model="{_safe(head)}" {LEFT}>{_safe(words)}</td>'


def _fold(head: str, word: str, told: str) -> str:
    """A cell with a word, its mark, and what is told where it is opened (as HTML)."""
    shown = f'<span aria-hidden="true">{MARKS.get(word, "?")}</span> {word}'
    return (
        f'<td role="cell" data-model="{_safe(head)}" {LEFT} '
        f'class="{word.replace(" ", "-")}">'
        f"<details><summary>{shown}</summary>{told}</details></td>"
    )


def _number(value: Any) -> str:
    return f"{value:.2f}" if isinstance(value, int | float) else str(value)


def _safe(words: str) -> str:
    return html.escape(words)
