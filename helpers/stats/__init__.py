"""Intervals, nulls and power: what stands beside every number."""

from helpers.stats.correlations import pearson, rank_correlations
from helpers.stats.detection import auc, caught, precision, roc
from helpers.stats.intervals import (
    Estimate, bootstrap, bootstrap_statistic, by_layer, paired,
)
from helpers.stats.multiple import holm, least_p
from helpers.stats.nulls import (
    max_null_p, null_p, permutation_p, random_directions, shuffled_labels, sign_test_p,
)
from helpers.stats.power import check_rates, samples_needed
from helpers.stats.values import (
    Column, Number, Whole, as_directions, column, finite, number, present, whole, words,
)
from helpers.stats.verdicts import verdict

__all__ = [
    "Column", "Estimate", "Number", "Whole", "as_directions", "auc", "bootstrap",
    "bootstrap_statistic", "by_layer", "caught", "check_rates", "column", "finite",
    "holm", "least_p", "max_null_p", "null_p", "number", "paired", "pearson",
    "permutation_p", "precision", "present", "random_directions", "rank_correlations",
    "roc", "samples_needed", "shuffled_labels", "sign_test_p", "verdict", "whole",
    "words",
]
