"""From mean activations to emotion vectors, and what these say."""

from helpers.vectors import extraction, geometry
from helpers.vectors.crossed import (
    by_topic, likeness, Likeness, names_by_lot, two_halves,
)
from helpers.vectors.emotion_vectors import EmotionVectors
from helpers.vectors.extraction import (
    difference_of_means, extract, mean_of_means, neutral_components, project_out,
)
from helpers.vectors.geometry import correlation, left_over
from helpers.vectors.held_out import held_out_topics, named_right, nearest, pooled_at
from helpers.vectors.instrument import chat_readings, instrument, own_area
from helpers.vectors.maps import (
    agreement, disjoint_maps, left_maps, map_places, names_exchanged, over_topics,
    vectors_of,
)
from helpers.vectors.probes import (
    column_auc, cosine_scores, logit_lens, own_word, top_tokens, word_tokens,
)
from helpers.vectors.profile import Profile, profile
from helpers.vectors.reading import readers
from helpers.vectors.rulers import left_out_ridge, Ruler, rulers
from helpers.vectors.transfer import map_rows, shared_shift, shift, shift_scores
from helpers.vectors.words import word_classifier, word_counts

__all__ = [
    "EmotionVectors", "Likeness", "Profile", "Ruler", "agreement", "by_topic",
    "chat_readings", "column_auc", "correlation", "cosine_scores",
    "difference_of_means", "disjoint_maps", "extract", "extraction", "geometry",
    "held_out_topics", "instrument", "left_maps", "left_out_ridge", "left_over",
    "likeness", "logit_lens", "map_places", "map_rows", "mean_of_means",
    "named_right", "names_by_lot", "names_exchanged", "nearest", "neutral_components",
    "over_topics", "own_area", "own_word", "pooled_at", "profile", "project_out",
    "readers", "rulers", "shared_shift", "shift", "shift_scores", "top_tokens",
    "two_halves", "vectors_of", "word_classifier", "word_counts", "word_tokens",
]
