"""The arrows stand at the angle that the means have."""

from __future__ import annotations

import numpy as np
import torch

from helpers.show import drag_center
from helpers.show.panels.centering import centering_rows


def test_the_arrows_stand_at_the_true_angle() -> None:
    means = torch.randn(5, 7) + 4
    frame = centering_rows(means, list("abcde"), ("b", "d"))
    for taken, part in frame.groupby("taken"):
        one, other = (
            means[i] - taken / 100 * means.mean(0)
            for i in (1, 3)  # type: ignore[operator]
        )
        tips = part[["x", "y"]].to_numpy()
        np.testing.assert_allclose(np.linalg.norm(tips, axis=1), 1)
        right = float(one @ other / one.norm() / other.norm())
        np.testing.assert_allclose(tips[0] @ tips[1], right, atol=1e-4)
        np.testing.assert_allclose(part["cosine"], right, atol=1e-4)


def test_a_slider_takes_the_shared_part_away() -> None:
    spec = drag_center(torch.randn(4, 6), list("abcd"), ("a", "c")).to_dict()
    (control,) = [p for p in spec["params"] if "bind" in p]
    assert (control["bind"]["min"], control["bind"]["max"]) == (0, 100)
    assert "a and c" in spec["title"]["text"]
