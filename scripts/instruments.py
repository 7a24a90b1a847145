"""A Sphinx extension: an instrument of the laboratory where a chapter asks for it.

In a notebook it is a comment, which nobody sees there:

    <!-- laboratory: push model=smollm2 a=happy -->

The first word names the instrument; what follows sets its state, as in an address of
the laboratory. Nothing but a few scripts is loaded before a reader's click.
"""

from __future__ import annotations

import html
import re

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.util import logging

log = logging.getLogger(__name__)
COMMENT = re.compile(r"\s*<!--\s*laboratory:\s*(?P<all>.*?)\s*-->\s*", re.DOTALL)
KNOWN = ("read", "push", "twins", "watch")


def instrument(name: str, state: dict[str, str], depth: int) -> str:
    """The HTML of one instrument on a page so many folders below the top."""
    static = "../" * depth + "_static/lab"
    told = "&".join(f"{key}={value}" for key, value in state.items())
    return (
        f'<link rel="stylesheet" href="{static}/lab.css">'
        f'<div class="lab" data-show="{name}" data-state="{html.escape(told)}">'
        "<p>This instrument needs JavaScript.</p></div>"
        f'<script type="module" src="{static}/lab.mjs"></script>'
    )


class Instruments(SphinxTransform):
    """Turn the comments into instruments."""

    default_priority = 300

    def apply(self, **_: object) -> None:
        if self.app.builder.format != "html":
            return
        for comment in list(self.document.findall(nodes.raw)):
            found = COMMENT.fullmatch(comment.astext())
            if found is None:
                continue
            name, *state = found["all"].split()
            if name not in KNOWN or not all("=" in part for part in state):
                told = f"no instrument {found['all']!r}: one of {', '.join(KNOWN)}"
                log.warning(told, location=comment)
                continue
            pairs = dict(part.split("=", 1) for part in state)
            made = instrument(name, pairs, self.env.docname.count("/"))
            comment.replace_self(nodes.raw("", made, format="html"))


def setup(app: Sphinx) -> dict[str, bool]:
    """What Sphinx asks of an extension."""
    app.add_transform(Instruments)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
