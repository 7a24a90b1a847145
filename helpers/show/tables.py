"""The table that ends a chapter: what holds on the toy, and what on the real model."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

from IPython.display import HTML

from helpers.stats import told_p

HOLDS, FAILS, OPEN = "holds", "does not hold", "cannot be told"
WORDS = {"beyond": HOLDS, "not told apart": FAILS, "below": FAILS, OPEN: OPEN}
MARKS = {HOLDS: "●", FAILS: "○", OPEN: "?"}
NOT_RUN = "not run"
LEFT = 'style="text-align: left; vertical-align: top"'


@runtime_checkable
class Told(Protocol):
    """What a cell needs of a verdict; p, family, groups, reason are shown if there."""

    @property
    def word(self) -> str:
        """ "beyond", "not told apart", "below" or "cannot be told"."""

    @property
    def value(self) -> Any:
        """An Estimate, or a number."""

    @property
    def control(self) -> Any:
        """The same of the control."""

    @property
    def difference(self) -> Any:
        """The paired difference of the two."""


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
    cells = "".join(f'<th role="columnheader" {LEFT}>{_safe(h)}</th>' for h in heads)
    lines = [f'<tr role="row">{cells}</tr>']
    for claim, *verdicts in rows:
        told = zip(heads[1:], verdicts, strict=True)
        line = "".join(_cell(head, verdict) for head, verdict in told)
        first = f'<th role="rowheader" scope="row" {LEFT}>{_safe(claim)}</th>'
        lines.append(f'<tr role="row">{first}{line}</tr>')
    return HTML(
        '<table role="table" class="dataframe toy-and-real">'
        f"<caption>What holds on the toy and on the real model</caption>"
        f'<thead role="rowgroup">{lines[0]}</thead>'
        f'<tbody role="rowgroup">{"".join(lines[1:])}</tbody></table>'
    )


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
    """The numbers of a verdict, as a sentence can hold them."""
    parts = [f"{_number(verdict.value)}, control {_number(verdict.control)}"]
    parts.append(f"difference {_number(verdict.difference)}")
    p, family = getattr(verdict, "p", None), getattr(verdict, "family", 1)
    if p is not None:
        parts.append(told_p(p) + (f" (Holm, {family} tests)" if family > 1 else ""))
    if groups := getattr(verdict, "groups", None):
        parts.append(f"n = {groups}")
    return "; ".join([*parts, *filter(None, [getattr(verdict, "reason", "")])])


def _cell(head: str, verdict: Told | None) -> str:
    word = in_words(verdict)
    about = f'role="cell" data-model="{_safe(head)}" {LEFT}'
    if verdict is None:
        return f"<td {about}>{word}</td>"
    shown = f'<span aria-hidden="true">{MARKS[word]}</span> {word}'
    fold = f"<details><summary>{shown}</summary>{_safe(behind(verdict))}</details>"
    return f'<td {about} class="{word.replace(" ", "-")}">{fold}</td>'


def _number(value: Any) -> str:
    return f"{value:.2f}" if isinstance(value, int | float) else str(value)


def _safe(words: str) -> str:
    return html.escape(words)
