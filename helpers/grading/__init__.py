"""Grade: what assignments and their graders share."""

from helpers.grading.encoding import Ref, decode, encode
from helpers.grading.hidden_tests import (
    Learner, Line, Wrong, answer, array, begin, close, compiled, expect, flag, model,
    names, number, sentences, table, tell, text,
)
from helpers.grading.notebook import LARGEST, of_system

__all__ = [
    "LARGEST", "Learner", "Line", "Ref", "Wrong", "answer", "array", "begin", "close",
    "compiled", "decode", "encode", "expect", "flag", "model", "names", "number",
    "of_system", "sentences", "table", "tell", "text",
]
