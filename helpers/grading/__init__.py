"""Hand in and grade: what assignments and their graders share."""

from helpers.grading.hand_in import hand_in
from helpers.grading.hidden_tests import (
    Learner, Line, Wrong, answer, array, begin, close, expect, flag, model, names,
    number, sentences, stories, table, text,
)

__all__ = [
    "Learner", "Line", "Wrong", "answer", "array", "begin", "close", "expect", "flag",
    "hand_in", "model", "names", "number", "sentences", "stories", "table", "text",
]
