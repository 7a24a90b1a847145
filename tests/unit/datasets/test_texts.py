"""Subjects and pairs: each rule catches its fault; ours have none."""

from __future__ import annotations

from typing import Any

import pytest

from helpers.datasets.pairs import load_care
from tests.unit.datasets.lint.texts import lint_texts, pair_faults


def test_the_shipped_texts_have_no_finding() -> None:
    findings = lint_texts()
    assert findings.empty, findings.to_string()


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [
        ("risky", "May I?", "same words"),
        ("safe", "so " * 31, "length"),
        ("risky", load_care()["safe"][1], "copy"),
        ("kind", "other", "count"),
    ],
)
def test_a_planted_fault_is_found(column: str, value: Any, rule: str) -> None:
    pairs = load_care()
    assert list(pair_faults(pairs, 1 / 3, 12)) == []
    pairs.loc[0, column] = value
    assert rule in {fault[0] for fault in pair_faults(pairs, 1 / 3, 12)}
