"""Every exercise can be read, checked, helped and solved.

A solution is run as a learner would run it: in a module with the chapter's imports and
core functions, followed by the exercise's own check cell. So is the empty stub.
"""

from __future__ import annotations

import ast
import importlib.util
import inspect
import re
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

from helpers import checks
from helpers.checks import advice
from helpers.models import load_model
from tests.book.reading import CHAPTERS, ROOT, cells, parse, source, tags

FENCE = re.compile(
    r"^(`{3,})\{(\w+)\} *([^\n]*)\n(.*?)^\1 *$", re.MULTILINE | re.DOTALL
)
PYTHON = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
RATING = re.compile(
    r"\*Difficulty ([1-5]) of 5, importance ([1-5]) of 5, (\d+) minutes\.\*"
)


@dataclass(frozen=True)
class Exercise:
    """One exercise of a chapter: its text, its cells, its folds."""

    chapter: Path
    title: str
    text: str
    stub: str
    check: str
    folds: dict[str, str]

    @property
    def label(self) -> str:
        found = re.search(r"^:label: (ex-[a-z-]+)$", self.text, re.MULTILINE)
        assert found, f"no label in {self.chapter.stem}: {self.title}"
        return found[1]

    @property
    def function(self) -> ast.FunctionDef:
        (node,) = ast.parse(self.stub).body
        assert isinstance(node, ast.FunctionDef)
        return node

    @property
    def call(self) -> ast.Call:
        """The check cell's last statement, `checks.name(function)`."""
        last = ast.parse(self.check).body[-1]
        assert isinstance(last, ast.Expr)
        assert isinstance(last.value, ast.Call)
        return last.value

    @property
    def check_name(self) -> str:
        assert isinstance(self.call.func, ast.Attribute)
        return self.call.func.attr

    @property
    def solution(self) -> str:
        blocks = PYTHON.findall(self.folds["Solution"])
        assert len(blocks) == 1, f"{self.label}: one block of code is the solution"
        return blocks[0]


def read(chapter: Path) -> list[Exercise]:
    """The exercises of a chapter: a block, a stub, a check, folds, in this order."""
    every, found = cells(chapter), []
    for place, cell in enumerate(every):
        blocks = FENCE.findall(source(cell))
        if cell["cell_type"] != "markdown" or "exercise" not in [b[1] for b in blocks]:
            continue
        ((_, _, title, text),) = blocks
        stub, check, help_ = every[place + 1 : place + 4]
        kinds = [c["cell_type"] for c in (stub, check, help_)]
        assert kinds == ["code", "code", "markdown"], f"{chapter.stem}: {title}"
        folds = [(b[2], b[3]) for b in FENCE.findall(source(help_))]
        assert [name for name, _ in folds] == ["Hint", "Solution"], title
        parts = (text, source(stub), source(check), dict(folds))
        found.append(Exercise(chapter, title, *parts))
    return found


EXERCISES = [exercise for chapter in CHAPTERS for exercise in read(chapter)]
each = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.label)


def prelude(chapter: Path) -> str:
    """A chapter's imports and core functions."""
    lines = []
    for cell in cells(chapter, "code"):
        for node in parse(cell).body:
            taught = isinstance(node, ast.FunctionDef) and "core" in tags(cell)
            if taught or isinstance(node, ast.Import | ast.ImportFrom):
                lines.append(ast.unparse(node))
    return "\n".join(lines)


@pytest.fixture(scope="module")
def model() -> Any:
    return load_model("tiny", device="cpu")


def run(folder: Path, exercise: Exercise, answer: str, model: Any) -> bool:
    """Whether an answer passes the exercise's check cell.

    The code goes through a file, since nnsight reads the source of a trace there.
    """
    *before, last = ast.parse(exercise.check).body
    first = "\n".join(ast.unparse(node) for node in before)
    final = f"passed = {ast.unparse(last)}"
    path = folder / f"{exercise.label.replace('-', '_')}.py"
    text = "\n\n".join([prelude(exercise.chapter), answer, first, final])
    path.write_text(text + "\n", "utf-8")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module: ModuleType = importlib.util.module_from_spec(spec)
    vars(module)["model"] = model
    spec.loader.exec_module(module)
    return bool(vars(module)["passed"])


def test_each_chapter_has_two_and_no_label_comes_twice() -> None:
    for chapter in CHAPTERS:
        assert sum(e.chapter == chapter for e in EXERCISES) >= 2, chapter.stem
    labels = [e.label for e in EXERCISES]
    assert len(labels) == len(set(labels))


