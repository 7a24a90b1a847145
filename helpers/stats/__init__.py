"""Intervals, nulls and power: what stands beside every number."""

from helpers.stats.correlations import correlations, pearson, rank_correlations
from helpers.stats.detection import auc, caught, precision
from helpers.stats.halves import choose, Chosen, halves
from helpers.stats.intervals import (
    bootstrap, bootstrap_statistic, by_layer, Estimate, jackknife, left_out, paired,
    paired_p,
)
from helpers.stats.multiple import holm, least_p
from helpers.stats.nulls import (
    max_null_p, null_p, random_directions, shuffled_labels,
)
from helpers.stats.numbers import brief, number, one_of, told_p, whole
from helpers.stats.power import check_rates, power_of, samples_needed
from helpers.stats.surrogates import cluster_null, geometry_null, smooth_ratings
from helpers.stats.twins import moved, moved_beside, Twins, twins
from helpers.stats.values import (
    as_directions, column, Column, finite, Number, present, Whole, words,
)
from helpers.stats.verdicts import (
    BELOW, beside, BEYOND, CANNOT, Compared, judge, SAME, stuck, Verdict, verdict,
    verdict_table,
)

__all__ = [
    "BELOW", "BEYOND", "CANNOT", "Chosen", "Column", "Compared", "Estimate", "Number",
    "SAME", "Twins", "Verdict", "Whole", "as_directions", "auc", "beside",
    "bootstrap", "bootstrap_statistic", "brief", "by_layer", "caught", "check_rates",
    "choose", "cluster_null", "column", "correlations", "finite", "geometry_null",
    "halves", "holm", "jackknife", "judge", "least_p", "left_out", "max_null_p",
    "moved", "moved_beside", "null_p", "number", "one_of", "paired", "paired_p",
    "pearson", "power_of", "precision", "present", "random_directions",
    "rank_correlations", "samples_needed", "shuffled_labels", "smooth_ratings",
    "stuck", "told_p", "twins", "verdict", "verdict_table", "whole", "words",
]
