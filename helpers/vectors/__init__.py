"""From mean activations to emotion vectors, and what these say."""

from helpers.vectors import extraction, geometry
from helpers.vectors.emotion_vectors import EmotionVectors
from helpers.vectors.extraction import (
    difference_of_means, extract, mean_of_means, neutral_components, project_out,
)
from helpers.vectors.geometry import correlation, left_over
from helpers.vectors.probes import (
    column_auc, confusion, cosine_scores, logit_lens, margins, own_word, top_tokens,
    word_tokens,
)
from helpers.vectors.reading import readers
from helpers.vectors.transfer import map_rows, shared_shift, shift, shift_scores
from helpers.vectors.words import word_classifier, word_counts

__all__ = [
    "EmotionVectors", "column_auc", "confusion", "correlation", "cosine_scores",
    "difference_of_means", "extract", "extraction", "geometry", "left_over",
    "logit_lens", "map_rows", "margins", "mean_of_means", "neutral_components",
    "own_word", "project_out", "readers", "shared_shift", "shift", "shift_scores",
    "top_tokens", "word_classifier", "word_counts", "word_tokens",
]
