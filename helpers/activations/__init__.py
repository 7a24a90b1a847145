"""Read the residual stream: pooling, places in a text, norms."""

from helpers.activations import pooling, residual
from helpers.activations.norms import residual_norm
from helpers.activations.pooling import (
    batches, check_read, check_size, mean_pool, token_budget,
)
from helpers.activations.residual import (
    check_layers, check_start, mean_activations, read_layers, residual_stream,
)
from helpers.activations.spans import (
    in_spans, last_position, span_means, speaker_means,
)

__all__ = [
    "batches", "check_layers", "check_read", "check_size", "check_start", "in_spans",
    "last_position", "mean_activations", "mean_pool", "pooling", "read_layers",
    "residual", "residual_norm", "residual_stream", "span_means", "speaker_means",
    "token_budget",
]
