"""What a model does: acts, preferences, masks, and a training that hides."""

from helpers.behaviour.act_runs import (
    compare, measure_steering, run_scenes, state_gaps, summarize,
)
from helpers.behaviour.acts import act_logprobs, act_rates, first_tokens, steered_rates
from helpers.behaviour.effects import (
    agreement, at_dose, best_dose, control_gaps, control_spread, effects_by_emotion,
    gap, random_control, rate_table,
)
from helpers.behaviour.liking import liked_in_words, liking
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
    by_own_words, measure_inside, measure_words, probe, replies, valence_axis,
)
from helpers.steering import next_logprobs

__all__ = [
    "ASK", "HIDER", "LINE", "PARTNER", "TURN", "act_logprobs", "act_rates", "agreement",
    "at_dose", "best_dose", "bradley_terry", "by_own_words", "carried", "compare",
    "control_gaps", "control_spread", "controls", "deflection", "effects_by_emotion",
    "first_tokens", "found_rank", "gap", "known_answer", "letter_prompts",
    "liked_in_words", "liking", "measure_inside", "measure_steering", "measure_words",
    "next_logprobs", "norm_shares", "ordered_pairs", "outcome", "own_and_other",
    "part_means", "pleasantness", "prefer_first", "probe", "random_control",
    "rate_table", "read_chats", "read_parts", "read_speakers", "replies", "run_scenes",
    "span_masks", "split_push", "state_gaps", "steered_rates", "strain",
    "strength_table", "summarize", "through", "valence_axis", "win_matrix",
]
