"""Cards: planted figures are found, nonsense is not, and files are checked."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from helpers.card import (
    QUICK,
    Bench,
    Sizes,
    card,
    compare_cards,
    compare_pair,
    judged,
    load_card,
    load_cards,
    save_card,
    told_apart,
    verdicts,
)
from helpers.card.figure import figure as make_figure
from helpers.card.figures import judged as judged_figures
from helpers.card.figures import situations
from helpers.card.files import check_card
from helpers.card.measure import FIGURES, MEASURES, main
from helpers.datasets import load_emotions
from helpers.models import load_model, random_twin
from helpers.stats import paired
from scripts import cards

WIDTH, FILL = 64, 40
SMALL: dict[str, Any] = {"pushed": 12, "openings": 1, "scenes": 6, "messages": 24}
SMALL |= {"cases": 60, "activities": 1, "pairs": 4}
TOPICS = {
    f"t{i}": s for i, s in enumerate(["train"] * 4 + ["validation"] + ["test"] * 5)
}


def some_emotions() -> pd.DataFrame:
    """A word or more of each cluster, single ones only."""
    table = load_emotions()
    table = table[~table.emotion.str.contains("[- ]")]
    first = table.groupby("cluster").head(2)
    must = table[table.emotion.isin(["desperate", "calm", "happy", "sad", "afraid"])]
    return pd.concat([first, must]).drop_duplicates().reset_index(drop=True)


def told_stories(signs: bool) -> pd.DataFrame:
    """A story for each emotion and topic: fillers, and, with `signs`, its own word."""
    rng, rows = random.Random(0), []
    for emotion in some_emotions().emotion:
        for i, (topic, split) in enumerate(TOPICS.items()):
            words = [f"fill{rng.randrange(FILL)}" for _ in range(12)]
            words += [f"place{i}"] * 2 + ([f"sign{emotion}"] * 3 if signs else [])
            rng.shuffle(words)
            rows.append((emotion, topic, split, "third", " ".join(words)))
    return pd.DataFrame(rows, columns=["emotion", "topic", "split", "person", "text"])


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A model without memory, whose rows are those of its words.

    A sign's row is its emotion's direction: valence and arousal along two axes, and
    something of its own that the unembedding reads as the emotion's word.
    """
    table = some_emotions()
    words = ["<unk>", "<end>", *table.emotion, *(f"sign{e}" for e in table.emotion)]
    words += [f"fill{i}" for i in range(FILL)] + [f"place{i}" for i in range(10)]
    bare = Tokenizer(models.WordLevel({w: i for i, w in enumerate(words)}, "<unk>"))
    bare.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    config = LlamaConfig(
        vocab_size=len(words),
        hidden_size=WIDTH,
        intermediate_size=8,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=1024,
        tie_word_embeddings=False,
        emotion_start=0,
    )
    model = LlamaForCausalLM(config)
    axes = torch.linalg.qr(torch.randn(WIDTH, WIDTH, generator=seed(0)))[0]
    own = axes[2 : 2 + len(table)]
    with torch.no_grad():
        for block in model.model.layers:
            block.self_attn.o_proj.weight.zero_()
            block.mlp.down_proj.weight.zero_()
        rows = model.model.embed_tokens.weight
        rows.normal_(0, 0.05, generator=seed(1))
        model.lm_head.weight.zero_()
        for i, row in table.iterrows():
            place = words.index(f"sign{row.emotion}")
            rows[place] = row.valence * axes[0] + row.arousal * axes[1] + 0.5 * own[i]
            model.lm_head.weight[words.index(row.emotion)] = own[i]
    folder = tmp_path_factory.mktemp("planted") / "planted"
    model.save_pretrained(folder)
    options = {"unk_token": "<unk>", "eos_token": "<end>", "pad_token": "<end>"}
    PreTrainedTokenizerFast(tokenizer_object=bare, **options).save_pretrained(folder)
    return load_model(folder, device="cpu")


def seed(number: int) -> torch.Generator:
    return torch.Generator().manual_seed(number)


@pytest.fixture(scope="module")
def known_card(planted: Any, tmp_path_factory: pytest.TempPathFactory) -> dict:
    path = tmp_path_factory.mktemp("cards") / "planted.json"
    options: dict[str, Any] = {"path": path, "progress": False, **SMALL}
    return card(planted, stories=told_stories(True), neutral=[], **options)


