"""One rule for verdicts: what must be found, what must not, and what cannot be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import binom, ttest_rel

from helpers.stats import (
    Compared,
    Estimate,
    beside,
    holm,
    judge,
    null_p,
    paired,
    stuck,
    verdict_table,
)
from helpers.stats.verdicts import BELOW, BEYOND, CANNOT, SAME


def one(
    value: float, low: float, high: float, p: float = 0.001, draws: int | None = 999
) -> Compared:
    return Compared(value, 0.0, Estimate(value, low, high), p, draws)


def word(test: Compared) -> str:
    return judge({"it": test})["it"].word


def test_both_an_interval_and_a_p_are_needed() -> None:
    assert word(one(0.5, 0.1, 0.9)) == BEYOND
    assert word(one(-0.5, -0.9, -0.1)) == BELOW
    assert word(one(0.5, -0.1, 0.9)) == SAME
    assert word(one(0.5, 0.1, 0.9, p=0.051)) == SAME
    assert word(one(0.5, 0.1, 0.9, p=0.05)) == BEYOND
    assert word(one(0.5, 0.0, 0.9)) == SAME


def test_several_tests_are_counted() -> None:
    lucky = one(0.5, 0.1, 0.9, p=0.02)
    assert word(lucky) == BEYOND
    many = judge({"it": lucky} | {f"t{i}": one(0.1, -1, 1, p=0.6) for i in range(3)})
    assert many["it"].word == SAME
    assert many["it"].p == pytest.approx(holm([0.02, 0.6, 0.6, 0.6])[0])
    assert many["it"].family == 4
    assert "Holm is 0.08" in many["it"].reason


def test_what_no_result_could_have_shown_cannot_be_told() -> None:
    few = judge({"it": one(0.9, 0.5, 1.3, p=1 / 16, draws=15)})["it"]
    assert (few.word, few.p) == (CANNOT, 1 / 16)
    assert "15 draws allow no p below 0.062" in few.reason
    assert word(one(0.1, -0.3, 0.4, p=0.8, draws=15)) == CANNOT  # and no null, either
    assert word(one(0.9, -np.inf, np.inf)) == CANNOT
    end = Compared(0.0, 0.0, Estimate(0.0, 0.0, 0.0), 1.0, 999, stuck([0.0, 0.0]))
    assert judge({"it": end})["it"].reason == "every score is 0"


def test_draws_are_enough_where_the_others_are_sure() -> None:
    """39 draws and a family of two: .025 counts twice, unless the other comes first."""
    own, sure = one(0.9, 0.5, 1.3, p=0.025, draws=39), one(0.9, 0.5, 1.3, p=1e-4)
    unsure = one(0.1, -1, 1, p=0.7)
    assert judge({"own": own, "other": sure})["own"].word == BEYOND
    assert judge({"own": own, "a": unsure, "b": unsure})["own"].word == CANNOT


def simulated(rng: Any, effect: float) -> str:
    """Eight groups of ten items beside a control, and 99 draws of that control."""
    groups = np.repeat(np.arange(8), 10)
    hard = rng.normal(size=8)[groups]
    real = hard + rng.normal(size=80) + effect
    draws = hard + rng.normal(size=(99, 80))
    control = draws.mean(0)
    spread = draws.mean(1) - control.mean()
    p = null_p(real.mean() - control.mean(), spread)
    apart = paired(real, control, groups)
    return word(Compared(real.mean(), control.mean(), apart, p, 99))


def test_a_planted_effect_is_beyond_and_nothing_is_not() -> None:
    words = {e: [simulated(np.random.default_rng(s), e) for s in range(120)]
             for e in (0.8, 0.0, -0.8)}  # fmt: skip
    assert words[0.8].count(BEYOND) >= 110
    assert words[-0.8].count(BELOW) >= 110
    wrong = words[0.0].count(BEYOND) + words[0.0].count(BELOW)
    assert wrong <= binom.ppf(0.9995, 120, 0.05)


def test_scores_that_are_stuck_say_why() -> None:
    assert stuck([0.5] * 4) == "every score is 0.5"
    rare = np.r_[np.zeros(97), 0.4, 0.5, 1.0]
    assert stuck(rare, floor=0.0, ceiling=1.0) == "97% of the scores are at the floor"
    assert "ceiling" in stuck(1 - rare / 60, floor=0.0, ceiling=1.0)
    assert stuck(rare) == ""
    assert stuck(np.linspace(0, 1, 40), floor=0.0, ceiling=1.0) == ""
    with pytest.raises(ValueError, match="1 of 2 scores are not finite"):
        stuck([np.nan, 1.0])


def test_a_table_shows_the_interval_behind_each_word() -> None:
    table = verdict_table(judge({"a": one(0.5, 0.1, 0.9), "b": one(0.1, -0.2, 0.4)}))
    assert list(table["word"]) == [BEYOND, SAME]
    row = table.set_index("figure").loc["b"]
    assert (row["low"], row["high"], row["family"]) == (-0.2, 0.4, 2)
    assert list(table.columns[:6]) == [
        "figure", "value", "control", "difference", "low", "high"
    ]  # fmt: skip


def test_a_reading_beside_its_rival_is_a_paired_t_test() -> None:
    rng = np.random.default_rng(0)
    one, other = rng.normal(0.3, 1, 20), rng.normal(0, 1, 20)
    test, real = beside(one, other, None, "tasks"), ttest_rel(one, other)
    low, high = real.confidence_interval()
    assert test.difference == pytest.approx(((one - other).mean(), low, high))
    assert test.p == pytest.approx(real.pvalue)
    assert (test.value, test.control) == pytest.approx((one.mean(), other.mean()))
    assert test.groups == "20 tasks"
    twice = beside(np.repeat(one, 2), np.repeat(other, 2), np.repeat(range(20), 2), "t")
    assert twice.p == pytest.approx(real.pvalue)
    assert twice.groups == "20 t"
    deaf = beside(one, other, None, "tasks", stuck="all are 0")
    assert judge({"it": deaf})["it"].reason == "all are 0"


def test_a_test_turned_around_says_the_opposite() -> None:
    up = one(0.5, 0.1, 0.9)
    assert word(-up) == BELOW
    assert (-up).difference == Estimate(-0.5, -0.9, -0.1)
    assert str((-up).control) == "0.0"
    down = -up
    assert -down == up
