"""A twin of one's own: what is measured is told, and a good one passes."""

from __future__ import annotations

from typing import Any

import pytest

from helpers import checks

GOOD = checks.TWIN_OF.replace("still", "back").replace("it while", "him while")


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        (3, "Return a text"),
        (checks.TWIN_OF, "the message itself"),
        ("I set the table.", "4 words"),
        (GOOD.replace("I ", "He "), "keep the person"),
        (GOOD.replace(",", "").replace(".", ""), "yours 0."),
        (
            "I put one plate out for lunch, like any day. Our bench stands near a "
            "door, so we spoke with them until all of those pies were done.",
            "of the message's words",
        ),
        (GOOD.replace("cold", "sad"), "names a feeling (sad)"),
        (GOOD, "passed."),
    ],
)
def test_advice(text: Any, advice: str, capsys: Any) -> None:
    passed = checks.write_twin(lambda: text)
    assert advice in capsys.readouterr().out
    assert passed == (advice == "passed.")