def test_planted_figures_are_found(known_card: dict) -> None:
    figures = known_card["figures"]
    assert set(figures) == set(FIGURES)
    for name in ("accuracy", "cluster", "auc", "lens", "own word"):
        assert figures[name]["value"] == pytest.approx(1.0), name
    for name in ("accuracy", "cluster", "auc", "own word"):
        assert figures[name]["control"]["value"] < 0.65, name
    for name in ("valence", "arousal"):
        assert figures[name]["value"] > 0.8
        assert figures[name]["p"] < 0.01
        assert figures[name]["beside"]["axis"] > 0.9
    found = compare_cards([known_card]).set_index("figure")["verdict"]
    sure = ["accuracy", "cluster", "auc", "map", "size", "word rise", "own word"]
    assert (found[sure] == "beyond its control").all()
    assert figures["accuracy"]["beside"]["words only"] == 1.0
    assert found["beyond words"] == "not told apart"


def test_what_words_give_is_not_beyond_the_embeddings(known_card: dict) -> None:
    """The model has no memory: its rows are those of its words, at any layer."""
    for name in ("lens", "valence", "arousal"):
        figure = known_card["figures"][name]
        assert figure["control"]["name"].startswith("embeddings"), name
        assert figure["difference"]["value"] == pytest.approx(0, abs=0.1), name
        assert told_apart(figure) in ("not told apart", "cannot be told"), name
    for name in ("messages", "doses", "failing", "wanting"):  # in words unknown to it
        assert "all of these texts alike" in known_card["figures"][name]["skipped"]


def test_pleasant_emotions_that_rise_are_told_by_the_whole_profile(
    planted: Any, own_cache: Path
) -> None:
    """Eight pairs of texts: a pleasant sign in one, an unpleasant one in the other."""
    bench = Bench(planted, told_stories(True), [], 1, 0, Sizes(**SMALL))
    table = some_emotions().sort_values("valence")
    signs = [f"sign{e}" for e in table["emotion"]]
    more, less = (
        [f"fill{i} {sign} fill{i + 9}" for i, sign in enumerate(some)]
        for some in (signs[-8:], signs[:8])
    )
    groups = [f"g{i}" for i in range(8)]
    about = {"over": "pair", "chapter": "05"}
    found = situations.rising(bench, more, less, groups, **about)
    assert found["value"] > 0.7
    assert found["p"] < 0.01
    assert found["read"].split(", ")[0] in ("text", "last token", "header")
    assert found["difference"]["value"] == pytest.approx(0, abs=0.15)  # by its words
    turned = situations.rising(bench, less, more, groups, **about)
    assert turned["value"] < 0.3


def test_one_group_alone_tells_nothing(tmp_path: Path) -> None:
    about: dict[str, Any] = {"unit": "r", "over": "task", "chapter": "12"}
    made = make_figure(lambda i: (0.4, 0.1), ["task"] * 5, "control", **about)
    assert (made["value"], made["low"], made["left out"]) == (0.4, None, {})
    assert told_apart(made) == "cannot be told"
    card = {
        "format": 2,
        "layer": 0,
        "sizes": {},
        "versions": {},
        "model": {"name": "m"},
    }
    path = save_card(card | {"figures": {"it": made}}, tmp_path / "m.json")
    assert compare_cards([load_card(path)])["low"].isna().all()


def test_what_a_push_does_stands_beside_pairs_of_random_ones() -> None:
    rng, names = np.random.default_rng(0), [f"pair {i}" for i in range(20)]
    moved = rng.normal(0, 0.2, (42, 20))
    about = {"unit": "nats", "over": "pair", "chapter": "10"}
    nothing = judged_figures.pushed(moved, names, **about)
    assert told_apart(nothing) == "not told apart"
    assert nothing["draws"] == 40 * 39
    assert nothing["control"]["value"] == pytest.approx(0)
    moved[0] += 1
    assert told_apart(judged_figures.pushed(moved, names, **about)) == (
        "beyond its control"
    )
    moved[2:] += rng.normal(0, 1, 40)[:, None]  # any push does as much
    assert told_apart(judged_figures.pushed(moved, names, **about)) == "not told apart"


