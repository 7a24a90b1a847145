"""A Sphinx extension: predictions that a page takes and keeps, without a kernel.

In a notebook a prediction is plain Markdown below a comment, which a page turns into
buttons; where a second comment stands, the page says what the reader chose:

    <!-- predict: happy-sad -->
    **Predict**: how similar are the means of happy and of sad stories?

    - far apart
    - much alike

    <!-- predicted: happy-sad -->

`book/_static/predictions.js` keeps the choice.
"""

from __future__ import annotations

import html
import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.util import logging

log = logging.getLogger(__name__)
COMMENT = re.compile(r"\s*<!--\s*predict(?P<rest>.*?)-->\s*", re.DOTALL)
PARTS = re.compile(r"(?P<again>ed)?:\s*(?P<name>[a-z0-9-]+)\s*")
FEWEST, MOST = 2, 5  # options


class Prediction(nodes.Element):
    """A question with options; attributes name, page, chapter."""


class Question(nodes.TextElement):
    """What is asked."""


class Option(nodes.TextElement):
    """One answer; attributes name, place."""


class Predicted(nodes.Element):
    """Where the reader's choice is shown again; attribute name."""


class Predictions(SphinxTransform):
    """Turn comments, and what follows them, into the nodes above."""

    default_priority = 300

    def apply(self, **_: Any) -> None:
        if self.app.builder.format != "html":
            return
        asked: set[str] = set()
        for comment in list(self.document.findall(nodes.raw)):
            found = COMMENT.fullmatch(comment.astext())
            if found is None:
                continue
            parts = PARTS.fullmatch(found["rest"])
            if parts is None:
                wrong = f"{comment.astext().strip()!r} is no prediction"
                warn(f"{wrong}: write <!-- predict: a-name -->", comment)
            elif parts["again"]:
                self.show(comment, parts["name"], asked)
            else:
                self.ask(comment, parts["name"], asked)

    def ask(self, comment: nodes.raw, name: str, asked: set[str]) -> None:
        """Replace the comment, the question and its options by a Prediction."""
        place = comment.parent.index(comment)
        after = comment.parent.children[place + 1 : place + 3]
        kinds = [type(node) for node in after]
        if kinds != [nodes.paragraph, nodes.bullet_list]:
            warn(f"prediction {name} needs a paragraph, then a list", comment)
            return
        if not FEWEST <= len(after[1].children) <= MOST:
            many = len(after[1].children)
            warn(f"prediction {name} has {many} options: give 2 to 5", comment)
        if name in asked:
            warn(f"prediction {name} is asked twice: rename one", comment)
        asked.add(name)
        title = next(iter(self.document.findall(nodes.title)), None)
        about = {"page": self.env.docname, "chapter": title.astext() if title else ""}
        made = Prediction(name=name, **about)
        made += Question("", "", *after[0].children)
        for number, item in enumerate(after[1].children):
            words = [child for part in item.children for child in part.children]
            made += Option("", "", *words, name=name, place=number)
        comment.parent.children[place : place + 3] = [made]
        made.parent = comment.parent

    def show(self, comment: nodes.raw, name: str, asked: set[str]) -> None:
        """Replace the comment by a Predicted."""
        if name not in asked:
            warn(f"{name} is predicted nowhere above on this page", comment)
        comment.replace_self(Predicted(name=name))


def warn(message: str, where: nodes.Node) -> None:
    """Say what is wrong and where; the book's build makes it an error."""
    log.warning(message, location=where)


def open_prediction(self: Any, node: Prediction) -> None:
    about = {key: html.escape(node[key]) for key in ("name", "page", "chapter")}
    self.body.append(
        '<fieldset class="prediction" id="prediction-{name}" data-name="{name}" '
        'data-page="{page}" data-chapter="{chapter}">'.format(**about)
    )


def close_prediction(self: Any, _: Prediction) -> None:
    self.body.append('<p class="kept" role="status" aria-live="polite"></p></fieldset>')


def open_option(self: Any, node: Option) -> None:
    self.body.append(
        f'<label><input type="radio" name="prediction-{node["name"]}" '
        f'value="{node["place"]}"><span>'
    )


def open_predicted(self: Any, node: Predicted) -> None:
    self.body.append(f'<p class="predicted" data-name="{node["name"]}">')


def setup(app: Sphinx) -> dict[str, bool]:
    """What Sphinx asks of an extension."""

    def tag(start: str, end: str) -> tuple[Any, Any]:
        return (
            lambda self, _: self.body.append(start),
            lambda self, _: self.body.append(end),
        )

    app.add_node(Prediction, html=(open_prediction, close_prediction))
    app.add_node(Question, html=tag("<legend>", "</legend>"))
    app.add_node(Option, html=(open_option, tag("", "</span></label>")[1]))
    app.add_node(Predicted, html=(open_predicted, tag("", "</p>")[1]))
    app.add_transform(Predictions)
    app.add_js_file("predictions.js")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
