"""What a model does: acts, preferences, masks, and a training that hides."""

from helpers.behaviour.act_runs import run_scenes
from helpers.behaviour.acts import act_logprobs, act_rates, first_tokens, steered_rates
from helpers.behaviour.choices import both_ways, pushed_choices
from helpers.behaviour.coupling import Coupled, coupled_beside
from helpers.behaviour.effects import (
    agreement, best_dose, control_gaps, control_spread, effects_by_emotion, gap,
    random_control, rate_table,
)
from helpers.behaviour.masked_talk import (
    HIDER, LINE, PARTNER, TURN, carried, read_chats, read_speakers,
)
from helpers.behaviour.masks import (
    controls, deflection, found_rank, norm_shares, own_and_other, part_means,
    read_parts, through,
)
from helpers.behaviour.outcomes import outcome, pleasantness, strain
from helpers.behaviour.preferences import (
    ASK, bradley_terry, known_answer, letter_prompts, ordered_pairs, prefer_first,
    span_masks, split_push, strength_table, win_matrix,
)
from helpers.behaviour.suppression import (
    axis_limit, by_own_words, by_visible_emotion, EXCHANGE, fitted_limit,
    named_emotions, probe, read_exchanges, replies, valence_axis,
)
from helpers.steering import next_logprobs

__all__ = [
    "ASK", "Coupled", "EXCHANGE", "HIDER", "LINE", "PARTNER", "TURN", "act_logprobs",
    "act_rates", "agreement", "axis_limit", "best_dose", "both_ways", "bradley_terry",
    "by_own_words", "by_visible_emotion", "carried", "control_gaps", "control_spread",
    "controls", "coupled_beside", "deflection", "effects_by_emotion", "first_tokens",
    "fitted_limit", "found_rank", "gap", "known_answer", "letter_prompts",
    "named_emotions", "next_logprobs", "norm_shares", "ordered_pairs", "outcome",
    "own_and_other", "part_means", "pleasantness", "prefer_first", "probe",
    "pushed_choices", "random_control", "rate_table", "read_chats", "read_exchanges",
    "read_parts", "read_speakers", "replies", "run_scenes", "span_masks", "split_push",
    "steered_rates", "strain", "strength_table", "through", "valence_axis",
    "win_matrix",
]
