"""The page tells how often each kind of long run was killed, from a run of that."""

from __future__ import annotations

import re

from scripts.kills import BEGIN, END, PAGE, put, table


def rows(text: str) -> dict[str, int]:
    """How often each kind of run was killed."""
    found = re.findall(r"^\| ([^|\n]+) \| \d+ \| (\d+) \|$", text, re.MULTILINE)
    return {what: int(kills) for what, kills in found}


def test_a_run_takes_the_place_of_the_last_one() -> None:
    page = f"before\n{BEGIN}old\n{END}after\n"
    new = put(put(page, table([("a", 3, 9)])), table([("b", 5, 20), ("c", 7, 3)]))
    assert rows(new) == {"b": 20, "c": 3}
    assert (new.split(BEGIN)[0], new.split(END)[1]) == ("before\n", "after\n")


def test_five_kinds_were_killed_twenty_times() -> None:
    kills = rows(PAGE.read_text("utf-8"))
    kinds = ("extraction", "watched", "card", "converting a", "grading")
    for kind in kinds:
        (count,) = (n for what, n in kills.items() if kind in what)
        assert count >= 20
