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
    card,
    compare_cards,
    load_card,
    load_cards,
    save_card,
    told_apart,
    verdicts,
)
from helpers.card.files import check_card
from helpers.card.measure import FIGURES, MEASURES, main
from helpers.datasets import load_emotions
from helpers.models import load_model, random_twin

WIDTH, FILL = 64, 40
SMALL: dict[str, Any] = {"shuffled": 20, "random": 8, "pushed": 12, "openings": 1}
SMALL |= {"scenes": 6, "messages": 24, "cases": 60, "draws": 30}
SMALL |= {"activities": 1}
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
        assert figures[name]["control"]["value"] < 0.65, name
    for name in ("valence", "arousal"):
        assert figures[name]["value"] > 0.9
        assert figures[name]["p"] < 0.01
    found = compare_cards([known_card]).set_index("figure")["verdict"]
    sure = ["accuracy", "cluster", "auc", "lens", "valence", "map", "size"]
    assert (found[[*sure, "word rise", "own word"]] == "beyond its control").all()
    assert figures["accuracy"]["beside"]["words only"] == 1.0
    assert found["beyond words"] == "not told apart"


def test_a_model_without_memory_has_nothing_that_lasts(known_card: dict) -> None:
    lasting, messages = (known_card["figures"][n] for n in ("lasting", "messages"))
    assert lasting["value"] == pytest.approx(0.5, abs=0.15)
    assert told_apart(lasting) == "not told apart"
    assert messages["value"] == pytest.approx(0.5)  # each ends in the same token


def test_labels_without_meaning_give_nothing(planted: Any, own_cache: Path) -> None:
    model = random_twin(planted)
    made = card(model, stories=told_stories(False), neutral=[], progress=False, **SMALL)
    table = compare_cards([made])
    assert list(table["figure"]) == list(FIGURES)
    lucky = table[table["verdict"] == "beyond its control"]
    assert len(lucky) <= 1, lucky  # of twenty, at 95 %
    table = table[table["figure"] != "same words"]  # there the words do say something
    low, high = table["control_low"], table["control_high"]
    covers = (table["low"] <= high) & (table["high"] >= low)
    covers |= table["verdict"] == "not measured"  # no interval, no figure
    assert covers.all(), table[~covers]
    assert (table["verdict"] == "not measured").sum() <= 1
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
    other = changed(known_card, value=0.01, low=0.0, high=0.02)
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


def test_the_verdict_needs_both_an_interval_and_a_control() -> None:
    def ask(value: float, low: float, high: float) -> str:
        control = {"name": "c", "value": 0.1, "low": 0.0, "high": 0.2}
        return told_apart(
            {"value": value, "low": low, "high": high, "control": control}
        )

    assert ask(0.3, 0.15, 0.5) == "beyond its control"
    assert ask(0.3, 0.05, 0.5) == "not told apart"
    assert ask(0.19, 0.15, 0.25) == "not told apart"
    assert ask(-0.1, -0.2, 0.05) == "below its control"


def test_figures_that_keep_a_p_are_one_family() -> None:
    def at(p: float, draws: int = 999) -> dict[str, Any]:
        control = {"name": "c", "value": 0.1, "low": -0.9, "high": 0.9}
        own = {"value": 0.3, "low": 0.15, "high": 0.5, "control": control}
        return own | {"p": p, "draws": draws}

    assert told_apart(at(0.02)) == "beyond its control"
    card = {"figures": {f"f{i}": at(0.02) for i in range(3)} | {"few": at(0.1, 9)}}
    found = verdicts(card)
    assert found == {f"f{i}": "not told apart" for i in range(3)} | {
        "few": "cannot be told"
    }


def test_no_date_and_no_path_is_in_a_card(known_card: dict) -> None:
    text = json.dumps(known_card)
    assert "/" not in text.replace("emotion/", "")
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
