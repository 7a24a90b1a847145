"""The cells that have run, and whether a notebook holds them."""

from __future__ import annotations

import ast
import re
import symtable
import sys
import unicodedata
from collections.abc import Sequence
from typing import Any


def differs(sources: Sequence[str], ran: Sequence[str], name: str) -> str:
    """What of the cells that ran is not in the notebook, in words; "" if nothing is.

    Of each name that the notebook gives a value, the cell that did so last must stand
    in it, and so must the cell that runs now. Cells tried out and deleted may go.
    """
    told = {plain_source(source) for source in sources}
    if not ran:
        calls = any("hand_in(" in source for source in sources)
        known = calls and any(name in ids(source) for source in sources)
        return "" if known else "is older than what you see: it lacks this cell."
    if plain_source(ran[-1]) not in told:
        return "is older than what you see: it lacks this cell."
    last = {name: cell for cell in ran for name in bound_names(cell)}
    own = {name for source in sources for name in bound_names(source)}
    if gone := sorted(n for n in own & set(last) if plain_source(last[n]) not in told):
        return (
            f"does not hold the cell that made {', '.join(gone)} last. Run the cell "
            "that is to be handed in."
        )
    return ""


def plain_source(source: str) -> str:
    """A cell without what an editor may change as it saves."""
    lines = source.replace("\r\n", "\n").strip().split("\n")
    return "\n".join(line.rstrip() for line in lines)


def bound_names(source: str) -> set[str]:
    """The names to which a cell gives a value; what is imported does not count."""
    try:
        table = symtable.symtable(plain_python(source), "cell", "exec")
    except (SyntaxError, ValueError):
        return set()
    symbols = table.get_symbols()
    return {s.get_name() for s in symbols if s.is_assigned() and not s.is_imported()}


def ids(source: str) -> set[str]:
    """Every constant of a cell, as `plain_name` has it."""
    try:
        nodes = ast.walk(ast.parse(plain_python(source)))
    except (SyntaxError, ValueError):
        return set()
    return {plain_name(str(n.value)) for n in nodes if isinstance(n, ast.Constant)}


def plain_name(learner: str) -> str:
    """An id as part of a file's name: letters, digits, dots, lines; 80 at most."""
    whole = unicodedata.normalize("NFC", learner)
    return re.sub(r"[^\w.-]+", "-", whole.strip()).strip("-.")[:80]


def plain_python(source: str) -> str:
    """A cell without IPython's own commands."""
    return re.sub(r"(?m)^(\s*)[%!].*$", r"\1pass", source)


def cells_run() -> list[str]:
    """The cells that have run here, as they were typed, the present one last."""
    module = sys.modules.get("IPython")
    shell = module.get_ipython() if module else None
    history = getattr(shell, "history_manager", None)
    typed = getattr(history, "input_hist_raw", None) or shell_names().get("In", [])
    return [str(cell) for cell in typed if str(cell).strip()]


def shell_names() -> dict[str, Any]:
    """The names of the running IPython, or none."""
    module = sys.modules.get("IPython")
    shell = module.get_ipython() if module else None
    return shell.user_ns if shell else {}
