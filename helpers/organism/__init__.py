"""Train and measure the embedded models; their weights and cards."""

from helpers.organism import corpus
from helpers.organism.evaluate.adapters import adapter_figures
from helpers.organism.evaluate.knowledge import (
    loss_log, main_figures, saved_figures,
)
from helpers.organism.evaluate.suppression import suppressed_trainings

__all__ = [
    "adapter_figures", "corpus", "loss_log", "main_figures", "saved_figures",
    "suppressed_trainings",
]
