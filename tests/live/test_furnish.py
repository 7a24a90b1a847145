"""What the build puts beside the pages for the laboratory."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from sklearn.metrics import roc_auc_score

from helpers.activations import mean_activations, residual_stream
from helpers.datasets import load_stories
from helpers.models import load_model, load_neutral
from helpers.steering import generate
from helpers.vectors import extract
from scripts import directions, laboratory
from scripts.atlas import NEW_TOKENS
from scripts.directions import TINY, Shown, shown
from scripts.laboratory import furnish, put


@pytest.fixture(scope="module")
def static(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `_static` of a book that was built without the real model."""
    top = tmp_path_factory.mktemp("furnished")
    tiny, real = shown()
    gone = real._replace(source=top / "gone.gguf", layers=(1,))
    assert put(top / "static", [tiny, gone]) == ["tiny"]
    return top / "static"


def test_weights_are_whole_and_what_is_missing_is_said(static: Path) -> None:
    index = json.loads((static / "models/index.json").read_text())
    assert [one["weights"] for one in index] == [True, False]
    assert [one["directions"] for one in index] == [True, False]
    there = {path.name for path in (static / "models/smollm2").iterdir()}
    assert there <= {"atlas.json"}  # a table, which an earlier build may have left
    folder = static / "models/tiny"
    manifest = json.loads((folder / "manifest.json").read_text())
    bytes_ = b"".join((folder / p["file"]).read_bytes() for p in manifest["pieces"])
    assert bytes_ == (laboratory.ROOT / TINY / "model.safetensors").read_bytes()
    parts = [p.name for p in laboratory.LIVE.iterdir() if p.suffix in (".mjs", ".wasm")]
    assert sorted(p.name for p in (static / "live").iterdir()) == sorted(parts)


def test_directions_score_as_helpers_do(static: Path) -> None:
    with safe_open(static / "models/tiny/directions.safetensors", "pt") as file:
        about = json.loads(file.metadata()["about"])
        vectors, center, norm = (
            file.get_tensor(name).float() for name in ("vectors", "center", "norm")
        )
    model = load_model("tiny")
    stories = load_stories(model)
    text = stories[stories.split == "test"]["text"].iloc[0]
    assert about["layer"] in about["layers"]
    for place in (1, about["layers"].index(about["layer"])):
        layer = about["layers"][place]
        train = stories[stories.split == "train"]
        ev = extract(model, train, load_neutral(model), layer)
        assert list(ev.emotions) == about["emotions"]
        at = residual_stream(model, text, layer)[1:]
        want = ev.scores(at)
        got = (at - center[place]) @ vectors[place].T / norm[place]
        assert float((got - want).norm() / want.norm()) < 1e-3


def test_texts_are_of_stories_that_no_vector_was_made_from(static: Path) -> None:
    told = json.loads((static / "models/tiny/texts.json").read_text())
    stories = load_stories(None)
    train = set(stories[stories.split == "train"]["text"])
    assert not train & set(told["stories"].values())
    assert {len(pair) for pair in told["twins"]["pairs"]} == {3}
    assert len(told["episodes"]) == 2 * directions.EPISODES


def test_the_atlas_tells_what_helpers_tell(static: Path) -> None:
    told = json.loads((static / "models/tiny/atlas.json").read_text())
    model = load_model("tiny")
    stories = load_stories(model)
    train = stories[stories.split == "train"]
    held = stories[stories.split.isin(("validation", "test"))]
    ev = extract(model, train)
    at = ev.emotions.index("calm")
    row = told["emotions"][at]
    cosines = ev.unit @ ev.unit[at]
    order = cosines.argsort(descending=True).tolist()
    assert [name for name, _ in row["near"]] == [ev.emotions[i] for i in order[1:9]]
    assert [name for name, _ in row["far"]] == [ev.emotions[i] for i in order[:-9:-1]]
    assert not {text["text"] for text in told["texts"]} & set(train["text"])
    read = mean_activations(model, held["text"], ev.layer)
    scores = torch.nn.functional.cosine_similarity(read - ev.center, ev.vectors[at])
    best = told["texts"][row["passages"][0][0]]["text"]
    assert best == held["text"].iloc[int(scores.argmax())]
    plain = extract(model, train, denoise=None)  # of the curve
    own = plain.vectors[at]
    cosine = torch.nn.functional.cosine_similarity(read - plain.center, own)
    auc = roc_auc_score(held["emotion"] == "calm", cosine)
    place = told["layers"].index(ev.layer)
    assert row["curve"][place] == pytest.approx(auc, abs=6e-4)
    push = {"layer": ev.layer, "norm": ev.norm, "strength": told["strength"]}
    alone = generate(
        model, told["prompts"], vector=ev["calm"], max_new_tokens=NEW_TOKENS, **push
    )
    assert row["written"] == [" ".join(text.split()) for text in alone]
    alone = generate(model, told["prompts"], max_new_tokens=NEW_TOKENS)
    assert told["plain"] == [" ".join(text.split()) for text in alone]


def test_a_model_that_is_not_here_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(directions, "BUILD", tmp_path / "build")
    gone = Shown("smollm2", "SmolLM2", tmp_path / "gone.gguf", (2,), "0" * 64)
    line = furnish(gone, tmp_path / "out")
    assert (line["weights"], line["directions"], line["file"]) == (False,) * 2 + (
        "gone.gguf",
    )
    assert "SmolLM2 is not here" in capsys.readouterr().out
