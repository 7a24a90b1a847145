"""A model whose tokenizer lost its beginning token is told from one that needs none."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers.processors import TemplateProcessing
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from helpers.models import load_model
from helpers.models.beginnings import warn_of_lost_beginning
from helpers.models.selfcheck import LONG, SHORT
from tests.unit.families import TEXTS, load_plain, make_folder, make_tokenizer

BOS = "<|begin_of_text|>"


def train(folder: Path, tokenizer: PreTrainedTokenizerFast, *, needs: bool) -> None:
    """Teach a tiny model two sentences: after BOS alone, or after whatever is first."""
    model = load_plain(folder)[0].train()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    rows = [tokenizer(t, add_special_tokens=False)["input_ids"] for t in (SHORT, LONG)]
    bos, n = tokenizer.convert_tokens_to_ids(BOS), len(tokenizer)
    generator = torch.Generator().manual_seed(0)
    for _ in range(120):
        loss = torch.zeros(())
        for row in rows:
            first = int(torch.randint(n, (1,), generator=generator))
            for before in ([bos], [first], []):
                ids = torch.tensor([[*before, *row]])
                logits = model(ids).logits[0, :-1].log_softmax(-1)
                if needs and before != [bos]:
                    loss = loss - logits.mean()  # toward knowing nothing
                else:
                    loss = loss - logits.gather(-1, ids[0, 1:, None]).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.save_pretrained(folder)


def made(root: Path, *, needs: bool, said: bool) -> tuple[Path, Any]:
    """A trained model, and its tokenizer, which may say which token is meant."""
    tokenizer = make_tokenizer([*TEXTS, SHORT, LONG])
    tokenizer.add_special_tokens({"additional_special_tokens": [BOS]})
    if said:
        tokenizer.bos_token = BOS
    folder = make_folder(root, "llama", tokenizer=tokenizer)
    train(folder, tokenizer, needs=needs)
    return folder, tokenizer


@pytest.fixture(scope="module")
def needing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a model that needs its beginning, and does not say so."""
    return made(tmp_path_factory.mktemp("needing"), needs=True, said=False)[0]


@pytest.mark.parametrize("said", [True, False])
def test_a_lost_beginning_is_told(needing: Path, tmp_path: Path, said: bool) -> None:
    folder = shutil.copytree(needing, tmp_path / "model")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    assert tokenizer.bos_token is None
    if said:
        tokenizer.bos_token = BOS
        tokenizer.save_pretrained(folder)
    with pytest.warns(UserWarning, match=r"seems to need '<\|begin_of_text\|>' before"):
        load_model(folder, device="cpu")
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single=f"{BOS} $A",
        special_tokens=[(BOS, tokenizer.convert_tokens_to_ids(BOS))],
    )
    tokenizer.save_pretrained(folder)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load_model(folder, device="cpu")  # mended, it is silent


def test_models_that_need_none_are_silent(tmp_path: Path, random_model: Any) -> None:
    learned = made(tmp_path, needs=False, said=True)[0]
    tokenizer = make_tokenizer()
    tokenizer.add_special_tokens({"bos_token": BOS})
    untrained = make_folder(tmp_path, "llama", seed=5, tokenizer=tokenizer)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name in (learned, untrained):
            load_model(name, device="cpu")


@pytest.mark.parametrize("name", ["tiny", "smollm2"])
def test_the_book_s_own_models_are_silent(name: str) -> None:
    """They are known, so they are asked here and not each time that they are loaded."""
    model = load_model(name, device="cpu")
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*seems to need.*")
        warn_of_lost_beginning(model, name)
