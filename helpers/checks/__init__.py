"""Checks of exercises and assignments: a learner's function in, advice out."""

from helpers.checks import yours
from helpers.checks.acts import (
    beats_random, sentence_for_paper, usable_wordings, what_moved,
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
from helpers.checks.cards import card_minutes, comparable
from helpers.checks.claims import beside_control, bridge, holm, missing, which_rung
from helpers.checks.dealt import deal_signs
from helpers.checks.hand_in import hand_in
from helpers.checks.hidden import at_level, outside, same_acts, what_happened
from helpers.checks.inside import patch_row, read_layer, which_bug
from helpers.checks.judging import three_numbers, which_control
from helpers.checks.maps import catch, fool, partial_r
from helpers.checks.meaning import (
    area_under_curve, carried, center_on_others, effective_n, first_layer,
    rank_order, speaker_tokens,
)
from helpers.checks.nameless import describe_vectors, three_vectors, which_vector
from helpers.checks.pooling import three_pools, who_pooled
from helpers.checks.readers import run_readers
from helpers.checks.steering import (
    blind_order, blind_score, blind_test, fading, own_and_others, which_writer,
)
from helpers.checks.twins import TWIN_OF, write_twin
from helpers.checks.vectors import (
    difference_of_means, mean_pool, planted_place, step_size,
)
from helpers.checks.watching import (
    alert_spans, answer_alarm, choose_and_tell, pick_threshold,
)
from helpers.checks.writers import run_writers

__all__ = [
    "TWIN_OF", "a1_layer_rows", "a1_leaked", "a1_peak", "a1_pool", "a1_push",
    "a1_worst_text", "a2_bank", "a2_interval", "a2_leaks", "a2_null", "a2_p",
    "a2_report", "a2_split", "a2_vector", "a3_axis_p", "a3_best", "a3_decide",
    "a3_interval", "a3_left", "a3_report", "a4_effect", "a4_random_controls",
    "a4_steered_logits", "a4_usable", "a4_word_rise", "a4_write_steered",
    "alert_spans", "answer_alarm", "area_under_curve", "at_level", "beats_random",
    "beside_control", "blind_order", "blind_score", "blind_test", "bridge",
    "card_minutes", "carried", "catch", "center_on_others", "choose_and_tell",
    "comparable", "deal_signs", "describe_vectors", "difference_of_means",
    "effective_n", "fading", "first_layer", "fool", "hand_in", "holm", "mean_pool",
    "missing", "outside", "own_and_others", "partial_r", "patch_row",
    "pick_threshold", "planted_place", "rank_order", "read_layer", "run_readers",
    "run_writers", "same_acts", "sentence_for_paper", "speaker_tokens", "step_size",
    "three_numbers", "three_pools", "three_vectors", "usable_wordings",
    "what_happened", "what_moved", "which_bug", "which_control", "which_rung",
    "which_vector", "which_writer", "who_pooled", "write_twin", "yours",
]
