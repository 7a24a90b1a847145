"""One model's figures as a file, compared with others', and what may be claimed."""

from helpers.card.bench import Bench, QUICK, Sizes
from helpers.card.claims import (
    ABSENT, AGAINST, CLAIMS, HOLDS, OPEN, RUNGS, Rung, UNMEASURED, UNTOLD, climb,
    evidence, find_rung, missing_rungs, weigh,
)
from helpers.card.figures.transfer import bridge, same_map
from helpers.card.files import (
    SHIPPED, check_card, compare_cards, compare_pair, judged, labels, load_card,
    load_cards, save_card, told_apart, verdicts,
)
from helpers.card.measure import card
from helpers.card.pitfalls import PITFALLS, Pitfall, load_pitfalls

__all__ = [
    "ABSENT", "AGAINST", "Bench", "CLAIMS", "HOLDS", "OPEN", "PITFALLS", "Pitfall",
    "QUICK", "RUNGS", "Rung", "SHIPPED", "Sizes", "UNMEASURED", "UNTOLD", "bridge",
    "card", "check_card", "climb", "compare_cards", "compare_pair", "evidence",
    "find_rung", "judged", "labels", "load_card", "load_cards", "load_pitfalls",
    "missing_rungs", "same_map", "save_card", "told_apart", "verdicts", "weigh",
]
