"""Train and measure the embedded models; their weights and cards."""

from helpers.organism import corpus
from helpers.organism.evaluate.knowledge import (
    loss_log, main_figures, saved_figures, saved_seeds,
)
from helpers.organism.evaluate.suppression import suppressed_seeds

__all__ = [
    "corpus", "loss_log", "main_figures", "saved_figures", "saved_seeds",
    "suppressed_seeds",
]
