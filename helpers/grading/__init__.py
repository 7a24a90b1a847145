"""Grade: what assignments and their graders share."""

from helpers.grading.encoding import Ref, decode, encode
from helpers.grading.hidden_tests import (
    Learner, Line, Wrong, answer, array, begin, close, expect, flag, model, names,
    number, sentences, stories, table, text,
)

__all__ = [
    "Learner", "Line", "Ref", "Wrong", "answer", "array", "begin", "close", "decode",
    "encode", "expect", "flag", "model", "names", "number", "sentences",
    "stories", "table", "text",
]
