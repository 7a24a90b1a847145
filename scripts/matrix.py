"""What runs on what: every chapter's cells on tiny random models of each family.

And the chapters that ask for the real open model, on that.

`python -m scripts.matrix` runs all of it and keeps each result in
helpers/models/families.json, which the book shows; names of chapters or families
choose some.
`--pairs SEED` runs a few of each, as continuous integration does with a seed of its
own in each run; they are kept with `--keep`.

A random model has no feelings to find. What is tested is that the cells run, that no
prose claims what is not there, and that no number is missing.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import io
import json
import re
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from scripts import toc
from scripts.home import home_table

ROOT = Path(__file__).resolve().parent.parent
RESULT = ROOT / "helpers/models/families.json"
CHATML = (
    "{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)
NO_SYSTEM = (
    "{% if messages[0].role == 'system' %}"
    "{{ raise_exception('System role not supported') }}{% endif %}" + CHATML
)


@dataclass(frozen=True)
class Case:
    """A tiny random model: its family, and what is particular about it.

    Or a real one, by the `name` that `load_model` knows it by.
    """

    kind: str
    about: str
    template: str | None = CHATML
    words: int = 1500  # size of the vocabulary; a small one splits every word
    spaced: bool = False  # whether the tokenizer adds a space before a text
    load: str = ""  # more arguments of load_model
    changes: dict[str, Any] = field(default_factory=dict)
    name: str = ""


TIED = {"tie_word_embeddings": True}
CASES = {
    "SmolLM2": Case("llama", "not random: the real weights", name="smollm2"),
    "Llama": Case("llama", "untied embeddings"),
    "SmolLM": Case("llama", "tied embeddings", changes=TIED),
    "Qwen2": Case("qwen2", "tied embeddings", changes=TIED),
    "Qwen2.5": Case("qwen2", "bfloat16, untied", load=', dtype="bfloat16"'),
    "Qwen3": Case("qwen3", "norms on queries and keys", changes=TIED),
    "Gemma 2": Case("gemma2", "norms before and after, no system role", NO_SYSTEM),
    "Gemma 3": Case(
        "gemma3_text", "bfloat16, no system role", NO_SYSTEM, load=', dtype="bfloat16"'
    ),
    "Mistral": Case(
        "mistral", "a space before every text, no system role", NO_SYSTEM, spaced=True
    ),
    "GPT-2": Case("gpt2", "no chat, learned positions, splits words", None, 320),
    "GPT-NeoX": Case("gpt_neox", "no chat, parallel blocks", None),
    "OLMo 2": Case("olmo2", "norms after"),
    "Phi-3": Case(
        "phi3",
        "float16, fused projections, a space before every text",
        spaced=True,
        load=', dtype="float16"',
    ),
}
RANDOM = [name for name, case in CASES.items() if not case.name]
SIZE = {"num_hidden_layers": 4, "n_layer": 4, "max_position_embeddings": 4096}


class Cell(NamedTuple):
    """A cell of the table: did the chapter run, for how long, and what stopped it."""

    family: str
    chapter: str
    status: str  # runs, refused, fails
    seconds: float
    detail: str


def chapters() -> dict[str, Path]:
    """The chapters' notebooks by number and name."""
    return {p.stem: p for p in toc.chapters()}


def asks_for(family: str) -> list[str]:
    """The chapters that run on a family: all, or those that ask for the real model."""
    return list(home_table()["real"]) if CASES[family].name else list(chapters())


def make_models(root: Path, names: Sequence[str]) -> dict[str, Path | str]:
    """The folders of tiny random models; a real one is called by its name."""
    from helpers.datasets import load_emotions, load_stories, load_written_stories
    from tests.unit.families import (
        TEXTS,
        make_folder,
        make_spaced_tokenizer,
        make_tokenizer,
    )

    corpus = [*load_written_stories()["text"], *load_stories()["text"].head(500)]
    emotions = "".join(f" {emotion}" for emotion in load_emotions()["emotion"])
    corpus += [emotions] * 100  # real tokenizers have most of these words whole
    made: dict[str, Path | str] = {n: CASES[n].name for n in names if CASES[n].name}
    for name in sorted({*names} - {*made}):
        case = CASES[name]
        texts = TEXTS if case.words < 500 else corpus
        make = make_spaced_tokenizer if case.spaced else make_tokenizer
        tokenizer = make(texts, case.words, case.template)
        sizes = {**SIZE, "n_positions": 4096} if case.kind == "gpt2" else SIZE
        options = {**sizes, **case.changes, "tokenizer": tokenizer}
        made[name] = make_folder(
            root, case.kind, name=name.replace(" ", "-"), **options
        )
    return made


def cells(chapter: Path, model: Path | str, load: str) -> Iterator[tuple[str, bool]]:
    """The code of a chapter with another model, and whether a reader never sees it."""
    for cell in json.loads(chapter.read_text("utf-8"))["cells"]:
        text, tags = "".join(cell["source"]), cell["metadata"].get("tags", [])
        if cell["cell_type"] != "code":
            continue
        if "setup" in tags:
            text = re.sub(r'MODEL = "\w+"', lambda _: f"MODEL = {str(model)!r}", text)
            text = text.replace("load_model(MODEL)", f"load_model(MODEL{load})")
        yield text, "remove-cell" in tags


