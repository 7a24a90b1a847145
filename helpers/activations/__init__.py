"""Read the residual stream: pooling, places in a text, norms."""

from helpers.activations import pooling, residual
from helpers.activations.norms import residual_norm
from helpers.activations.places import mean_embeddings, PLACES, read_places
from helpers.activations.pooling import (
    batches, check_read, check_size, mean_pool, token_budget,
)
from helpers.activations.residual import (
    check_layers, check_start, content_key, mean_activations, read_layers,
    residual_stream,
)
from helpers.activations.spans import in_spans, last_position, span_means, speaker_means
from helpers.activations.starts import means_by_start
from helpers.activations.weighted import EMBEDDINGS, weighted_means
from helpers.models import token_strings

__all__ = [
    "EMBEDDINGS", "PLACES", "batches", "check_layers", "check_read", "check_size",
    "check_start", "content_key", "in_spans", "last_position", "mean_activations",
    "mean_embeddings", "mean_pool", "means_by_start", "pooling", "read_layers",
    "read_places", "residual", "residual_norm", "residual_stream", "span_means",
    "speaker_means", "token_budget", "token_strings", "weighted_means",
]