@each
def test_says_how_hard_how_important_and_how_long(exercise: Exercise) -> None:
    rating = RATING.search(re.sub(r"\s+", " ", exercise.text))
    assert rating, exercise.title
    assert 1 <= int(rating[3]) <= 30
    assert exercise.title.strip()


@each
def test_the_stub_is_what_the_text_asks_for(exercise: Exercise) -> None:
    function = exercise.function
    asked = f"`{function.name}({ast.unparse(function.args)})`"
    assert asked in re.sub(r"\s+", " ", exercise.text), f"the text should say {asked}"
    assert ast.unparse(function.body[0]) == "raise NotImplementedError"
    assert len(function.body) == 1


@each
def test_the_check_cell_calls_a_check_that_is_public(exercise: Exercise) -> None:
    assert callable(getattr(checks, exercise.check_name, None))
    first = exercise.call.args[0]
    assert isinstance(first, ast.Name)
    assert first.id == exercise.function.name
    assert exercise.check.rstrip().endswith(";"), "its True would be printed, too"


@each
def test_hint_and_solution_are_folded(exercise: Exercise) -> None:
    for name, text in exercise.folds.items():
        assert text.startswith(":class: dropdown\n"), f"{name} stands open"
        assert len(text.split()) > 5, f"{name} says nothing"
    assert not PYTHON.search(exercise.folds["Hint"]), "the hint gives code away"


@each
def test_the_solution_passes(
    exercise: Exercise, model: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, exercise, exercise.solution, model), capsys.readouterr().out
    assert capsys.readouterr().out == f"{exercise.check_name}: passed.\n"


@each
def test_the_stub_does_not_pass_and_is_no_error(
    exercise: Exercise, model: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not run(tmp_path, exercise, exercise.stub, model)
    assert "not written yet" in capsys.readouterr().out


@each
@pytest.mark.parametrize(
    "returned",
    [None, 0, 0.5, True, "calm", [], (), {}, torch.zeros(1), torch.ones(3, 4)],
    ids=repr,
)
def test_what_is_no_answer_gets_advice(
    exercise: Exercise, returned: Any, model: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    more = [model] * (len(exercise.call.args) - 1)
    assert not getattr(checks, exercise.check_name)(lambda *_: returned, *more)
    told = capsys.readouterr().out
    assert len(told.splitlines()) == 1
    assert told.startswith(f"{exercise.check_name}: ")
    assert "not written yet" not in told


def check_syntax(exercise: Exercise) -> ast.Module:
    return ast.parse(inspect.getsource(getattr(checks, exercise.check_name)))


def stages(tree: ast.AST) -> int:
    """How often answers are met with advice: here, and in what is called for it."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    names = [ast.unparse(node.func) for node in calls]
    shared = [getattr(advice, n) for n in names if n in ("lettered", "matched")]
    inner = [stages(ast.parse(inspect.getsource(function))) for function in shared]
    return names.count("expect") + names.count("Advice") + sum(inner)


@each
def test_the_check_has_stages(exercise: Exercise) -> None:
    assert stages(check_syntax(exercise)) >= 2
    assert ast.get_docstring(check_syntax(exercise).body[0]), "it says of which chapter"  # type: ignore[arg-type]
    number = re.match(r"\d\d", exercise.chapter.name)
    chapter = f"Chapter {number[0] if number else ''}"
    assert chapter in inspect.getsource(getattr(checks, exercise.check_name))


def results(code: str) -> list[str]:
    """What the functions of a solution return, unless it is a bare name."""
    return [
        ast.unparse(node.value)
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Return)
        and node.value is not None
        and not isinstance(node.value, ast.Name | ast.Constant)
    ]


@each
def test_advice_does_not_give_the_answer(exercise: Exercise) -> None:
    advice = [
        re.sub(r"\s", "", node.value)
        for node in ast.walk(check_syntax(exercise))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    told = [*advice, re.sub(r"\s", "", exercise.folds["Hint"])]
    for result in results(exercise.solution):
        bare = re.sub(r"\s", "", result)
        assert not [text for text in told if bare in text], result


@each
def test_usual_mistakes_of_the_check_are_tested(exercise: Exercise) -> None:
    tests = sorted((ROOT / "tests" / "unit").rglob("test_*.py"))
    named = re.compile(rf"\b{exercise.check_name}\b")
    found = [p for p in tests if named.search(p.read_text("utf-8"))]
    assert found, f"no test in tests/unit names checks.{exercise.check_name}"
