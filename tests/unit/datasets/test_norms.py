"""Human ratings of the emotions beside our own."""

from __future__ import annotations

import pandas as pd
import pytest

from helpers.datasets import load_emotions, load_norms
from helpers.datasets.emotions import GLASGOW


def test_people_rated_82_of_our_words() -> None:
    norms = load_norms()
    assert len(norms) == 82
    assert norms["emotion"].is_unique
    assert set(norms["emotion"]) <= set(load_emotions()["emotion"])
    assert norms[["valence", "arousal"]].abs().to_numpy().max() <= 1
    assert norms["cluster"].notna().all()


def test_scales_run_from_minus_one_to_one() -> None:
    raw, norms = pd.read_csv(GLASGOW).set_index("word"), load_norms()
    at = norms.set_index("emotion")
    for scale in ("valence", "arousal"):
        assert raw.loc["happy", scale] == pytest.approx(5 + 4 * at.loc["happy", scale])
        assert raw.loc["sad", f"{scale}_sd"] == pytest.approx(
            4 * at.loc["sad", f"{scale}_sd"]
        )
    assert at.loc["happy", "valence"] > 0.5 > -0.5 > at.loc["sad", "valence"]
    assert at.loc["excited", "arousal"] > 0 > at.loc["bored", "arousal"]


def test_ours_agree_with_people() -> None:
    ours = load_norms("ours").set_index("emotion")
    people = load_norms().set_index("emotion")
    assert len(ours) == 171
    for scale, r in (("valence", 0.97), ("arousal", 0.70)):
        both = ours[scale].reindex(people.index)
        assert both.corr(people[scale]) == pytest.approx(r, abs=0.005)


def test_other_norms_are_an_error() -> None:
    with pytest.raises(ValueError, match="glasgow"):
        load_norms("other")
