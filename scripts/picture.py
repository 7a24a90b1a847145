"""Draw the README's picture from the built book: `python -m scripts.picture`.

Takes the chart of the real model as chapter 03 drew it, so the picture shows what the
book shows.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import vl_convert

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "_build/html/book/03_vectors.html"
TITLE = "Emotions of the same cluster lie nearer than others"
PICTURE = ROOT / "book/_static/result.png"


def charts(page: str) -> list[dict[str, Any]]:
    """The Vega-Lite charts of a page, as altair wrote them into it."""
    decode = json.JSONDecoder().raw_decode
    starts = [place + len("})(") for place in _places(page, '})({"')]
    found = [decode(page, start)[0] for start in starts]
    return [spec for spec in found if "$schema" in spec]


def _places(text: str, what: str) -> list[int]:
    places, at = [], text.find(what)
    while at >= 0:
        places.append(at)
        at = text.find(what, at + 1)
    return places


def main() -> int:
    """Write the picture; non-zero if the book is not built."""
    if not PAGE.exists():
        print(f"no {PAGE.relative_to(ROOT)}: run `make book` first")
        return 1
    every = charts(PAGE.read_text("utf-8"))
    *_, spec = [s for s in every if TITLE in s.get("description", "")]  # toy, real
    spec["title"] = {**spec["title"], "text": TITLE, "subtitle": spec["title"]["text"]}
    version = "_".join(spec["$schema"].split("/v")[-1].split(".")[:2])
    PICTURE.write_bytes(vl_convert.vegalite_to_png(spec, vl_version=version, scale=2))
    print(f"wrote {PICTURE.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
