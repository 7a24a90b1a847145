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


def run(
    name: str, folder: Path, monkeypatch: Any, capsys: Any, table: Any
) -> dict[str, list[float]]:
    """The numbers of each line that the script prints, for a table of stories."""
    table.to_csv(folder / "stories.csv", index=False)
    with zipfile.ZipFile(pack_lab(folder)) as box:
        code = box.read("lab/concept.py").decode()
        assert "5. One sentence" in box.read("lab/page.md").decode()
        assert "lab/quick_start.ipynb" in box.namelist()
    monkeypatch.chdir(folder)
    capsys.readouterr()
    exec(code.replace('MODEL = "smollm2"', f'MODEL = "{name}"'), {})
    lines = capsys.readouterr().out.splitlines()
    keys = ("the vector", "words alone", "difference", "shuffled")
    found = {
        re.split(r" {2}|:", line)[0].strip(): re.findall(r"-?\d+\.\d+", line)
        for line in lines
    }
    assert set(found) == set(keys)
    return {key: [float(one) for one in every] for key, every in found.items()}


@pytest.mark.parametrize("name", ["tiny", "smollm2"])
def test_a_concept_of_ones_own(
    name: str, tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    """Everyday subjects against others, as the page says; then kinds that are none."""
    table = load_subjects(load_model(name))
    topics = table["topic"].unique()[:8]
    names = table["subject"].unique()
    kinds = dict.fromkeys(names[:PAIR], "other") | dict.fromkeys(names[-PAIR:], "mine")
    some = table[table["subject"].isin(kinds) & table["topic"].isin(topics)]
    some = some.assign(kind=some["subject"].map(kinds))[["kind", "topic", "text"]]
    found = run(name, tmp_path, monkeypatch, capsys, some)
    vector, words, gap = (
        found[key] for key in ("the vector", "words alone", "difference")
    )
    assert vector[0] > found["shuffled"][0], "a concept is found"
    assert abs(vector[0] - words[0] - gap[0]) < 0.02
    assert (gap[1] > 0) == (name == "smollm2"), "in the small world words do as well"
    rng = np.random.default_rng(0)
    dealt = some.groupby("topic")["kind"].transform(rng.permutation)
    none = run(name, tmp_path, monkeypatch, capsys, some.assign(kind=dealt))
    assert none["the vector"][0] < none["shuffled"][0], "and none where there is none"
    assert none["difference"][1] < 0
    alone = some.assign(kind=np.where(some["topic"] == topics[0], "mine", "other"))
    with pytest.raises(SystemExit, match="both kinds"):
        run(name, tmp_path, monkeypatch, capsys, alone)
