"""A Sphinx extension: a drawing that a notebook shows as an image stands in the page.

Inline it follows the theme, and its title and description are read aloud. In a notebook
it is Markdown's image with the address that `scripts.home.link` gives.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.util import logging

log = logging.getLogger(__name__)
FOLDER = Path(__file__).resolve().parent.parent / "book/drawings"
ADDRESS = re.compile(r"(?:.*/book/)?drawings/(\w+)\.svg")


def inline(name: str) -> str:
    """A drawing as HTML. Raises FileNotFoundError where there is none of that name."""
    text = (FOLDER / f"{name}.svg").read_text("utf-8")
    for part in ("title", "desc"):
        text = text.replace(f"<{part}>", f'<{part} id="{name}-{part}">', 1)
    named = f'<svg role="img" aria-labelledby="{name}-title {name}-desc" '
    return f'<figure class="drawing">{text.replace("<svg ", named, 1)}</figure>'


class Drawings(SphinxTransform):
    """Put drawings in the place of their images."""

    default_priority = 300

    def apply(self, **_: Any) -> None:
        if self.app.builder.format != "html":
            return
        for image in list(self.document.findall(nodes.image)):
            found = ADDRESS.fullmatch(image["uri"])
            if found is None:
                continue
            name = found[1]
            if not (FOLDER / f"{name}.svg").exists():
                log.warning(f"no drawing book/drawings/{name}.svg", location=image)
                continue
            self.env.note_dependency(str(FOLDER / f"{name}.svg"))
            alone = len(image.parent.children) == 1
            place = image.parent if alone else image
            place.replace_self(nodes.raw("", inline(name), format="html"))


def setup(app: Sphinx) -> dict[str, bool]:
    """What Sphinx asks of an extension."""
    app.add_transform(Drawings)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
