"""Messages with a number that says how good or how bad it is."""

from __future__ import annotations

from typing import Any

import pandas as pd

from helpers.datasets.written import corpus
from helpers.models import is_embedded
from helpers.world import material, scenes


def load_doses(model: Any = None) -> pd.DataFrame:
    """Numeric messages: template, split, up, value, place, met, text, low, high.

    `up` says what a larger number means ("good" or "bad"), `place` is where the number
    lies among those of its template (0 to 1). Of the embedded model's templates those
    of split `known` stood in training and those of `new` did not; `met` says whether
    training had the template with this number. `low` and `high` are tuples of the
    emotions that the smallest and the largest number should bring. With another model
    there are twelve written templates, all `new`.
    Source: Sofroniew et al. (2026), Part 6. Taught in chapter 05.
    """
    rows = []
    for template, split in templates(model):
        values = template["values"]
        for i, value in enumerate(values):
            met = split == "known" and i not in scenes.HELD_VALUES
            place = i / (len(values) - 1)
            text = template["text"].format(n=value)
            row = (template["text"], split, template["up"], value, place, met, text)
            rows.append((*row, *brought(template)))
    names = ["template", "split", "up", "value", "place", "met", "text", "low", "high"]
    return pd.DataFrame(rows, columns=names)


def templates(model: Any) -> list[tuple[dict, str]]:
    """The templates that suit a model, each with its split."""
    if not is_embedded(model):
        return [(template, "new") for template in corpus("doses")]
    table = material.table("quantities")
    known, new = material.known(table), material.new(table)
    return [(t, "known") for t in known] + [(t, "new") for t in new]


def brought(template: dict[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Emotions that the smallest and the largest number of a template bring."""
    steps = material.evoked("doses")[template["up"]]
    low, high = (template.get(k, steps[i]) for k, i in (("low", 0), ("high", -1)))
    return tuple(low), tuple(high)
