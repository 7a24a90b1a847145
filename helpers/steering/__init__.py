"""Write to the residual stream while a model generates or scores text."""

from helpers.steering.controls import CLAIM, controls, Directions, named_directions
from helpers.steering.fluency import fluency, surprise
from helpers.steering.framing import framing
from helpers.steering.generation import (
    choice_logprobs, generate, rows_that_fit, sweep_logprobs,
)
from helpers.steering.judging import in_words, judge, log_odds
from helpers.steering.judgment import Judgment
from helpers.steering.next_token import next_entropy, next_logprobs
from helpers.steering.pushes import Push, steer
from helpers.steering.sampling import GumbelNoise
from helpers.steering.story_writing import write_stories
from helpers.steering.word_changes import (
    own_right, word_changes, words_pushed, words_without,
)
from helpers.steering.wordings import worded, wordings

__all__ = [
    "CLAIM", "Directions", "GumbelNoise", "Judgment", "Push", "choice_logprobs",
    "controls", "fluency", "framing", "generate", "in_words", "judge", "log_odds",
    "named_directions", "next_entropy", "next_logprobs", "own_right",
    "rows_that_fit", "steer", "surprise", "sweep_logprobs", "word_changes",
    "worded", "wordings", "words_pushed", "words_without", "write_stories",
]
