"""One conversion for whole numbers, and one for numbers."""

import numpy as np
import pandas as pd
import pytest
import torch

from helpers.stats import number, told_p, whole

THREES = [3, np.int64(3), np.uint8(3), np.array(3), torch.tensor(3)]
NOT_WHOLE = [
    2.5, 2.0, np.float32(2), np.array(2.5), torch.tensor(2.0), True, np.True_,
    torch.tensor(True), np.array(True), "2", np.str_("2"), b"2", None, pd.NA,
    float("nan"), [2], np.array([2]), torch.tensor([2]), np.ma.masked, pd.Series([2]),
]  # fmt: skip
NO_NUMBERS = [
    True, np.True_, torch.tensor(True), "2", np.str_("2"), np.array("2"), None, pd.NA,
    pd.NaT, 1j, [2.0], np.array([2.0]), torch.tensor([2.0]), pd.Series([2.0]),
]  # fmt: skip


def test_a_p_value_is_never_told_as_zero() -> None:
    assert told_p(0.0123) == "p = 0.012"
    assert told_p(1 / 1000) == "p = 0.001"
    assert told_p(1 / 10_000) == told_p(0.0) == "p < 0.001"
    assert told_p(1.0) == "p = 1.000"


@pytest.mark.parametrize("given", THREES, ids=repr)
def test_whole_numbers_come_out_as_int(given):
    assert whole(given, "n", least=3) == 3
    assert type(whole(given, "n")) is int


@pytest.mark.parametrize("given", NOT_WHOLE, ids=repr)
def test_what_is_not_whole_is_refused(given):
    with pytest.raises(ValueError, match=r"(?s)^n .*not a whole number"):
        whole(given, "n")


def test_a_whole_number_has_its_least():
    with pytest.raises(ValueError, match=r"^n is 0: pass 1 or more$"):
        whole(np.int32(0), "n", least=1)
    assert whole(-4, "n") == -4


@pytest.mark.parametrize(
    "given",
    [3, 3.0, *THREES, np.float16(3), np.array(3.0), torch.tensor(3.0).bfloat16()],
    ids=repr,
)
def test_numbers_come_out_as_float(given):
    assert number(given, "n") == 3.0
    assert type(number(given, "n")) is float


@pytest.mark.parametrize("given", NO_NUMBERS, ids=repr)
def test_what_is_no_number_is_refused(given):
    with pytest.raises(ValueError, match=r"(?s)^n .*not a number"):
        number(given, "n")


@pytest.mark.parametrize("given", [np.nan, -np.inf, np.float32("nan"), 10**400])
def test_what_is_not_finite_is_refused(given):
    with pytest.raises(ValueError, match=r"(?s)^n .*(finite|not a) number"):
        number(given, "n")


def test_a_number_keeps_its_bounds():
    assert number(np.inf, "n", finite=False) == np.inf
    with pytest.raises(ValueError, match=r"^n is nan"):
        number(torch.tensor(torch.nan), "n", finite=False)
    with pytest.raises(ValueError, match=r"^n is -0.5: pass 0 or more$"):
        number(-0.5, "n", least=0)
    with pytest.raises(ValueError, match=r"^n is 0.0: pass more than 0$"):
        number(0, "n", above=0)
