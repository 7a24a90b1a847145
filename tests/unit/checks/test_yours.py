"""Data of a learner's own: always the same, nobody else's, and one thing to find."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from helpers.checks import yours
from helpers.datasets import load_stories
from helpers.models import default_layer, load_model

SOME = [f"student {n}" for n in range(60)]


def test_an_id_is_the_same_however_it_is_typed() -> None:
    first, _, said = yours.doses("Ana Lima")
    for typed in ("ana-lima", " ANA_LIMA ", "ａｎａlima"):
        again, _, same = yours.doses(typed)
        assert first.equals(again)
        assert said == same
    assert not first.equals(yours.doses("Ben")[0])


def test_nobody_s_data_say_so(capsys: pytest.CaptureFixture[str]) -> None:
    yours.doses("your-id")
    assert "put your own id" in capsys.readouterr().out


def usable(doses: pd.DataFrame, limit: float, flaw: str) -> list[float]:
    """A4's rule with one flaw, row by row."""
    plain = {r.prompt: r.surprise for r in doses.itertuples() if r.strength == 0}
    found = []
    for strength in sorted(set(doses["strength"]) - {0.0}):
        part = doses[doses["strength"] == strength]
        turn = -1 if strength < 0 and flaw != "one way only" else 1
        mean = {d: turn * part[part["direction"] == d]["effect"].mean()
                for d in part["direction"].unique()}  # fmt: skip
        own = mean.pop("own")
        kept = part[(part["direction"] == "own") & part["surprise"].notna()]
        added = [r.surprise - plain[r.prompt] for r in kept.itertuples()]
        price = np.mean(added)
        if flaw == "other prompts":
            price = kept["surprise"].mean() - np.mean(list(plain.values()))
        controls = list(mean.values())
        rival = np.mean(controls) if "mean" in flaw else max(controls)
        if own > max(0, rival) and price <= limit:
            found.append(float(strength))
    return found


def test_a_colleague_s_band_has_one_flaw() -> None:
    """Each of the flaws, and the rule itself, would say something else."""
    flaws = Counter()
    for learner in SOME:
        doses, limit, said = yours.doses(learner)
        right = usable(doses, limit, "")
        each = {flaw: usable(doses, limit, flaw) for flaw in yours.RULES}
        (flaw,) = [name for name in each if each[name] == said]
        assert right != said
        flaws[flaw] += 1
    assert set(flaws) == set(yours.RULES)


def test_a_claim_is_a_confound_s() -> None:
    from helpers.vectors import geometry

    for learner in SOME[:8]:
        table, axis = yours.claim(learner)
        left = []
        for name in ("topic", "person", "length", "norm"):
            known = pd.get_dummies(table[[name]], drop_first=True).to_numpy(float)
            pair = [geometry.left_over(table[c], known) for c in (axis, "rating")]
            left.append(abs(geometry.correlation(*pair)))
        least, other, *_ = sorted(left)
        assert least < 0.1
        assert other > 0.2
        assert abs(geometry.correlation(table[axis], table["rating"])) > 0.2


def test_the_kinds_differ_in_one_sentence_alone() -> None:
    for learner in SOME[:6]:
        train, test = yours.stories(learner)
        assert not set(train["topic"]) & set(test["topic"])
        own = train["kind"] == "mine"
        each = train.groupby("topic")["kind"].value_counts().unique()
        assert len(each) == 1, "as many of both in every topic"
        gaps = []
        for sentence in yours.DULL:
            has = train["text"].str.contains(sentence, regex=False)
            gaps.append(abs(has[own].mean() - has[~own].mean()))
        *_, other, most = sorted(gaps)
        assert most > 0.6
        assert other < 0.35
        cue = yours.DULL[int(np.argmax(gaps))]
        cut = train["text"].str.replace(" " + cue, "", regex=False)
        lengths = cut.str.count(r"[.!?]").groupby(train["kind"]).mean()
        assert abs(lengths["mine"] - lengths["other"]) < 0.5, "nothing else is left"


def test_a_colleague_s_means_have_one_flaw() -> None:
    model: Any = load_model("tiny", device="cpu")
    texts, theirs = yours.means(model, "ana")
    rows, mask = yours.batch(model, texts, default_layer(model))
    right = torch.stack(
        [own[real][1:].mean(0) for own, real in zip(rows, mask, strict=True)]
    )
    far = (theirs - right).norm(dim=-1).sort(descending=True).values
    assert far[0] > 0.01 * right.norm(dim=-1).mean()
    assert far[0] > 1.005 * far[1], "one text is moved farthest"
    assert len(set(texts)) == 12


def test_a_lock_fits_one_prediction_and_one_id() -> None:
    code = yours.lock("ana", "At 0.2 by at least 0.5 nats.")
    assert code == yours.lock("Ana", " At 0.2 by  at least\n0.5 nats. ")
    assert len(code) == 8
    assert code.isalpha()
    assert code != yours.lock("ana", "At 0.2 by at least 0.4 nats.")
    assert code != yours.lock("ben", "At 0.2 by at least 0.5 nats.")


def test_a_learner_s_emotions_are_their_own_for_both_models() -> None:
    """The first is asked about; more of them begin with the same ones."""
    firsts = Counter(yours.emotions(learner, 8)[0] for learner in SOME)
    assert len(firsts) > 40
    few, many = yours.emotions("ana", 8), yours.emotions("ana", 40)
    assert many[:8] == few
    assert len(set(many)) == 40
    for name in ("tiny", "smollm2"):
        told = load_stories(load_model(name), emotions=many)
        assert set(told["emotion"]) == set(many)
