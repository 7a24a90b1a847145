"""Intervals, nulls and power: what stands beside every number."""

from helpers.stats.correlations import correlations, pearson, rank_correlations
from helpers.stats.detection import auc, caught, precision, roc
from helpers.stats.intervals import (
    Estimate, bootstrap, bootstrap_statistic, by_layer, paired,
)
from helpers.stats.multiple import holm, least_p
from helpers.stats.nulls import (
    max_null_p, null_p, permutation_p, random_directions, shuffled_labels, sign_test_p,
)
from helpers.stats.power import check_rates, samples_needed
from helpers.stats.surrogates import cluster_null, geometry_null
from helpers.stats.verdicts import (
    BELOW, BEYOND, CANNOT, Compared, SAME, Verdict, judge, stuck, verdict,
    verdict_table,
)

__all__ = [
    "BELOW", "BEYOND", "CANNOT", "Compared", "Estimate", "SAME", "Verdict", "auc",
    "bootstrap", "bootstrap_statistic", "by_layer", "caught", "check_rates",
    "cluster_null", "correlations", "geometry_null", "holm", "judge", "least_p",
    "max_null_p", "null_p", "paired", "pearson", "permutation_p", "precision",
    "random_directions", "rank_correlations", "roc", "samples_needed",
    "shuffled_labels", "sign_test_p", "stuck", "verdict", "verdict_table",
]
