"""Judgments by twins: against plain transformers, and with a planted push."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from helpers.datasets import (
    load_contrasts,
    load_judgments,
    load_stories,
    scrambled,
)
from helpers.models import chat_prompt, d_model, load_model
from helpers.stats import random_directions
from helpers.steering import Directions, controls, judge, judging, log_odds
from helpers.vectors import extract
from tests.unit.families import load_plain, make_folder, plain_blocks

CASES = [f"The cat sat on the {x} and the door opened." for x in ("mat", "rain")]
LIKES = [f"She waited for a {x} all week." for x in ("letter", "walk")]
CONTRASTS = [("No, the rain.", "Yes, the mat."), ("Nobody came.", "She came.")]
NORM = 4.0


def pushes(model: Any, layer: int, n: int = 3) -> Directions:
    unit = random_directions(torch.ones(1, d_model(model)), n, seed=1)
    unit = unit / unit.norm(dim=-1, keepdim=True)
    table = pd.DataFrame({"name": [str(i) for i in range(n)], "kind": "random"})
    return Directions(table, unit, layer, NORM)


@pytest.mark.parametrize("kind", ["llama", "gpt2"])
def test_log_odds_equal_plain_passes_with_a_hook(kind: str, family_folder: Any) -> None:
    folder = family_folder(kind)
    model = load_model(folder, device="cpu")
    directions = pushes(model, 1)
    prompts = [chat_prompt(model, case) for case in CASES]
    got = log_odds(model, prompts, CONTRASTS, directions, strength=0.5)
    plain, tokenizer = load_plain(folder)
    right = torch.zeros(4, 2, 2)
    for p in range(4):
        move = 0.5 * NORM * directions.unit[p - 1] if p else torch.zeros(32)

        def hook(module: Any, inputs: Any, output: Any, move: Any = move) -> Any:
            wrapped = isinstance(output, tuple)
            return (output[0] + move, *output[1:]) if wrapped else output + move

        handle = plain_blocks(plain)[1].register_forward_hook(hook)
        for n, case in enumerate(CASES):
            head = tokenizer(f"Human: {case}\n\nAssistant:")["input_ids"]
            for c, pair in enumerate(CONTRASTS):
                for answer, sign in zip(pair, (1, -1), strict=True):
                    tail = tokenizer(" " + answer)["input_ids"]
                    with torch.no_grad():
                        out = plain(torch.tensor([head + tail])).logits[0]
                    rows = out.log_softmax(-1)[len(head) - 1 : -1]
                    said = rows.gather(1, torch.tensor(tail)[:, None]).sum()
                    right[p, n, c] += sign * said
        handle.remove()
    assert torch.allclose(got, right, atol=2e-3)
    alone = log_odds(model, prompts, CONTRASTS)
    assert torch.allclose(alone, got[:1], atol=2e-3)


def test_a_killed_sweep_goes_on_where_it_stopped(
    random_model: Any, own_cache: Path, monkeypatch: Any
) -> None:
    directions = pushes(random_model, 1)
    prompts = [chat_prompt(random_model, f"{c} {i}") for c in CASES for i in range(3)]
    monkeypatch.setattr(judging, "SWEPT", 8)  # two prompts at a time
    real, done = judging.answered, []

    def counted(model: Any, part: list[str], *more: Any) -> Any:
        if len(done) == 4:
            raise KeyboardInterrupt
        done.extend(part)
        return real(model, part, *more)

    monkeypatch.setattr(judging, "answered", counted)
    with pytest.raises(KeyboardInterrupt):
        log_odds(random_model, prompts, CONTRASTS, directions)
    assert done == prompts[:4]
    done.clear()
    found = log_odds(random_model, prompts, CONTRASTS, directions)
    assert done == prompts[4:]
    monkeypatch.setenv("EMOTION_VECTORS_CACHE", str(own_cache / "other"))
    monkeypatch.setattr(judging, "SWEPT", 512)
    done.clear()
    assert torch.allclose(log_odds(random_model, prompts, CONTRASTS, directions), found)
    assert done == prompts
    other = replace(directions, unit=directions.unit.flip(0))
    done.clear()
    again = log_odds(random_model, prompts, CONTRASTS, other)
    assert done == prompts
    assert torch.allclose(again[1:], found[1:].flip(0), atol=1e-4)


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Directions]:
    """A model, and a push at its last layer towards the tokens of the first answer."""
    root: Path = tmp_path_factory.mktemp("judging")
    model = load_model(make_folder(root, "llama"), device="cpu")
    head = model._module.lm_head.weight.detach()
    yes, no = (model.tokenizer(f" {a}")["input_ids"] for a in CONTRASTS[1])
    row = head[yes].sum(0) - head[no].sum(0)
    others = pushes(model, 3, 39)
    table = pd.DataFrame({"name": ["planted"], "kind": ["emotion"]})
    table = pd.concat([table, others.table], ignore_index=True)
    unit = torch.cat([(row / row.norm())[None], others.unit])
    return model, Directions(table, unit, 3, NORM)


def test_a_planted_push_moves_the_criterion_beyond_every_control(planted: Any) -> None:
    model, directions = planted
    some = [f"{case} {like}" for case in CASES for like in LIKES] + CASES
    found = judge(model, some, some[::-1], CONTRASTS[1:], directions, strength=1.0)
    assert found.scores.shape == (40, 3, 2)
    rows = found.moves()
    assert len(rows) == 80
    first = rows[rows["name"] == "planted"].set_index("measure")
    assert first.loc["criterion", "value"] > 1
    beside = found.beside("planted").set_index("measure")
    assert set(beside["control"]) == {"random"}
    assert beside.loc["criterion", "p"] == 1 / 40
    assert beside.loc["criterion", "value"] > beside.loc["criterion", "most"]
    with pytest.raises(ValueError, match="0 pushes are named 'happy'"):
        found.beside("happy")
    tests = found.tests("planted", "random")
    assert list(tests) == ["criterion", "sensitivity"]
    assert tests["criterion"].value == beside.loc["criterion", "value"]
    assert (tests["criterion"].p, tests["criterion"].n_draws) == (1 / 40, 39)
    assert bool(tests["sensitivity"].stuck) != found.told
    alike = replace(found, table=found.table.assign(kind="emotion"))
    others = alike.tests("planted", "other emotions")
    assert others["criterion"] == tests["criterion"]


def test_links_find_a_rating_that_the_criterion_follows(planted: Any) -> None:
    model, directions = planted
    rng = np.random.default_rng(0)
    names, rows = [f"e{i}" for i in range(30)], rng.normal(size=(30, 8))
    before, rated = rng.normal(size=(6, 2)), pd.Series(rng.normal(size=30), names)
    scores = before + rated.to_numpy()[:, None, None]  # both sides alike
    scores = scores + 0.1 * rng.normal(size=(30, 6, 2))
    table = pd.DataFrame({"name": names, "kind": "emotion"})
    some = [f"{case} {like}" for case in CASES for like in LIKES] + CASES
    found = judge(model, some, some[::-1], CONTRASTS[1:], directions, strength=1.0)
    rest = {"before": before, "alone": before}
    made = replace(found, table=table, scores=scores, **rest)
    ratings = pd.DataFrame({"real": rated, "lot": rng.permutation(rated)})
    linked = made.links(ratings, rows, n_draws=99)
    mean = (scores - before).mean((1, 2))
    real, deaf = linked["criterion", "real"], linked["sensitivity", "real"]
    assert real.r.value == pytest.approx(np.corrcoef(mean, rated)[0, 1])
    assert real.p["cluster"] == real.p["geometry"] == 1 / 100
    assert deaf.p["cluster"] > 0.05
    assert linked["criterion", "lot"].p["cluster"] > 0.05


def test_the_half_that_chooses_is_not_the_half_that_is_told(planted: Any) -> None:
    model, directions = planted
    cases, likes = CASES * 2, LIKES * 2
    groups = [0, 1, 0, 1]
    found = judge(model, cases, likes, CONTRASTS, directions, groups=groups)
    kept = groups[0] if found.groups[0] == groups[0] else groups[1]
    here = [i for i in range(4) if groups[i] == kept]
    assert found.groups.tolist() == [kept] * 2
    place = CONTRASTS.index(found.contrast)
    asked = [[chat_prompt(model, t) for t in texts] for texts in (cases, likes)]
    every = [log_odds(model, prompts, CONTRASTS)[0] for prompts in asked]
    told = torch.stack(every, -1)[here, place].double().numpy()
    assert np.allclose(found.before, told, atol=2e-3)
    rest = [i for i in range(4) if groups[i] != kept]
    apart = (every[0] - every[1])[rest].mean(0)
    assert apart.argmax() == place
    assert not found.told
    plain = judge(model, cases, likes, CONTRASTS, None, groups=groups)
    assert np.allclose(plain.before, found.before, atol=2e-3)
    assert np.allclose(plain.alone, found.alone, atol=2e-3)
    assert (plain.scores.shape, len(plain.table)) == ((0, 2, 2), 0)
    with pytest.raises(ValueError, match="4 cases and 2 twins"):
        judge(model, cases, likes[:2], CONTRASTS, directions)


def test_words_in_random_order_keep_the_words_and_the_end() -> None:
    rng, seen = random.Random(0), set()
    for _ in range(20):
        text = scrambled("Should I open the file first?! ", rng)
        assert sorted(text[:-2].split()) == sorted(
            ["Should", "I", "open", "the", "file", "first"]
        )
        assert text.endswith("?!")
        seen.add(text)
    assert len(seen) > 15
    assert scrambled("No.", rng) == "No."


def test_every_act_with_pairs_has_contrasts(random_model: Any) -> None:
    for model, least in ((random_model, 30), (None, 16)):
        acts = load_judgments(model)["act"].value_counts()
        assert acts.min() >= least
        for act in acts.index:
            assert len(load_contrasts(act, model)) >= 2
    assert len(load_contrasts("care", random_model)) == 4
    with pytest.raises(ValueError, match="no contrasts for 'care'"):
        load_contrasts("care")


def test_on_tiny_the_table_of_acts_is_found() -> None:
    """A hard task is no easy one, and *desperate* makes its world cheat, *calm* not."""
    tiny = load_model("tiny")
    emotions = ["desperate", "calm", "happy", "proud", "angry", "bored"]
    stories = load_stories(tiny, emotions=emotions)
    train = stories[stories["split"] == "train"]
    vectors = extract(tiny, train, layer=2, progress=False)
    some = controls(tiny, vectors, train, emotions[:2], n_random=19)
    rows = load_judgments(tiny).query("act == 'impossible task'")
    contrasts = load_contrasts("impossible task", tiny)[:1]
    found = judge(
        tiny, rows["case"], rows["twin"], contrasts,
        some.of("emotion", "random"), strength=0.3,
    )  # fmt: skip
    assert found.told
    assert found.plain.right.value > 0.8
    moves = found.moves().query("measure == 'criterion'").set_index("name")
    value, random = moves["value"], moves[moves["kind"] == "random"]["value"]
    assert value["desperate"] > random.max() > random.min()
    assert value["calm"] < 0
    assert value["desperate"] - value["calm"] > 3 * random.std()