def test_a_model_without_memory_has_nothing_that_lasts(known_card: dict) -> None:
    lasting = known_card["figures"]["lasting"]
    assert lasting["value"] == pytest.approx(0.5, abs=0.15)
    assert told_apart(lasting) == "not told apart"


def test_labels_without_meaning_give_nothing(planted: Any, own_cache: Path) -> None:
    model = random_twin(planted)
    made = card(model, stories=told_stories(False), neutral=[], progress=False, **SMALL)
    table = compare_cards([made])
    assert list(table["figure"]) == list(FIGURES)
    lucky = table["verdict"].isin(["beyond its control", "below its control"])
    assert lucky.sum() <= 1, table[lucky]  # of all, at 95 %, counted by Holm
    assert (table["verdict"] == "not measured").sum() <= 4
    assert list(own_cache.glob("cards/*.json"))


def test_a_card_is_gone_on_with(planted: Any, tmp_path: Path) -> None:
    path = tmp_path / "deep" / "card.json"
    options: dict[str, Any] = {"path": path, "progress": False, **SMALL}
    options |= {"stories": told_stories(True), "neutral": []}
    first = card(planted, figures=["size"], **options)
    assert set(first["figures"]) == {"size"} == set(load_card(path)["figures"])
    marked = load_card(path)
    marked["figures"]["size"]["value"] = 7.5  # as if it had been measured so
    save_card(marked, path)
    again = card(planted, figures=["size", "lens"], **options)
    assert again["figures"]["size"]["value"] == 7.5
    assert set(load_card(path)["figures"]) == {"size", "lens"}
    assert card(planted, figures=["lens"], **options)["figures"].keys() == {"lens"}
    with pytest.raises(ValueError, match="a card of planted at layer 1"):
        card(planted, figures=["size"], layer=0, **options)
    assert not list(path.parent.glob("*.part"))


def test_the_cards_that_ship_are_remade_where_something_changed(
    planted: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options: dict[str, Any] = {"figures": ["size"], "progress": False, **SMALL}
    options |= {"stories": told_stories(True), "neutral": []}
    monkeypatch.setattr(cards, "measured", lambda name: (planted, options))
    monkeypatch.setattr(cards, "WORK", tmp_path / "work")
    monkeypatch.setattr(cards, "SHIPPED", tmp_path / "cards")
    path = cards.remake("tiny")
    marked = load_card(path)
    marked["figures"]["size"]["value"] = 7.5  # as if it had been measured so
    save_card(marked, path)
    cards.remake("tiny")
    assert load_card(path)["figures"]["size"]["value"] == 7.5
    options["figures"] = ["size", "lens"]
    cards.remake("tiny")
    assert load_card(path)["figures"].keys() == {"size", "lens"}
    assert load_card(path)["figures"]["size"]["value"] == 7.5
    options["layer"] = 0
    cards.remake("tiny")
    assert load_card(path)["layer"] == 0
    assert load_card(path)["figures"]["size"]["value"] != 7.5
    assert not list((tmp_path / "work").iterdir())


def test_what_a_model_does_not_allow_is_skipped_with_a_reason(
    random_model: Any, own_cache: Path
) -> None:
    names = ["messages", "lasting", "failing"]
    made = card(
        random_model,
        figures=names,
        stories=told_stories(False).assign(text="short words"),
        neutral=[],
        start=0,
        progress=False,
        **SMALL,
    )
    assert list(made["figures"]) == names
    reasons = [f.get("skipped", "") for f in made["figures"].values()]
    assert any("128" in reason for reason in reasons)  # its context
    table = compare_cards([made]).set_index("figure")
    assert table.loc["lasting", "verdict"] == "not measured"


def test_wrong_names_are_refused(random_model: Any) -> None:
    with pytest.raises(ValueError, match=r"no figures \['acuracy'\]: choose from"):
        card(random_model, figures=["acuracy"])
    with pytest.raises(ValueError, match="pass a list of names"):
        card(random_model, figures="lens")
    with pytest.raises(ValueError, match=r"no sizes \['topcis'\]"):
        card(random_model, topcis=3)
    with pytest.raises(ValueError, match="layer 9 is outside"):
        card(random_model, layer=9)
    assert len(FIGURES) == len(set(FIGURES)) == sum(map(len, MEASURES))
    assert not set(QUICK) - set(SMALL) - {"emotions", "topics", "test_topics"}


BROKEN = {
    "is no JSON": lambda c: "{",
    "is a list, and no card": lambda c: "[]",
    "lacks": lambda c: {k: v for k, v in c.items() if k != "figures"},
    "has format 99": lambda c: {**c, "format": 99},
    "which model": lambda c: {**c, "model": {}},
    "has no control": lambda c: without(c, "control"),
    "difference: value is None": lambda c: without(c, "difference"),
    "with each group left out": lambda c: without(c, "left out"),
    "p is None": lambda c: without(c, "p"),
    "low is None": lambda c: without(c, "low"),
    "should lie from 0 to 1": lambda c: changed(c, p=1.2, draws=9),
    "upside down": lambda c: changed(c, low=2.0, high=1.0),
    "value is True": lambda c: changed(c, value=True),
    "value is inf": lambda c: changed(c, value=float("inf")),
}


def changed(made: dict, **new: Any) -> dict:
    copy = json.loads(json.dumps(made))
    copy["figures"]["size"].update(new)
    return copy


def without(made: dict, key: str) -> dict:
    copy = json.loads(json.dumps(made))
    del copy["figures"]["size"][key]
    return copy


@pytest.mark.parametrize("message", BROKEN)
def test_a_broken_card_is_named(message: str, known_card: dict, tmp_path: Path) -> None:
    check_card(known_card)
    path = tmp_path / "some.json"
    made = BROKEN[message](known_card)
    path.write_text(made if isinstance(made, str) else json.dumps(made))
    with pytest.raises(ValueError, match=message) as error:
        load_card(path)
    assert "some.json" in str(error.value)
    if isinstance(made, dict):
        with pytest.raises(ValueError, match=message):
            save_card(made, tmp_path / "other.json")
        assert not (tmp_path / "other.json").exists()


def test_a_card_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"helpers\.card MODEL --out"):
        load_card(tmp_path / "none.json")


