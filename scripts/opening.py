"""A Sphinx extension: what the opening page shows, made from the atlas of the model.

Two directives without content: `pushed-answers`, a real model's answer to one question
without a push and under three, and `emotion-map`, its vectors on a plane with as many
names as fit. Where the model is not on this machine the page says so.
"""

from __future__ import annotations

import functools
import html
import json
import math
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx

PUSHES = ("happy", "desperate")
WIDTHS = {"wide": (680, 460), "phone": (340, 460)}  # px, for which names are chosen
LETTER, LINE, GAP = 7.2, 17, 3  # px of a name
Box = tuple[float, float, float, float]


@functools.cache
def table() -> dict[str, Any] | None:
    """The atlas of the real model; None where the model is not here."""
    from scripts.directions import atlas, shown  # takes seconds to import

    path = atlas(shown()[1])
    return json.loads(path.read_text("utf-8")) if path else None


class Shown(Directive):
    """A part of the page that is made of the atlas."""

    def make(self, atlas: dict[str, Any]) -> str:
        """The HTML of this part."""
        raise NotImplementedError

    def run(self) -> list[nodes.Node]:
        """The part, or a sentence in its place."""
        atlas = table()
        if atlas is None:
            told = "This copy of the book was built without the real model."
            return [nodes.paragraph("", told)]
        return [nodes.raw("", self.make(atlas), format="html")]


class Answers(Shown):
    """One question, and the answers under pushes side by side."""

    def make(self, atlas: dict[str, Any]) -> str:
        """The question above four answers."""
        known = {row["emotion"]: row["written"][-1] for row in atlas["emotions"]}
        ways = [("no push", atlas["plain"][-1], "")]
        ways += [(f"pushed toward {name}", known[name], name) for name in PUSHES]
        ways.append(("pushed in a random direction", atlas["random"][-1], ""))
        each = "".join(
            f'<div class="{name}"><dt>{told}</dt><dd>{html.escape(text)} …</dd></div>'
            for told, text, name in ways
        )
        asked = html.escape(atlas["prompts"][-1])
        return f'<div class="answers"><p>{asked}</p><dl>{each}</dl></div>'


class Map(Shown):
    """All emotions where their vectors lie, each a link into the atlas."""

    def make(self, atlas: dict[str, Any]) -> str:
        """Dots, of which some have their names beside them."""
        rows = atlas["emotions"]
        named = {name: labels(rows, *size) for name, size in WIDTHS.items()}
        dots = "".join(dot(i, row, named) for i, row in enumerate(rows))
        told = f"{len(rows)} emotion vectors of a real model on their first two axes"
        return f'<nav class="emotion-map" aria-label="{told}">{dots}</nav>'


def dot(i: int, row: dict[str, Any], named: dict[str, set[int]]) -> str:
    """One emotion as a link, with its place in percent and its color."""
    x, y = share(row["at"])
    shown = " ".join(name for name, some in named.items() if i in some)
    side = " left" if x > 0.82 else ""
    style = f"left:{100 * x:.1f}%;top:{100 * y:.1f}%;--hue:{hue(row):.0f}"
    name = row["emotion"]
    where = f"atlas.html?model=smollm2&amp;emotion={name.replace(' ', '+')}"
    return f'<a class="{shown}{side}" style="{style}" href="{where}"><b>{name}</b></a>'


def share(at: list[float]) -> tuple[float, float]:
    """A place of the map as shares of width and height."""
    return 0.04 + 0.86 * (at[0] + 1) / 2, 0.03 + 0.93 * (1 - at[1]) / 2


def hue(row: dict[str, Any]) -> float:
    """The angle of a color: that of the laboratory's wheel."""
    angle = math.degrees(math.atan2(row["arousal"], row["valence"]))
    return (135 - angle + 360) % 360


def labels(rows: list[dict[str, Any]], width: int, height: int) -> set[int]:
    """Which names fit on a map of this size without touching one another.

    Those that stand farthest out go first.
    """
    order = sorted(range(len(rows)), key=lambda i: -math.hypot(*rows[i]["at"]))
    taken: list[Box] = []
    found = set()
    for i in order:
        x, y = share(rows[i]["at"])
        long = LETTER * len(rows[i]["emotion"]) + 10
        left = x * width - (long if x > 0.82 else 0)
        box = (left, y * height - LINE / 2, left + long, y * height + LINE / 2)
        if box[2] <= width and not any(touch(box, other) for other in taken):
            taken.append(box)
            found.add(i)
    return found


def touch(one: Box, other: Box) -> bool:
    """Whether two boxes come nearer to each other than the gap."""
    apart = (
        one[0] > other[2] + GAP,
        other[0] > one[2] + GAP,
        one[1] > other[3] + GAP,
        other[1] > one[3] + GAP,
    )
    return not any(apart)


def setup(app: Sphinx) -> dict[str, bool]:
    """What Sphinx asks of an extension."""
    app.add_directive("pushed-answers", Answers)
    app.add_directive("emotion-map", Map)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
