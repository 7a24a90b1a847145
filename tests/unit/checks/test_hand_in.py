"""What is handed in is what ran and stands in the notebook, whatever the id."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import types
import zipfile
from pathlib import Path
from typing import Any

import pytest

from helpers.checks import hand_in
from helpers.checks.hand_in import from_cells, read_file
from helpers.checks.ran_cells import bound_names, differs

LAST = 'from helpers.checks import hand_in\nLEARNER = "ana"\nhand_in("A1", LEARNER);'
ONE, TWO = "def pool(x):\n    return 1", "def pool(x):\n    return 2"


@pytest.mark.parametrize(
    ("sources", "ran", "said"),
    [
        ([ONE, LAST], [ONE, LAST], ""),
        ([ONE, LAST], [TWO, LAST], "pool"),  # corrected, and not saved
        ([TWO, LAST], [ONE, LAST], "pool"),  # changed, saved, and not run
        ([TWO, LAST], [ONE, TWO, LAST], ""),  # corrected, run and saved
        ([ONE, LAST], [ONE, TWO, LAST], "pool"),
        ([ONE, LAST], [TWO, ONE, LAST], ""),  # run again as it is there
        ([ONE, LAST], [ONE, "pool(3)", LAST], ""),  # tried out and deleted
        ([ONE, LAST], [ONE, "other = pool(3)", LAST], ""),
        ([ONE, LAST], [LAST], ""),  # a new kernel
        ([ONE + "\r\n", LAST], [ONE + "  ", LAST], ""),
        ([ONE], [ONE, LAST], "lacks this cell"),
        ([ONE, LAST.replace("ana", "your-id")], [ONE, LAST], "lacks this cell"),
        (["BANK = {}", LAST], ["BANK = {'a': 1}", LAST], "BANK"),
        (["%time x = 1\ny = 2", LAST], ["y = 3", LAST], "y"),
        (["class A: pass", LAST], ["class A:\n    x = 1", LAST], "A"),
        (["import numpy as np", LAST], ["import numpy as np\n", LAST], ""),
        (["import os", LAST], ["import os, sys", LAST], ""),
        (["for i in range(3):\n    n = i", LAST], ["n = 4", LAST], "n"),
        (["this is no Python", LAST], ["this is no Python", LAST], ""),
    ],
)
def test_the_notebook_holds_what_ran_last(
    sources: list[str], ran: list[str], said: str
) -> None:
    found = differs(sources, ran, "ana")
    assert said in found
    assert bool(said) == bool(found)


def test_names_are_those_of_the_cell_itself() -> None:
    code = "%matplotlib inline\nx = [y for y in z]\ndef f(a):\n    b = a\nimport os"
    assert bound_names(code) == {"x", "f"}
    assert bound_names("x = ") == set()
    assert bound_names("a\0b = 1") == set()


IDS = [
    ('hand_in("A1", 12345)', 12345, "12345"),
    ('LEARNER = "DOM\\\\ana"\nhand_in("A1", LEARNER)', "DOM\\ana", "DOM-ana"),
    ("LEARNER = 'O\\'Brien'\nhand_in('A1', LEARNER)", "O'Brien", "O-Brien"),
    ('LEARNER = "Zoe\u0308"\nhand_in("A1", LEARNER)', "Zo\u00eb", "Zo\u00eb"),
    ('LEARNER = "Zo\u00eb"\nhand_in("A1", LEARNER)', "Zoe\u0308", "Zo\u00eb"),
    ('hand_in("A1", """ana\n""")', "ana\n", "ana"),
    ('hand_in("A1", "\\ud800x")', "\ud800x", "x"),
    ('hand_in("A1", r"a/b\\c")', "a/b\\c", "a-b-c"),
    ("hand_in('A1', 'x' * 300)\n'" + "x" * 300 + "'", "x" * 300, "x" * 80),
]


@pytest.mark.parametrize(("source", "learner", "name"), IDS)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_an_id_of_any_kind_is_handed_in(
    source: str, learner: Any, name: str, mark: bytes, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "A1.ipynb"
    monkeypatch.setenv("JPY_SESSION_NAME", str(file))
    file.write_bytes(mark + json.dumps(from_cells([source])).encode())
    path = hand_in("A1", learner)
    assert path == tmp_path / f"A1_{name}.zip"
    with zipfile.ZipFile(path) as box:
        (inside,) = box.namelist()
        notebook = json.loads(box.read(inside))
    assert inside == f"A1_{name}.ipynb"
    assert notebook["metadata"]["course"] == {"assignment": "A1", "learner": name}
    assert notebook["cells"][0]["source"] == source
    assert sorted(p.name for p in tmp_path.iterdir()) == ["A1.ipynb", path.name]


def test_no_id_is_none(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    for stub in (None, "", "your-id", "Your-ID ", "\ud800"):
        assert hand_in("A1", stub, notebook=tmp_path / "none.ipynb") is None


def test_odd_characters_in_a_cell_are_handed_in(
    tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    cells = ["x = '\ud83d'  # half of an emoji", "y = '🙂'"]
    (tmp_path / "A1.ipynb").write_text(json.dumps(from_cells(cells)))
    path = hand_in("A1", "ana", notebook="A1.ipynb")
    assert path
    with zipfile.ZipFile(path) as box:
        notebook = json.loads(box.read("A1_ana.ipynb"))
    assert [cell["source"] for cell in notebook["cells"]] == cells


def test_a_file_that_is_no_notebook_gives_a_sentence(tmp_path: Path) -> None:
    for text in ("", '{"cells": [', "\ufeff"):
        (tmp_path / "A1.ipynb").write_text(text, "utf-8")
        with pytest.raises(ValueError, match=r"A1\.ipynb is no notebook"):
            read_file(tmp_path / "A1.ipynb")


ANSWERS: list[Any] = [
    TimeoutError("get_ipynb"),
    None,
    {},
    {"ipynb": None},
    RuntimeError("no frontend"),
]


@pytest.mark.parametrize("answer", ANSWERS, ids=repr)
def test_a_colab_that_does_not_answer(
    answer: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    """What is known without it is handed in: here, the script that runs."""

    def ask(*_: Any, **__: Any) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    script, down = tmp_path / "work.py", []
    script.write_text("x = 1\n")
    colab = types.ModuleType("google.colab")
    colab._message = types.SimpleNamespace(blocking_request=ask)  # type: ignore[attr-defined]
    colab.files = types.SimpleNamespace(download=down.append)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "google", types.ModuleType("google"))
    monkeypatch.setitem(sys.modules, "google.colab", colab)
    monkeypatch.setattr(sys.modules["__main__"], "__file__", str(script), raising=False)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    monkeypatch.chdir(tmp_path)
    path = hand_in("A1", "ana")
    assert down == [str(path)]


SESSION = """
import json, os, pathlib, zipfile
from IPython.core.interactiveshell import InteractiveShell
from helpers.checks.hand_in import from_cells
shell, last = InteractiveShell.instance(), {last!r}
file = pathlib.Path("A1.ipynb")
os.environ["JPY_SESSION_NAME"] = str(file.absolute())
def save(*cells): file.write_text(json.dumps(from_cells(cells)))
def run(*cells):
    for cell in cells: shell.run_cell(cell, store_history=True)
    box = pathlib.Path("A1_ana.zip")
    if not box.exists(): return None
    with zipfile.ZipFile(box) as z: told = json.loads(z.read("A1_ana.ipynb"))
    box.unlink()
    return told["cells"][0]["source"]
save({one!r}, last)
assert run({one!r}, last) == {one!r}
assert run({two!r}, last) is None, "not saved"
save({two!r}, last)
assert run(last) == {two!r}
save("%timeit -n 1 -r 1 1 + 1", {two!r}, last)
assert run("%timeit -n 1 -r 1 1 + 1", last), "a command of IPython's"
file.write_text("")
assert run(last) == {one!r}, "half saved: the cells that ran, the first one first"
"""


def test_a_session_hands_in_what_it_ran(tmp_path: Path) -> None:
    code = SESSION.format(last=LAST, one=ONE, two=TWO)
    environment = {**os.environ, "PYTHONPATH": os.getcwd(), "IPYTHONDIR": str(tmp_path)}
    environment.pop("EMOTION_VECTORS_GRADING", None)
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
