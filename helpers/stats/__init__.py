"""Intervals, nulls and power: what stands beside every number."""

from helpers.stats.correlations import pearson, rank_correlations
from helpers.stats.detection import auc, caught, precision, roc
from helpers.stats.halves import Chosen, choose, halves
from helpers.stats.intervals import (
    Estimate, bootstrap, bootstrap_statistic, by_layer, paired,
)
from helpers.stats.multiple import holm, least_p
from helpers.stats.nulls import (
    max_null_p, null_p, permutation_p, random_directions, shuffled_labels, sign_test_p,
)
from helpers.stats.power import check_rates, samples_needed
from helpers.stats.twins import Twins, moved, moved_beside, twins
from helpers.stats.verdicts import verdict

__all__ = [
    "Chosen", "Estimate", "Twins", "auc", "bootstrap", "bootstrap_statistic",
    "by_layer", "caught", "check_rates", "choose", "halves", "holm", "least_p",
    "max_null_p", "moved", "moved_beside", "null_p", "paired", "pearson",
    "permutation_p", "precision", "random_directions", "rank_correlations", "roc",
    "samples_needed", "shuffled_labels", "sign_test_p", "twins", "verdict",
]
