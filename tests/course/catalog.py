"""The catalogue of wrong answers: what each should lose, and how they are combined."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Wrong:
    """A plausible wrong answer to one question of an assignment.

    `code` stands in place of the question's solution. `loses` are the questions that
    must lose points by it (None: its own); every other question must keep its points.
    `points` says exactly how many are left, where that matters.
    """

    name: str
    question: str
    code: str
    loses: Sequence[str] | None = None
    points: Mapping[str, float] = field(default_factory=dict)

    @property
    def hit(self) -> frozenset[str]:
        return frozenset(self.loses or (self.question,)) | {self.question}


def read_catalog(assignment: str) -> list[Wrong]:
    """The wrong answers of an assignment, from its module beside this one."""
    return list(importlib.import_module(f"tests.course.wrong_{assignment}").WRONG)


def combine(wrongs: Sequence[Wrong]) -> list[list[Wrong]]:
    """As few submissions as go round: no two answers in one that touch a question."""
    groups: list[list[Wrong]] = []
    for wrong in sorted(wrongs, key=lambda one: -len(one.hit)):
        free = (g for g in groups if not any(wrong.hit & one.hit for one in g))
        group = next(free, None)
        if group is None:
            groups.append([wrong])
        else:
            group.append(wrong)
    return groups
