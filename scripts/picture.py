"""Draw the README's picture from a run of chapter 03: `python -m scripts.picture`.

Takes the chart of the real model as the chapter draws it, so the picture shows what the
book shows. With the kept results that takes half a minute.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import nbformat
import vl_convert
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parent.parent
CHAPTER = ROOT / "book/03_vectors.ipynb"
TITLE = "Emotions of the same cluster lie nearer than others"
PICTURE = ROOT / "book/_static/result.png"


def drawn() -> str:
    """The chapter's figure of this title, as HTML, from a run of its cells up to it."""
    chapter = nbformat.read(CHAPTER, as_version=4)
    code = [cell for cell in chapter.cells if cell.cell_type == "code"]
    last = next(i for i, cell in enumerate(code) if TITLE in cell.source)
    chapter.cells = code[: last + 1]
    NotebookClient(chapter, timeout=None).execute()
    return "".join(out["data"]["text/html"] for out in code[last].outputs)


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
    """Write the picture."""
    _, spec = charts(drawn())  # of the toy, and of the real model
    spec["title"] = {**spec["title"], "text": TITLE, "subtitle": spec["title"]["text"]}
    version = "_".join(spec["$schema"].split("/v")[-1].split(".")[:2])
    PICTURE.write_bytes(vl_convert.vegalite_to_png(spec, vl_version=version, scale=2))
    print(f"wrote {PICTURE.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
