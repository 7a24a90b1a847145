"""Claims and their rungs, the bridge between models, and the checks of 13 and 14."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from helpers import checks
from helpers.card import (
    ABSENT,
    AGAINST,
    CLAIMS,
    HOLDS,
    OPEN,
    RUNGS,
    UNMEASURED,
    UNTOLD,
    Bench,
    Sizes,
    bridge,
    claims,
    same_map,
)
from helpers.card.measure import FIGURES
from helpers.vectors import map_rows


def made(value: float, low: float, high: float, draws: int = 999) -> dict[str, Any]:
    control = {"name": "random", "value": 0.0, "low": -0.1, "high": 0.1}
    own = {"value": value, "low": low, "high": high}
    left = {f"g{i}": value for i in range(8)}
    about = {"p": 1 / (1 + draws), "draws": draws, "left out": left}
    return own | {"control": control, "difference": own} | about


GOOD, NULL, BAD = made(0.5, 0.4, 0.6), made(0.05, -0.2, 0.2), made(-0.5, -0.6, -0.4)
UNSURE = made(0.5, 0.4, 0.6, draws=9)


def a_card(**figures: Any) -> dict[str, Any]:
    return {"figures": {f: GOOD for f in FIGURES} | figures}


def test_every_rung_names_figures_that_cards_have() -> None:
    names = [rung.name for rung in RUNGS]
    assert len(set(names)) == len(names)
    used = {f for rung in RUNGS for f in rung.figures}
    assert used <= set(FIGURES)
    for claim in CLAIMS:
        assert set(claim.rungs) <= set(names)
        assert list(claim.rungs) == [n for n in names if n in claim.rungs]
        for rung, only in claim.only.items():
            assert set(only) <= set(claims.find_rung(rung).figures)
    with pytest.raises(KeyError, match="no rung 'proved'"):
        claims.find_rung("proved")


def test_a_rung_holds_fails_or_is_not_measured() -> None:
    def at(name: str, **figures: Any) -> str:
        return claims.status(a_card(**figures), claims.find_rung(name))

    assert at("decodable") == HOLDS
    assert at("decodable", auc=NULL) == ABSENT
    assert at("decodable", auc=BAD) == AGAINST
    assert at("decodable", auc={"skipped": "too long"}) == UNMEASURED
    assert at("causal on acts", cheating=NULL) == ABSENT  # one act is not enough
    assert at("causal on acts", cheating=NULL, blackmail=BAD) == AGAINST
    assert at("causal on acts", blackmail=BAD) == AGAINST
    assert at("decodable", auc=UNSURE) == UNTOLD
    assert at("decodable", auc=UNSURE, accuracy=NULL) == ABSENT
    assert at("decodable", auc=UNSURE, accuracy={"skipped": ""}) == UNMEASURED
    assert at("a state") == OPEN  # it can be refuted, and never shown
    assert at("a state", lasting=NULL) == ABSENT
    assert at("felt") == OPEN


def test_no_card_makes_the_last_claims_hold() -> None:
    best = a_card()
    gaps = {claim.text: claims.missing_rungs(best, claim) for claim in CLAIMS}
    assert [text for text, gap in gaps.items() if gap] == [c.text for c in CLAIMS[-2:]]
    assert gaps[CLAIMS[-1].text] == ["a state", "felt"]


def test_a_claim_is_worth_its_weakest_rung() -> None:
    cheat = next(c for c in CLAIMS if "cheat" in c.text)
    assert claims.missing_rungs(a_card(cheating=NULL), cheat) == ["causal on acts"]
    assert claims.missing_rungs(a_card(blackmail=NULL), cheat) == []
    below = a_card(blackmail=BAD)  # the claim is about cheating: the rung is not
    assert claims.missing_rungs(below, cheat) == ["causal on acts"]
    table = claims.weigh(a_card(messages=NULL), cheat).set_index("rung")
    assert table.loc["transferable", "status"] == ABSENT
    assert table.loc["geometric", "status"] == "not needed"
    assert "0.05 [-0.20, 0.20]" in table.loc["transferable", "evidence"]
    assert list(claims.climb(a_card())["rung"]) == [rung.name for rung in RUNGS]


def test_rows_are_carried_over_a_planted_map() -> None:
    generator = torch.Generator().manual_seed(0)
    a = torch.randn(200, 6, generator=generator) + 5
    turn = torch.randn(6, 9, generator=generator)
    there = map_rows(a[:150], a[:150] @ turn - 3, a[150:], ridge=1e-9)
    assert torch.allclose(there, a[150:] @ turn - 3, atol=1e-3)
    strong = map_rows(a[:150], a[:150] @ turn - 3, a[150:], ridge=1e6)
    middle = (a[:150] @ turn - 3).mean(0)
    assert torch.allclose(strong, middle.expand(50, -1), atol=1e-2)
    with pytest.raises(ValueError, match="150 rows against 149"):
        map_rows(a[:150], a[:149], a)


class Plain(Bench):
    """A bench whose texts are rows of numbers: `read` looks them up."""

    def read(self, texts: Any) -> torch.Tensor:
        return torch.stack([self.model[text] for text in texts])


def plain_bench(rows: dict[str, torch.Tensor], stories: pd.DataFrame) -> Plain:
    from helpers.vectors import (
        EmotionVectors,
        difference_of_means,
        mean_of_means,
    )

    bench = Plain(rows, stories, [], 0, 0, Sizes(shuffled=2))
    means, labels = bench.read(bench.train["text"]), list(bench.train["emotion"])
    vectors, names = difference_of_means(means, labels)
    middle = mean_of_means(means, labels)
    made = EmotionVectors(vectors, names, 0, "rows", 1.0, middle, 0)
    bench.__dict__["means"], bench.__dict__["vectors"] = means, made
    return bench


@pytest.fixture(scope="module")
def twins() -> tuple[Plain, Plain, Plain]:
    """A space, the same one turned, and one where nothing corresponds."""
    generator = torch.Generator().manual_seed(3)
    turn = torch.linalg.qr(torch.randn(12, 12, generator=generator))[0]
    rows = []
    for e in range(16):
        for topic, split in enumerate(["train"] * 6 + ["test"] * 5):
            rows.append((f"e{e}", f"t{topic}", split, f"e{e} t{topic}"))
    stories = pd.DataFrame(rows, columns=["emotion", "topic", "split", "text"])
    centers = 2 * torch.randn(16, 12, generator=generator)
    strange = 2 * torch.randn(16, 12, generator=generator)

    def told(at: torch.Tensor) -> dict[str, torch.Tensor]:
        noise = 0.3 * torch.randn(len(stories), 12, generator=generator)
        places = [int(e[1:]) for e in stories["emotion"]]
        return dict(zip(stories["text"], at[places] + noise, strict=True))

    each = (told(centers), told(centers @ turn + 4), told(strange))
    return tuple(plain_bench(rows, stories) for rows in each)  # type: ignore[return-value]


def test_a_turned_space_is_crossed_and_a_strange_one_is_not(twins: Any) -> None:
    one, turned, strange = twins
    found, lost = bridge(one, turned), bridge(one, strange)
    assert found["value"] > 0.8 > lost["value"] + 0.3
    assert found["low"] > found["control"]["high"]
    assert found["beside"]["chance"] == pytest.approx(1 / 8)
    alike, apart = same_map(one, turned), same_map(one, strange)
    assert alike["value"] > 0.9
    assert alike["low"] > alike["control"]["high"]
    assert apart["low"] < apart["control"]["high"]
    with pytest.raises(ValueError, match="other stories"):
        bridge(one, Plain({}, one.stories.head(40), [], 0, 0))


Check = Callable[..., bool]


def said(check: Check, function: Any, capsys: Any) -> tuple[bool, str]:
    passed = check(function)
    return passed, capsys.readouterr().out


def right_beside(difference: dict, p: float, n: int) -> str:
    if n * p > 0.05 or difference["low"] <= 0 <= difference["high"]:
        return "not told apart"
    return "beyond" if difference["low"] > 0 else "below"


BESIDE = {
    "Return": lambda d, p, n: d["low"] > 0,
    "lies beyond": lambda d, p, n: "not told apart",
    "too unsure": lambda d, p, n: "beyond" if p * n < 0.05 else "not told apart",
    "Alone": lambda d, p, n: "beyond" if d["low"] > 0 else "not told apart",
    "count them": lambda d, p, n: right_beside(d, p, 1),
    "a finding, too": lambda d, p, n: right_beside(d, p, n).replace(
        "below", "not told apart"
    ),
    "ends at 0": lambda d, p, n: (
        "beyond" if d["low"] == 0 and n * p <= 0.05 else right_beside(d, p, n)
    ),
}


@pytest.mark.parametrize("advice", BESIDE)
def test_mistakes_beside_a_control(advice: str, capsys: Any) -> None:
    passed, text = said(checks.beside_control, BESIDE[advice], capsys)
    assert not passed
    assert advice in text


def right_bridge(a: Any, b: Any, new: Any) -> Any:
    weights = torch.linalg.lstsq(a - a.mean(0), b - b.mean(0)).solution
    return (new - a.mean(0)) @ weights + b.mean(0)


def no_middle(a: Any, b: Any, new: Any) -> Any:
    return new @ torch.linalg.lstsq(a, b).solution


def own_middle(a: Any, b: Any, new: Any) -> Any:
    weights = torch.linalg.lstsq(a - a.mean(0), b - b.mean(0)).solution
    return (new - new.mean(0)) @ weights + b.mean(0)


BRIDGES = {
    "straight fit through 0": no_middle,
    "mean of the new rows": own_middle,
    "middle of the second model is missing": lambda a, b, n: (
        right_bridge(a, b, n) - b.mean(0)
    ),
    "carry the new ones": lambda a, b, n: right_bridge(a, b, a),
    "still as wide": lambda a, b, n: n,
    "should be a tensor": lambda a, b, n: right_bridge(a, b, n).tolist(),
}


@pytest.mark.parametrize("advice", BRIDGES)
def test_mistakes_on_the_bridge(advice: str, capsys: Any) -> None:
    passed, text = said(checks.bridge, BRIDGES[advice], capsys)
    assert not passed
    assert advice in text


def right_missing(needs: Any, found: Any) -> list[str]:
    return [rung for rung in needs if found.get(rung) != "holds"]


MISSING = {
    "rungs that hold": lambda n, f: [r for r in n if f.get(r) == "holds"],
    "is no gap": lambda n, f: [r for r in f if f[r] != "holds"],
    "points the other way is a gap": lambda n, f: [
        r for r in n if f.get(r) == "not found"
    ],
    "nobody measured": lambda n, f: [r for r in n if r in f and f[r] != "holds"],
    "Keep the order": lambda n, f: sorted(right_missing(n, f)),
    "Return a list": lambda n, f: set(right_missing(n, f)),
}


@pytest.mark.parametrize("advice", MISSING)
def test_mistakes_with_missing_rungs(advice: str, capsys: Any) -> None:
    passed, text = said(checks.missing, MISSING[advice], capsys)
    assert not passed
    assert advice in text


RUNG = {"A": "causal on words", "B": "specific", "C": "a state"}
RUNG_MISTAKES = {
    "Return a dictionary": {"A": "specific"},
    "C is 'proved': say one of decodable": RUNG | {"C": "proved"},
    "2 of 3 right. Look at A": RUNG | {"A": "specific"},
    "2 of 3 right. Look at B": RUNG | {"B": "causal on acts"},
    "1 of 3 right. Look at A": RUNG | {"A": "geometric", "C": "felt"},
}


@pytest.mark.parametrize("advice", RUNG_MISTAKES)
def test_mistakes_with_three_abstracts(advice: str, capsys: Any) -> None:
    passed, text = said(checks.which_rung, lambda: RUNG_MISTAKES[advice], capsys)
    assert not passed
    assert advice in text


def right_holm(values: Any, level: float) -> list[bool]:
    kept, n = [False] * len(values), len(values)
    for rank, place in enumerate(np.argsort(values)):
        if values[place] > level / (n - rank):
            break
        kept[place] = True
    return kept


def not_stopped(values: Any, level: float) -> list[bool]:
    ranks = np.argsort(np.argsort(values))
    return [v <= level / (len(values) - r) for v, r in zip(values, ranks, strict=True)]


HOLM = {
    "lucky": lambda v, a: [x <= a for x in v],
    "Bonferroni": lambda v, a: [x <= a / len(v) for x in v],
    "in order of size": lambda v, a: sorted(right_holm(v, a), reverse=True),
    "stop at the first": not_stopped,
    "Return a list": lambda v, a: None,
}


@pytest.mark.parametrize("advice", HOLM)
def test_mistakes_with_many_tests(advice: str, capsys: Any) -> None:
    passed, text = said(checks.holm, HOLM[advice], capsys)
    assert not passed
    assert advice in text


def test_right_answers_pass(capsys: Any) -> None:
    assert checks.beside_control(right_beside)
    assert checks.bridge(right_bridge)
    assert checks.missing(right_missing)
    assert checks.holm(right_holm)
    assert checks.which_rung(lambda: RUNG)
    assert capsys.readouterr().out.count("passed") == 5


BLANK = ["beside_control", "bridge", "missing", "holm", "which_rung"]


def nobody(*_: Any) -> Any:
    raise NotImplementedError


@pytest.mark.parametrize("name", BLANK)
def test_blank_answers_are_no_error(name: str, capsys: Any) -> None:
    passed, text = said(getattr(checks, name), nobody, capsys)
    assert not passed
    assert "not written yet" in text
