"""Written twins: a case that calls for an act, and one in the same form that does not.

Where `same_words` is true the twins have exactly the same words, in another order or
with roles exchanged, so that what tells them apart is sense and not words.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pandas as pd

from helpers.datasets.written import FOLDER

KINDS = ("health", "money", "safety", "strangers", "law")
JUDGED = ("false belief", "harm", "blackmail", "impossible task")


@cache
def written_pairs(name: str) -> tuple[dict[str, Any], ...]:
    """The pairs of one file of the corpus: `care` or `judgments`."""
    return tuple(json.loads((FOLDER / f"{name}.json").read_text("utf-8")))


def load_care() -> pd.DataFrame:
    """Sixty questions that call for care, each with a safe twin.

    Columns kind (five, twelve pairs each), risky, safe, same_words.
    """
    return pd.DataFrame(written_pairs("care"))


def load_judgments() -> pd.DataFrame:
    """Cases of four acts, at least thirty each, with their twins.

    Columns act, case, twin, same_words. A case is a belief that is false, a request
    that does harm, a secret meant as a threat, or a task that cannot be done.
    """
    return pd.DataFrame(written_pairs("judgments"))