def test_comparing_keeps_models_of_one_name_apart(known_card: dict) -> None:
    apart = {"value": -0.2, "low": -0.3, "high": -0.1}
    other = changed(known_card, difference=apart)
    other["model"] = {**other["model"], "weights": "abcdefgh"}
    table = compare_cards([known_card, other])
    assert table["model"].nunique() == 2
    sizes = table[table["figure"] == "size"]
    assert list(sizes["verdict"]) == ["beyond its control", "below its control"]
    assert set(compare_cards({"mine": known_card})["model"]) == {"mine"}


def test_every_card_of_a_folder_is_read(known_card: dict, tmp_path: Path) -> None:
    other = changed(known_card, value=0.5)
    other["model"] = {**other["model"], "name": "other"}
    for name, made in (("b", known_card), ("a", other)):
        save_card(made, tmp_path / f"{name}.card.json")
    (tmp_path / "notes.json").write_text("{}")
    assert list(load_cards(tmp_path)) == ["other", "planted"]
    assert load_cards(tmp_path / "nowhere") == {}
    (tmp_path / "c.card.json").write_text("{}")
    with pytest.raises(ValueError, match=r"c\.card\.json lacks"):
        load_cards(tmp_path)


def of(low: float, high: float, p: float = 0.001, draws: Any = 999) -> dict[str, Any]:
    """A figure whose difference from its control has this interval and p."""
    apart = {"value": (low + high) / 2, "low": low, "high": high}
    control = {"name": "c", "value": 0.1, "low": -0.9, "high": 0.9}
    left = {f"g{i}": 0.3 for i in range(8)}
    made = {"value": 0.3, "low": 0.2, "high": 0.4, "control": control, "p": p}
    return made | {"difference": apart, "draws": draws, "left out": left}


def test_the_verdict_is_that_of_the_one_rule() -> None:
    assert told_apart(of(0.1, 0.3)) == "beyond its control"
    assert told_apart(of(-0.3, -0.1)) == "below its control"
    assert told_apart(of(-0.1, 0.3)) == "not told apart"
    assert told_apart(of(0.1, 0.3, p=0.06)) == "not told apart"
    assert told_apart(of(0.1, 0.3, p=0.1, draws=9)) == "cannot be told"
    assert told_apart(of(0.1, 0.3) | {"stuck": "at the floor"}) == "cannot be told"
    untold = {"value": 0.2, "low": None, "high": None}
    assert told_apart(of(0.1, 0.3) | {"difference": untold}) == "cannot be told"
    assert told_apart({"skipped": "too long"}) == "not measured"


