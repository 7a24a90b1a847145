"""What ran on what: the table that `python -m scripts.matrix` leaves in the package."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

PATH = Path(__file__).parent / "families.json"


def load_family_table(path: Path = PATH) -> pd.DataFrame:
    """A row for each family and chapter: family, about, chapter, status, detail.

    Empty if the matrix was not run for this copy. `status` is runs, refused or fails.
    Taught in chapter 13.
    """
    names = ["family", "about", "chapter", "status", "detail"]
    if not path.exists():
        return pd.DataFrame(columns=names)
    made = json.loads(path.read_text("utf-8"))
    about = {name: entry["about"] for name, entry in made["families"].items()}
    rows = [
        (c["family"], about[c["family"]], c["chapter"], c["status"], c["detail"])
        for c in made["cells"]
    ]
    return pd.DataFrame(rows, columns=names)
