"""Masked emotions in talk: what is in the texts, and what whose tokens hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from helpers.activations import in_spans, residual_stream
from helpers.behaviour import (
    HIDER,
    LINE,
    PARTNER,
    TURN,
    carried,
    read_chats,
    read_speakers,
)
from helpers.behaviour.masked_talk import along_kinds
from helpers.datasets import (
    load_masked_chats,
    load_masked_dialogues,
    spans_in,
)
from helpers.models import chat_prompt
from helpers.vectors import EmotionVectors
from helpers.world import material

FEW = ["afraid", "calm", "proud"]


def vectors_of(model: Any, names: list[str], layer: int = 1) -> EmotionVectors:
    rows = torch.randn(len(names), 32, generator=torch.Generator().manual_seed(0))
    about: dict[str, Any] = {"model": "m", "layer": layer, "norm": 3.0, "start": 0}
    return EmotionVectors(rows, tuple(names), center=torch.zeros(32), **about)


def test_the_turns_are_the_same_in_all_versions() -> None:
    talks = load_masked_dialogues(2, emotions=FEW)
    clusters = material.emotions()["cluster"]
    assert len(talks) == 6
    for i, row in talks.iterrows():
        assert len({clusters[row[k]] for k in ("felt", "shown", "met")}) == 3
        assert material.held_out("mask", row["felt"], row["shown"])
        said = [row["text"][a:b] for a, b in row["own"]]
        assert all(f"{row['who']}: {line}" in row["text"] for line in said)
        assert len(row["own"]) == len(row["theirs"]) == 2
        for version in ("plain", "bare"):
            for column in ("own", "theirs"):
                moved = spans_in(talks, column, version)[int(i)]
                pairs = zip(row[column], moved, strict=True)
                for (a, b), (c, d) in pairs:
                    assert row["text"][a:b] == row[version][c:d] != ""


def test_only_the_bare_one_lacks_what_is_felt() -> None:
    signs = {
        felt: {p for k in ("body", "thoughts") for p in material.lexicon()[felt][k]}
        for felt in FEW
    }
    for _, row in load_masked_dialogues(2, emotions=FEW).iterrows():
        thoughts = [t.rstrip(".") for t in signs[row["felt"]] if "{" not in t]
        held = {v: any(t in row[v] for t in thoughts) for v in ("text", "bare")}
        assert held["text"]
        assert not held["bare"]
        assert row["text"].count("\n") == row["bare"].count("\n") == 4


def test_chats_end_in_the_same_line() -> None:
    chats = load_masked_chats(1, emotions=FEW)
    for _, row in chats.iterrows():
        ((a, b),) = row["own"]
        line = row["text"][a:b]
        assert all(row[v].endswith(line) for v in ("text", "plain", "bare"))
        assert len(row["bare"]) < len(row["plain"])
    with pytest.raises(ValueError, match="no chats"):
        load_masked_chats(emotions=["hangry"])
    with pytest.raises(ValueError, match="no talk"):
        load_masked_dialogues(emotions=["hangry"])


def test_other_models_get_the_written_ones(random_model: Any) -> None:
    talks = load_masked_dialogues(model=random_model)
    assert len(talks) == 20
    for _, row in talks.iterrows():
        ((a, b),), ((c, d),) = row["own"], row["theirs"]
        assert row["text"][:a].endswith(") ")
        assert row["text"][b:c] == f"\n{row['partner']}: "
        assert d == len(row["text"])
    assert set(talks["felt"].value_counts()) == {2}


def short(lead: dict[str, str], said: str, own: str, theirs: str = "") -> pd.DataFrame:
    """Two talks short enough for a tiny model."""
    rows = []
    for felt, shown, met in (("afraid", "calm", "sad"), ("proud", "sad", "calm")):
        row: dict[str, Any] = {v: text + said for v, text in lead.items()}
        at = {k: row["text"].index(w) for k, w in (("own", own), ("theirs", theirs))}
        row["own"] = [(at["own"], at["own"] + len(own))]
        row["theirs"] = [(at["theirs"], at["theirs"] + len(theirs))]
        rows.append(row | {"felt": felt, "shown": shown, "met": met})
    return pd.DataFrame(rows)


LEADS = {"text": "She shook. ", "plain": "She waited there. ", "bare": "A cat. "}


def test_scores_are_those_of_each_ones_tokens(random_model: Any) -> None:
    talks = short(
        LEADS, "\nAna: Good bread.\nTom: No rain yet.", "Good bread", "No rain"
    )
    names = sorted({*talks["felt"], *talks["shown"], *talks["met"], "angry"})
    vectors = vectors_of(random_model, names)
    found = read_speakers(random_model, vectors, talks, "plain")
    cells = found.set_index(["tokens", "talk", "vector"])["score"]
    for name, column in ((HIDER, "own"), (PARTNER, "theirs")):
        spans = spans_in(talks, column, "plain")[1]
        stream = residual_stream(random_model, talks["plain"][1], 1)
        inside = in_spans(random_model, talks["plain"][1], spans)
        mean = (inside @ stream / inside.sum(-1, keepdim=True)).mean(0)
        for kind in ("felt", "shown", "met"):
            wanted = vectors.scores(mean)[names.index(talks[kind][1])]
            assert cells[name, 1, kind] == pytest.approx(float(wanted), abs=1e-4)


def test_others_are_all_but_the_named() -> None:
    vectors = vectors_of(None, ["a", "b", "c", "d"])
    rows = torch.randn(3, 32)
    kinds = {"felt": ["a", "b", "c"], "shown": list("bcd")}
    found = along_kinds({"here": rows}, vectors, kinds)
    others = found[found["vector"] == "others"]["score"].to_numpy()
    scores = vectors.scores(rows).numpy()
    assert others[0] == pytest.approx(scores[0, 2:].mean(), abs=1e-6)
    assert others[1] == pytest.approx(scores[1, [0, 3]].mean(), abs=1e-6)


def test_chats_are_read_at_the_line_and_at_the_turn(random_model: Any) -> None:
    chats = short(LEADS, "What a nice cup!", "What a nice cup!")
    names = sorted({*chats["felt"], *chats["shown"], "sad"})
    vectors = vectors_of(random_model, names)
    versions = ("text", "bare")
    read = {v: read_chats(random_model, vectors, chats, v) for v in versions}
    cells = read["text"].set_index(["tokens", "talk", "vector"])["score"]
    last = residual_stream(random_model, chat_prompt(random_model, chats["text"][0]), 1)
    wanted = vectors.scores(last[-1])[names.index(chats["felt"][0])]
    assert cells[TURN, 0, "felt"] == pytest.approx(float(wanted), abs=1e-4)
    gains = carried(read, [LINE, TURN])
    bare = read["bare"].set_index(["tokens", "talk", "vector"])["score"]
    first = gains[(gains["tokens"] == TURN) & (gains["talk"] == 0)]["gain"].item()
    assert first == pytest.approx(cells[TURN, 0, "felt"] - bare[TURN, 0, "felt"])
    assert set(gains["version"]) == {"text"}
    assert np.isfinite(gains["gain"]).all()
