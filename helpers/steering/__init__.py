"""Write to the residual stream while a model generates or scores text."""

from helpers.steering.controls import controls, Directions
from helpers.steering.fluency import fluency, surprise
from helpers.steering.generation import (
    choice_logprobs, generate, rows_that_fit, sweep_logprobs,
)
from helpers.steering.judging import in_words, judge, log_odds
from helpers.steering.judgment import Judgment
from helpers.steering.next_token import next_entropy, next_logprobs
from helpers.steering.pushes import Push, steer
from helpers.steering.sampling import GumbelNoise
from helpers.steering.story_writing import write_stories
from helpers.steering.word_changes import own_right, own_word_diagonal, word_changes
from helpers.steering.word_moves import words_pushed, words_without
from helpers.steering.wordings import worded, wordings

__all__ = [
    "Directions", "GumbelNoise", "Judgment", "Push", "choice_logprobs", "controls",
    "fluency", "generate", "in_words", "judge", "log_odds", "next_entropy",
    "next_logprobs", "own_right", "own_word_diagonal", "rows_that_fit", "steer",
    "surprise", "sweep_logprobs", "word_changes", "worded", "wordings", "words_pushed",
    "words_without", "write_stories",
]
