"""`make kept`: asks, resumes, drops, and refuses what is too large; and its sample."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from helpers.activations import mean_activations, pooling
from helpers.models import load_model
from scripts import kept

TEXTS = ["Ana walked to the market and the soup was on the table all day."]
TEXTS += [f"{TEXTS[0]} It was {word}." for word in ("late", "early")]
SAMPLE = 4  # texts of an ask that are read again
CLOSE = 2e-3  # of a row's length: 16 bits, and another order of sums


@pytest.fixture
def places(tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run of its own, on the embedded model; the folder of what ships."""
    monkeypatch.setenv("EMOTION_VECTORS_KEPT", str(tmp_path / "kept"))
    monkeypatch.setenv("EMOTION_VECTORS_ASKED", "")
    monkeypatch.setattr(kept, "ASKED", tmp_path / "asked")
    monkeypatch.setattr(kept, "vectors", lambda: None)
    monkeypatch.setattr(kept, "SIBLINGS", set())  # as if it were the open model
    asks = {"one": ask([TEXTS[0]]), "all": ask(TEXTS)}
    monkeypatch.setattr(kept, "ASKS", asks)
    return tmp_path / "kept"


def ask(texts: list[str]) -> kept.Ask:
    def read(model: Any, texts: list[str]) -> torch.Tensor:
        return mean_activations(model, texts, [1, 3]).transpose(0, 1)

    return kept.Ask("tiny", lambda model: texts, read)


def texts_in(places: Path) -> list[int]:
    """How many texts each table has."""
    return [len(load_file(path)["names"]) for path in sorted(places.iterdir())]


def test_it_writes_what_is_missing_and_drops_what_none_asks_for(
    places: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert kept.main([]) == 0
    first = {path.name: path.stat().st_mtime_ns for path in places.iterdir()}
    assert texts_in(places) == [3, 3]
    assert kept.main([]) == 0
    again = {path.name: path.stat().st_mtime_ns for path in places.iterdir()}
    assert again == first  # never rewritten while its key stands
    monkeypatch.setattr(kept, "ASKS", {"one": ask([TEXTS[0]])})
    assert kept.main([]) == 0
    assert texts_in(places) == [1, 1]


def test_a_run_that_is_killed_drops_nothing_and_goes_on(
    places: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert kept.main([]) == 0
    assert texts_in(places) == [3, 3]

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    asks = {
        "new": ask([f"{TEXTS[0]} Then it was night."]),
        "all": kept.Ask("tiny", lambda _: TEXTS, killed),
    }
    monkeypatch.setattr(kept, "ASKS", asks)
    with pytest.raises(KeyboardInterrupt):
        kept.main([])
    assert texts_in(places) == [4, 4]


def test_too_much_is_refused_with_a_sentence(
    places: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(kept, "LARGEST", 1000)
    assert kept.main([]) == 1
    assert "at most 0 MB ship" in capsys.readouterr().err


def test_what_the_toy_reads_in_seconds_does_not_ship(
    places: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "SIBLINGS", {"tiny"})
    assert kept.main([]) == 0
    assert list(places.iterdir()) == []


def test_a_chapter_is_run_as_a_reader_does(
    places: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nbformat = pytest.importorskip("nbformat")
    code = "from helpers.activations import mean_activations\n"
    code += "from helpers.models import load_model\n"
    code += f"mean_activations(load_model('tiny'), {TEXTS!r}, [1, 2])"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    (tmp_path / "book").mkdir()
    nbformat.write(notebook, tmp_path / "book" / "99_new.ipynb")
    monkeypatch.setattr(kept, "ROOT", tmp_path)
    monkeypatch.setattr(kept, "ASKS", {})
    assert kept.main(["99_new"]) == 0
    assert len(list(places.iterdir())) == 2


def never(*_: Any) -> None:
    raise LookupError("nothing that ships answers this")


def test_what_ships_is_what_the_model_gives(
    own_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A random sample, with the real weights: guards the numbers of code versions."""
    if not list(kept.shipped().glob("*.safetensors")):
        pytest.skip("no kept results in this copy: `make kept` writes them")
    draw = random.Random()
    name = draw.choice(list(kept.ASKS))
    one = kept.ASKS[name]
    model = load_model(one.model, device="cpu")
    texts = one.texts(model)
    with monkeypatch.context() as only:
        only.setattr(pooling, "pool_once", never)
        try:
            told = one.answer(model, texts)
        except LookupError:
            pytest.skip(f"{name} was asked in another way when `make kept` last ran")
    rows = draw.sample(range(len(texts)), SAMPLE)
    monkeypatch.setenv("EMOTION_VECTORS_KEPT", str(tmp_path / "none"))
    found = one.answer(model, [texts[i] for i in rows])
    off = (found - told[rows]).norm(dim=-1) / found.norm(dim=-1)
    assert float(off.max()) < CLOSE, (name, rows)
