"""Chapters on models of other families: a few pairs in each run, and in time all."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from helpers.models import load_family_table
from helpers.models.families import FAMILIES
from scripts.matrix import CASES, RANDOM, asks_for, cells, chapters, faults, pairs
from tests.book.reading import ROOT, source
from tests.book.reading import cells as read_cells

PROMISED = "Llama, Qwen2, Qwen2.5, Qwen3, Gemma 2, Gemma 3, Mistral, GPT-2, GPT-NeoX"
PROMISED += ", OLMo 2, Phi-3, SmolLM"
PARTS = 3


def test_every_promised_family_has_a_case() -> None:
    assert set(PROMISED.split(", ")) == set(RANDOM)
    assert [CASES[name].name for name in {*CASES} - {*RANDOM}] == ["smollm2"]
    assert {case.kind for case in CASES.values()} <= set(FAMILIES)
    assert None in {case.template for case in CASES.values()}
    assert {case.changes.get("tie_word_embeddings") for case in CASES.values()} >= {
        True,
        None,
    }


def test_pairs_meet_all_chapters_and_families_and_turn() -> None:
    for seed in ("a", "b", "c"):
        plan = pairs(seed)
        assert {chapter for _, chapter in plan} == set(chapters())
        assert {family for family, _ in plan} == set(RANDOM)
    met = {pair for seed in map(str, range(200)) for pair in pairs(seed)}
    assert len(met) > 0.9 * len(RANDOM) * len(chapters())


def test_kept_table_holds_what_there_is() -> None:
    table = load_family_table()
    assert set(table.chapter) <= set(chapters())
    assert set(table.family) <= set(CASES)
    assert set(table.status) <= {"runs", "refused", "fails"}
    assert not table.duplicated(["family", "chapter"]).any()
    assert table.about.notna().all()
    real = table[table.family == "SmolLM2"]
    assert set(real.chapter) == set(asks_for("SmolLM2"))
    assert set(real.status) == {"runs"}


def test_what_goes_wrong_is_told_and_hidden_claims_stop_nothing() -> None:
    code = [("x = 1", False), ("assert x == 2", True), ("y = x + 1", False)]
    code += [("y / 0", False), ("y = 3", False)]
    shell = InteractiveShell.instance()
    try:
        told = list(faults(shell, iter(code), trace=False))
        assert shell.user_ns["y"] == 2
    finally:
        InteractiveShell.clear_instance()
    assert told == [
        "cell 2: AssertionError",
        "cell 4: ZeroDivisionError: division by zero",
    ]


def test_cells_name_another_model(tmp_path: Path) -> None:
    """The setup cell, and nothing else, is changed."""
    chapter = chapters()["03_vectors"]
    found = [text for text, _ in cells(chapter, tmp_path, ', dtype="float16"')]
    own = [source(cell) for cell in read_cells(chapter, "code")]
    assert f"MODEL = {str(tmp_path)!r}" in found[0]
    assert 'load_model(MODEL, dtype="float16")' in found[0]
    assert found[1:] == own[1:]


@pytest.mark.run
@pytest.mark.parametrize("part", range(1, PARTS + 1))
def test_chapters_run_on_other_families(
    part: int, built_book: Path, cache: Path
) -> None:
    """In a process of its own: a shell in which chapter follows chapter.

    What the toy gave stands in the cache since the book was built.
    """
    seed = os.environ.get("GITHUB_RUN_NUMBER", "a")  # others in each run on GitHub
    command = [sys.executable, "-m", "scripts.matrix", "--pairs", seed]
    command += ["--part", f"{part}/{PARTS}"]
    own = {"PYTHONPATH": str(ROOT), "EMOTION_VECTORS_CACHE": str(cache)}
    environment = {**os.environ, **own}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout
