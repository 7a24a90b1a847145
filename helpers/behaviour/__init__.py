"""What a model does: acts, preferences, masks, and a training that hides."""

from helpers.behaviour.act_runs import run_scenes
from helpers.behaviour.acts import act_logprobs, act_rates, first_tokens, steered_rates
from helpers.behaviour.choices import both_ways, pushed_choices
from helpers.behaviour.coupling import Coupled, coupled_beside
from helpers.behaviour.effects import (
    agreement, at_dose, best_dose, control_gaps, effects_by_emotion,
    gap, random_control,
)
from helpers.behaviour.liking import liked_in_words, liking
from helpers.behaviour.masked_talk import (
    carried, HIDER, LINE, PARTNER, read_chats, read_speakers, TURN,
)
from helpers.behaviour.masks import (
    controls, deflection, found_rank, part_means, read_parts, through,
)
from helpers.behaviour.outcomes import outcome
from helpers.behaviour.preferences import (
    ASK, bradley_terry, letter_prompts, ordered_pairs, prefer_first, span_masks,
    split_push, win_matrix,
)
from helpers.behaviour.suppression import (
    axis_limit, by_own_words, by_visible_emotion, EXCHANGE, fitted_limit,
    named_emotions, probe, read_exchanges, replies, valence_axis,
)
from helpers.steering import next_logprobs

__all__ = [
    "ASK", "Coupled", "EXCHANGE", "HIDER", "LINE", "PARTNER", "TURN",
    "act_logprobs", "act_rates", "agreement", "at_dose", "axis_limit", "best_dose",
    "both_ways", "bradley_terry", "by_own_words", "by_visible_emotion", "carried",
    "control_gaps", "controls", "coupled_beside", "deflection",
    "effects_by_emotion", "first_tokens", "fitted_limit", "found_rank", "gap",
    "letter_prompts", "liked_in_words", "liking", "named_emotions", "next_logprobs",
    "ordered_pairs", "outcome", "part_means", "prefer_first", "probe",
    "pushed_choices", "random_control", "read_chats", "read_exchanges",
    "read_parts", "read_speakers", "replies", "run_scenes", "span_masks",
    "split_push", "steered_rates", "through", "valence_axis", "win_matrix",
]
