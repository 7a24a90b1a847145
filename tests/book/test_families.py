"""Chapters on models of other families: a few pairs in each run, and in time all."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from helpers.families import FAMILIES
from helpers.family_table import load_family_table
from scripts.matrix import CASES, chapters, pairs
from tests.book.reading import ROOT

PROMISED = "Llama, Qwen2, Qwen2.5, Qwen3, Gemma 2, Gemma 3, Mistral, GPT-2, GPT-NeoX"
PROMISED += ", OLMo 2, Phi-3, SmolLM"
PARTS = 3


def test_every_promised_family_has_a_case() -> None:
    assert set(PROMISED.split(", ")) == set(CASES)
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
        assert {family for family, _ in plan} == set(CASES)
    met = {pair for seed in map(str, range(200)) for pair in pairs(seed)}
    assert len(met) > 0.9 * len(CASES) * len(chapters())


def test_kept_table_holds_what_there_is() -> None:
    table = load_family_table()
    assert set(table.chapter) <= set(chapters())
    assert set(table.family) <= set(CASES)
    assert set(table.status) <= {"runs", "refused", "fails"}
    assert not table.duplicated(["family", "chapter"]).any()
    assert table.about.notna().all()


@pytest.mark.run
@pytest.mark.parametrize("part", range(1, PARTS + 1))
def test_chapters_run_on_other_families(part: int) -> None:
    """In a process of its own: a shell in which chapter follows chapter."""
    seed = os.environ.get("GITHUB_RUN_NUMBER", "a")  # others in each run on GitHub
    command = [sys.executable, "-m", "scripts.matrix", "--pairs", seed]
    command += ["--part", f"{part}/{PARTS}"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout
