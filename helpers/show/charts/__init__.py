"""Tables in, altair charts out."""

from helpers.show.charts.acts import shares
from helpers.show.charts.basic import (
    bars, dots, heatmap, lines, passages, paths, pick, place_tokens, titled, tokens,
)
from helpers.show.charts.cards import (
    family_grid, half_widths, ladder, norm_curves, one_figure, verdict_grid,
)
from helpers.show.charts.controls import over_control
from helpers.show.charts.intervals import intervals
from helpers.show.charts.transcripts import (
    describe, line_view, token_view, transcript_chart, transcript_rows,
)
from helpers.show.charts.two_models import two_models

__all__ = [
    "bars", "describe", "dots", "family_grid", "half_widths", "heatmap",
    "intervals", "ladder", "line_view", "lines", "norm_curves", "one_figure",
    "over_control", "passages", "paths", "pick", "place_tokens", "shares", "titled",
    "token_view", "tokens", "transcript_chart", "transcript_rows", "two_models",
    "verdict_grid",
]
