"""Checks of exercises and assignments: a learner's function in, advice out."""

from helpers.checks.acts import (
    beats_random, expected_score, shares_and_mass, wanting_and_position,
)
from helpers.checks.assignments.a1 import (
    a1_layer_rows, a1_leaked, a1_peak, a1_pool, a1_push, a1_worst_text,
)
from helpers.checks.assignments.a2 import (
    a2_bank, a2_interval, a2_leaks, a2_null, a2_p, a2_report, a2_split, a2_vector,
)
from helpers.checks.assignments.a3 import (
    a3_axis_p, a3_best, a3_decide, a3_interval, a3_left, a3_report,
)
from helpers.checks.assignments.a4 import (
    a4_effect, a4_random_controls, a4_steered_logits, a4_usable, a4_word_rise,
    a4_write_steered,
)
from helpers.checks.claims import beside_control, bridge, holm, missing
from helpers.checks.hand_in import hand_in
from helpers.checks.inside import patch_row, read_layer, which_bug
from helpers.checks.maps import catch, fool, partial_r
from helpers.checks.meaning import (
    area_under_curve, carried, center_set, effective_n, first_layer, lens, rank_order,
    speaker_tokens,
)
from helpers.checks.pooling import three_pools, who_pooled
from helpers.checks.readers import run_readers
from helpers.checks.steering import (
    add_vector, blind_order, blind_score, blind_test, own_and_others, usable_band,
)
from helpers.checks.vectors import (
    difference_of_means, mean_pool, planted_place, step_size, strongest,
)
from helpers.checks.watching import alert_spans, outside, pick_threshold, same_acts

__all__ = [
    "a1_layer_rows", "a1_leaked", "a1_peak", "a1_pool", "a1_push", "a1_worst_text",
    "a2_bank", "a2_interval", "a2_leaks", "a2_null", "a2_p", "a2_report", "a2_split",
    "a2_vector", "a3_axis_p", "a3_best", "a3_decide", "a3_interval", "a3_left",
    "a3_report", "a4_effect", "a4_random_controls", "a4_steered_logits", "a4_usable",
    "a4_word_rise", "a4_write_steered", "add_vector", "alert_spans",
    "area_under_curve", "beats_random", "beside_control", "blind_order",
    "blind_score", "blind_test", "bridge", "carried", "catch", "center_set",
    "difference_of_means", "effective_n", "expected_score", "first_layer", "fool",
    "hand_in", "holm", "lens", "mean_pool", "missing", "outside", "own_and_others",
    "partial_r", "patch_row", "pick_threshold", "planted_place", "rank_order",
    "read_layer", "run_readers", "same_acts", "shares_and_mass", "speaker_tokens",
    "step_size", "strongest", "three_pools", "usable_band", "wanting_and_position",
    "which_bug", "who_pooled",
]
