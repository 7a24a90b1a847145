"""Holm's correction against its definition, and on families with nothing in them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from helpers.stats import holm, least_p


def test_holm_steps_down() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.7, 0.9]) == pytest.approx([1, 1])
    assert holm([0.03]) == pytest.approx([0.03])


def test_a_family_without_effects_is_rarely_accused() -> None:
    p = np.random.default_rng(0).random((2000, 8))
    hits = sum(bool((holm(row) <= 0.05).any()) for row in p)
    assert binom.ppf(0.0005, 2000, 0.045) <= hits <= binom.ppf(0.9995, 2000, 0.05)
    assert (p.min(1) <= 0.05).mean() > 0.3


def test_what_a_design_can_reach() -> None:
    assert least_p(19) == pytest.approx(0.05)
    assert least_p(39, 2) == pytest.approx(0.05)
    assert least_p(19, 2) > 0.05
    assert least_p(3, 9) == 1


def test_what_is_no_p_is_refused() -> None:
    with pytest.raises(ValueError, match="from 0 to 1"):
        holm([0.2, 1.2])
    with pytest.raises(ValueError, match="not finite"):
        holm([0.2, np.nan])
    with pytest.raises(ValueError, match="at least one"):
        least_p(0)
