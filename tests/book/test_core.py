"""A function that a chapter defines is the one that later chapters import."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.book.reading import CHAPTERS, ROOT, cells, parse, tags

TAUGHT = {"mean_pool", "difference_of_means", "neutral_components", "project_out"}


def core_functions() -> list[tuple[Path, ast.FunctionDef]]:
    """Chapter and syntax of the functions in cells that are tagged `core`."""
    return [
        (chapter, node)
        for chapter in CHAPTERS
        for cell in cells(chapter, "code")
        if "core" in tags(cell)
        for node in parse(cell).body
        if isinstance(node, ast.FunctionDef)
    ]


def helper_functions() -> dict[str, list[ast.FunctionDef]]:
    """The top-level functions of helpers, by name."""
    found: dict[str, list[ast.FunctionDef]] = {}
    for path in sorted((ROOT / "helpers").rglob("*.py")):
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.FunctionDef):
                found.setdefault(node.name, []).append(node)
    return found


class _Bare(ast.NodeTransformer):
    """Takes annotations away."""

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.stmt:
        if node.value is None:
            return ast.Pass()
        return ast.Assign(targets=[node.target], value=node.value)


def meaning(function: ast.FunctionDef) -> str:
    """What a function does, without its docstring and annotations."""
    bare = _Bare().visit(ast.parse(ast.unparse(function)).body[0])
    if ast.get_docstring(bare) is not None:
        bare.body = bare.body[1:]
    arguments = ast.dump(bare.args)
    return "\n".join([arguments, *(ast.dump(statement) for statement in bare.body)])


def code_lines(function: ast.FunctionDef) -> int:
    """Lines of a function once formatted, without its docstring."""
    total = len(ast.unparse(function).splitlines())
    text = ast.get_docstring(function, clean=False)
    return total - (len(text.splitlines()) if text is not None else 0)


def test_the_first_core_functions_are_taught() -> None:
    assert {function.name for _, function in core_functions()} >= TAUGHT


def test_each_is_defined_once() -> None:
    names = [function.name for _, function in core_functions()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("chapter", "function"),
    core_functions(),
    ids=lambda value: value.stem if isinstance(value, Path) else value.name,
)
def test_equals_the_helper(chapter: Path, function: ast.FunctionDef) -> None:
    twins = helper_functions().get(function.name, [])
    assert twins, f"no helper is called {function.name}"
    assert meaning(function) in {meaning(twin) for twin in twins}
    assert code_lines(function) <= 15


def test_a_difference_is_seen() -> None:
    def read(text: str) -> str:
        node = ast.parse(text).body[0]
        assert isinstance(node, ast.FunctionDef)
        return meaning(node)

    plain = read("def f(x, k=1):\n    y = x + k\n    return y")
    dressed = read(
        'def f(x: int, k=1) -> int:\n    "Say."\n    y: int = x + k\n    return y'
    )
    assert plain == dressed
    assert plain != read("def f(x, k=2):\n    y = x + k\n    return y")
    assert plain != read("def f(x, k=1):\n    y = x - k\n    return y")