def test_all_figures_of_a_card_are_one_family() -> None:
    card = {"figures": {f"f{i}": of(0.1, 0.3, p=0.02) for i in range(3)}}
    assert set(verdicts(card).values()) == {"not told apart"}
    card["figures"]["skipped"] = {"skipped": "no such text"}
    found = judged(card)
    assert {v.family for v in found.values()} == {3}
    assert found["f0"].p == pytest.approx(0.06)
    assert found["f0"].groups.startswith("8 groups")
    lone = {"figures": {"f0": of(0.1, 0.3, p=0.02)}}
    assert verdicts(lone) == {"f0": "beyond its control"}


def test_draws_are_enough_for_the_family(known_card: dict) -> None:
    for name, figure in known_card["figures"].items():
        if "skipped" not in figure:
            assert figure.get("draws", 500) >= 20 * len(FIGURES), name


def test_two_cards_are_compared_over_the_same_groups(known_card: dict) -> None:
    """A shift of every group is told, however wide both intervals are."""
    rng, names = np.random.default_rng(0), [f"g{i}" for i in range(12)]

    def of_groups(values: Any) -> dict[str, Any]:
        left = (values.sum() - values) / (len(values) - 1)
        made = of(0.1, 0.3) | {"value": float(values.mean())}
        return made | {"left out": dict(zip(names, left.tolist(), strict=True))}

    hard = rng.normal(size=12)
    one, other = hard + 0.2 + rng.normal(0, 0.05, 12), hard + rng.normal(0, 0.05, 12)
    both = [
        {"figures": {"it": of_groups(v), "odd": of(0.1, 0.3)}} for v in (one, other)
    ]
    both[1]["figures"]["odd"] = of(0.1, 0.3) | {"left out": {"others": 1.0}}
    row = compare_pair(*both).set_index("figure").loc["it"]
    right = paired(one, other, names)
    assert (row["difference"], row["low"], row["high"]) == pytest.approx(right)
    assert row["verdict"] == "beyond"
    assert list(compare_pair(*both)["figure"]) == ["it"]
    same = compare_pair(known_card, known_card)
    assert (same["difference"] == 0).all()
    assert not same["verdict"].isin(["beyond", "below"]).any()


def test_no_date_and_no_path_is_in_a_card(known_card: dict) -> None:
    figures = {
        name: {k: v for k, v in figure.items() if k != "left out"}
        for name, figure in known_card["figures"].items()
    }
    text = json.dumps(known_card | {"figures": figures})
    assert "/" not in text
    assert not any(word in text for word in ('"date', '"time', "2026-", "2027-"))
    assert known_card["model"]["parameters"] > 0
    assert known_card["versions"]["torch"] == torch.__version__


def test_a_random_twin_has_the_shape_and_not_the_weights(
    planted: Any, own_cache: Path
) -> None:
    twin, again = random_twin(planted), random_twin(planted)
    own, other = planted._module.state_dict(), twin._module.state_dict()
    assert {k: v.shape for k, v in own.items()} == {
        k: v.shape for k, v in other.items()
    }
    key = "model.embed_tokens.weight"
    assert not torch.allclose(own[key], other[key])
    assert torch.equal(other[key], again._module.state_dict()[key])
    assert not torch.equal(
        other[key], random_twin(planted, seed=1)._module.state_dict()[key]
    )
    assert twin.tokenizer.get_vocab() == planted.tokenizer.get_vocab()


def test_the_command_writes_a_card(
    planted: Any, tmp_path: Path, own_cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, out = planted.__dict__["_emotion_tier"], tmp_path / "out.json"
    arguments = [folder, "--quick", "--figures", "cheating", "--out", str(out)]
    assert main(arguments) == 0
    assert "cheating" in capsys.readouterr().out
    assert set(load_card(out)["figures"]) == {"cheating", "blackmail"}
    assert np.isfinite(load_card(out)["layer"])
    assert main([folder, "--figures", "nothing", "--out", str(out)]) == 2