def run(family: str, chapter: Path, model: Path | str, *, trace: bool = False) -> Cell:
    """Run a chapter's cells in an empty folder; what stopped it, if anything did."""
    from IPython.core.interactiveshell import InteractiveShell

    start = time.monotonic()
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    shell.history_manager.enabled = False
    code = cells(chapter, model, CASES[family].load)
    with tempfile.TemporaryDirectory() as empty, contextlib.chdir(empty):
        details = list(faults(shell, code, trace))
    InteractiveShell.clear_instance()
    status = "fails" if details else "runs"
    seconds = time.monotonic() - start
    return Cell(family, chapter.stem, status, seconds, "; ".join(details))


def faults(shell: Any, code: Iterator[tuple[str, bool]], trace: bool) -> Iterator[str]:
    """What goes wrong in the cells, up to the first that breaks.

    A hidden claim that does not hold is told, and the next cells run all the same.
    """
    for number, (text, hidden) in enumerate(code, 1):
        with silence():
            result = shell.run_cell(text, store_history=True)
        error = result.error_before_exec or result.error_in_exec
        if error is None:
            continue
        if trace:
            print("".join(traceback.format_exception(error)[-6:]), flush=True)
        yield f"cell {number}: {type(error).__name__}: {error}".strip(": ")
        if not (hidden and isinstance(error, AssertionError)):
            return


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Throw away what cells print and warn of."""
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        yield


def pairs(seed: str) -> list[tuple[str, str]]:
    """Each chapter on one random family, and each of these on a chapter or two.

    Which ones depends on `seed`, so that all are met in time.
    """
    turn = int(hashlib.sha256(seed.encode()).hexdigest()[:8], 16)
    families, names = RANDOM, list(chapters())
    n = max(len(families), len(names))
    return [
        (families[(i + turn) % len(families)], names[i % len(names)]) for i in range(n)
    ]


def report(found: Sequence[Cell]) -> str:
    """The table as text: a row a chapter, a column a family."""
    import pandas as pd

    frame = pd.DataFrame(found)
    marks = {"runs": "yes", "refused": "no", "fails": "FAILS"}
    frame["mark"] = frame.status.map(marks)
    order = [name for name in CASES if name in set(frame.family)]
    table = frame.set_index(["chapter", "family"])["mark"].unstack()[order]  # noqa: PD010
    lines = [table.fillna("").to_string(), ""]
    lines += [
        f"{c.chapter} on {c.family}: {c.detail}" for c in found if c.status != "runs"
    ]
    return "\n".join(lines)


def keep(cell: Cell) -> None:
    """Put one result in the place of an older one, with the versions it holds for."""
    import nnsight
    import torch
    import transformers

    from helpers.cache import write_json

    table = json.loads(RESULT.read_text("utf-8")) if RESULT.exists() else {"cells": []}
    names = chapters()
    rows = {
        (row["family"], row["chapter"]): row
        for row in table["cells"]
        if row["family"] in CASES and row["chapter"] in names
    }
    about = {m.__name__: m.__version__ for m in (nnsight, torch, transformers)}
    own = cell._asdict() | {"versions": about}
    del own["seconds"]  # another machine's
    rows[cell.family, cell.chapter] = own
    order = [(f, c) for c in names for f in CASES if (f, c) in rows]
    kinds = {n: {"kind": c.kind, "about": c.about} for n, c in CASES.items()}
    table = {"families": kinds, "cells": [rows[key] for key in order]}
    write_json(RESULT, table, indent=1)


def main() -> int:
    """Run the matrix or a part of it; non-zero where a chapter failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "names", nargs="*", help="chapters (03 or 03_vectors), families"
    )
    parser.add_argument("--pairs", metavar="SEED", help="only a few of each")
    parser.add_argument("--keep", action="store_true", help="keep what pairs give too")
    parser.add_argument("--part", default="1/1", help="of the pairs, as in 2/3")
    parser.add_argument("--trace", action="store_true", help="show where it failed")
    given = parser.parse_args()
    known = chapters()
    for name in given.names:
        if name not in CASES and not any(c.startswith(name) for c in known):
            parser.error(
                f"{name!r} is no chapter and no family: pass {[*known]} or {[*CASES]}"
            )
    some = [c for c in known if any(c.startswith(n) for n in given.names)] or [*known]
    families = [f for f in CASES if f in given.names] or [*CASES]
    plan = [(f, c) for c in some for f in families if c in asks_for(f)]
    part, parts = map(int, given.part.split("/"))
    plan = pairs(given.pairs)[part - 1 :: parts] if given.pairs else plan
    with tempfile.TemporaryDirectory() as folder:
        models = make_models(Path(folder), sorted({f for f, _ in plan}))
        found = []
        for family, chapter in plan:
            one = run(family, known[chapter], models[family], trace=given.trace)
            found.append(one)
            print(f"{one.chapter} on {family}: {one.status}", end=" ")
            print(f"({one.seconds:.0f} s) {one.detail}", flush=True)
            if given.keep or not given.pairs:
                keep(one)
    print(report(found))
    return any(cell.status == "fails" for cell in found)


if __name__ == "__main__":
    sys.exit(main())
