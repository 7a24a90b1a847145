"""One model's figures as a file, compared with others', and what may be claimed."""

from helpers.card.bench import Bench, QUICK, Sizes
from helpers.card.claims import (
    ABSENT, AGAINST, CLAIMS, climb, evidence, find_rung, HOLDS, load_pitfalls,
    missing_rungs, OPEN, Rung, RUNGS, UNMEASURED, UNTOLD, weigh,
)
from helpers.card.clock import forecast, load_passes, PASSES, reading_speed
from helpers.card.figures.transfer import bridge, same_map
from helpers.card.files import (
    check_card, compare_cards, compare_pair, judged, labels, load_card, load_cards,
    save_card, SHIPPED, told_apart, verdicts,
)
from helpers.card.measure import card, PARTS

__all__ = [
    "ABSENT", "AGAINST", "Bench", "CLAIMS", "HOLDS", "OPEN", "PARTS", "PASSES",
    "QUICK", "RUNGS", "Rung", "SHIPPED", "Sizes",
    "UNMEASURED", "UNTOLD", "bridge", "card", "check_card", "climb",
    "compare_cards", "compare_pair", "evidence", "find_rung", "forecast", "judged",
    "labels", "load_card", "load_cards", "load_passes", "load_pitfalls",
    "missing_rungs", "reading_speed", "same_map", "save_card", "told_apart",
    "verdicts", "weigh",
]
