"""Charts, widgets and ready-made panels: all that touches altair and ipywidgets."""

from helpers.show import charts
from helpers.show.charts.basic import lines
from helpers.show.charts.cards import (
    family_grid, half_widths, ladder, norm_curves, verdict_grid,
)
from helpers.show.charts.controls import over_control
from helpers.show.charts.intervals import draw_rows, intervals, with_draws
from helpers.show.charts.maps import emotion_map
from helpers.show.charts.two_models import two_models
from helpers.show.panels.acts import act_dial, choose_between
from helpers.show.panels.answers import both_answer
from helpers.show.panels.centering import drag_center
from helpers.show.panels.claims import checklist, compare_figures, pick_claim
from helpers.show.panels.meaning import lens_words
from helpers.show.panels.messages import read_layers, read_message
from helpers.show.panels.texts import (
    nearest_emotions, pooled_positions, read_text, steer_text,
)
from helpers.show.panels.watching import (
    precision_by_base_rate, view_transcript, watch_prompt,
)
from helpers.show.tables import behind, ladder_table, toy_and_real
from helpers.show.widgets import outcome, say

__all__ = [
    "act_dial", "behind", "both_answer", "charts", "checklist", "choose_between",
    "compare_figures", "drag_center", "draw_rows", "emotion_map", "family_grid",
    "half_widths", "intervals", "ladder", "ladder_table", "lens_words", "lines",
    "nearest_emotions", "norm_curves", "outcome", "over_control", "pick_claim",
    "pooled_positions", "precision_by_base_rate", "read_layers", "read_message",
    "read_text", "say", "steer_text", "toy_and_real", "two_models", "verdict_grid",
    "view_transcript", "watch_prompt", "with_draws",
]
