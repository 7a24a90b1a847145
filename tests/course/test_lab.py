"""The lab's zip, and its script on a concept that is no emotion."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from helpers.datasets import load_subjects
from helpers.models import load_model
from scripts.course import pack_lab

pytestmark = pytest.mark.course
PAIR = 4  # subjects of each kind


def run(folder: Path, monkeypatch: Any, capsys: Any, table: Any) -> dict[str, float]:
    """The first number of each line that the script prints, for a table of stories."""
    table.to_csv(folder / "stories.csv", index=False)
    with zipfile.ZipFile(pack_lab(folder)) as box:
        code = box.read("lab/concept.py").decode()
        assert "5. One sentence" in box.read("lab/page.md").decode()
        assert "lab/quick_start.ipynb" in box.namelist()
    monkeypatch.chdir(folder)
    capsys.readouterr()
    exec(code.replace('MODEL = "smollm2"', 'MODEL = "tiny"'), {})
    lines = capsys.readouterr().out.splitlines()
    keys = ("the vector", "words alone", "difference", "shuffled")
    found = {
        re.split(r" {2}|:", line)[0].strip(): re.search(r"-?\d+\.\d+", line)
        for line in lines
    }
    assert set(found) == set(keys)
    return {name: float(one[0]) for name, one in found.items() if one}


def test_a_concept_of_ones_own(tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    """Goods against tasks in the embedded model's world; then kinds that are none."""
    table = load_subjects(load_model("tiny"))
    topics = table["topic"].unique()[:8]
    names = table["subject"].unique()
    kinds = dict.fromkeys(names[:PAIR], "other") | dict.fromkeys(names[-PAIR:], "mine")
    some = table[table["subject"].isin(kinds) & table["topic"].isin(topics)]
    some = some.assign(kind=some["subject"].map(kinds))[["kind", "topic", "text"]]
    found = run(tmp_path, monkeypatch, capsys, some)
    assert found["the vector"] > found["shuffled"], "a concept is found"
    assert abs(found["the vector"] - found["words alone"] - found["difference"]) < 0.02
    rng = np.random.default_rng(0)
    dealt = some.groupby("topic")["kind"].transform(rng.permutation)
    none = run(tmp_path, monkeypatch, capsys, some.assign(kind=dealt))
    assert none["the vector"] < none["shuffled"], "and none where there is none"
    alone = some.assign(kind=np.where(some["topic"] == topics[0], "mine", "other"))
    with pytest.raises(SystemExit, match="both kinds"):
        run(tmp_path, monkeypatch, capsys, alone)
