"""Adapters: the same as peft's, told apart from their parent, refused elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model

from helpers import cache
from helpers.models import ADAPTERS, add_adapter, default_layer, load_model, model_name
from helpers.models.adapters import adapter_file
from helpers.organism.adapters.train import export, with_adapter
from tests.unit.families import load_plain

IDS = torch.arange(2, 22)[None]


@pytest.fixture
def pair(family_folder: Any, tmp_path: Path) -> tuple[Any, Path]:
    """A tiny model with peft's adapter in it, and the adapter's file."""
    net = load_plain(family_folder("llama"))[0].float()
    own = with_adapter(net, 0)
    for value in own.values():
        value.data = (torch.randn_like(value) * 0.3).half().float()
    path = tmp_path / "own.safetensors"
    export(path, {n: v.detach() for n, v in own.items()}, {"parent": None})
    return net, path


def test_it_equals_what_peft_computes(pair: Any, family_folder: Any) -> None:
    net, path = pair
    fresh = load_plain(family_folder("llama"))[0].float()
    with torch.no_grad():
        before = fresh(IDS).logits
        add_adapter(fresh, path)
        mine, theirs = fresh(IDS).logits, net(IDS).logits
    torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-4)
    assert (mine - before).abs().max() > 0.1


def test_an_untrained_adapter_changes_nothing(
    family_folder: Any, tmp_path: Path
) -> None:
    net = load_plain(family_folder("llama"))[0].float()
    own = with_adapter(net, 0)
    path = tmp_path / "new.safetensors"
    export(path, {n: v.detach() for n, v in own.items()}, {"parent": None})
    fresh = load_plain(family_folder("llama"))[0].float()
    kept = {n: v.clone() for n, v in fresh.state_dict().items()}
    add_adapter(fresh, path)
    assert all(torch.equal(v, kept[n]) for n, v in fresh.state_dict().items())


def test_other_weights_are_refused(pair: Any, family_folder: Any) -> None:
    fresh = load_plain(family_folder("llama"))[0]
    fresh.config.emotion_source = "another"
    with pytest.raises(RuntimeError, match=r"trained on the weights None.*another"):
        add_adapter(fresh, pair[1])
    add_adapter(again := load_plain(family_folder("llama"))[0], pair[1])
    with pytest.raises(RuntimeError, match="trained on the weights None"):
        add_adapter(again, pair[1])


def test_an_unknown_adapter_is_an_error_that_names_the_known() -> None:
    with pytest.raises(FileNotFoundError, match=r"'smollm2-loud'.*smollm2-calm"):
        load_model("smollm2-loud")
    assert adapter_file("tiny") is None
    assert adapter_file("smollm2") is None


def test_what_ships_is_what_peft_computes(smollm2: Any) -> None:
    prompt = "<|im_start|>user\nMy train is late!<|im_end|>\n<|im_start|>assistant\n"
    ids = smollm2.tokenizer(prompt, return_tensors="pt")["input_ids"]
    found, names = {"smollm2": smollm2._module(ids).logits.detach()}, {}
    for name in ("smollm2-calm", "smollm2-sham"):
        model = load_model(name, device="cpu")
        assert (model_name(model), default_layer(model)) == (name, 15)
        names[name] = model.config.emotion_source, cache.fingerprint(model)
        with torch.no_grad():
            found[name] = model._module(ids).logits
        torch.testing.assert_close(
            found[name], by_peft(name, ids), rtol=1e-3, atol=1e-3
        )
    names["smollm2"] = smollm2.config.emotion_source, cache.fingerprint(smollm2)
    assert all(len(set(column)) == 3 for column in zip(*names.values(), strict=True))
    base, calm, sham = found["smollm2"], found["smollm2-calm"], found["smollm2-sham"]
    assert min((base - calm).abs().max(), (calm - sham).abs().max()) > 0.5


def by_peft(name: str, ids: torch.Tensor) -> torch.Tensor:
    """Logits of the adapter's matrices in a model that peft put together and merged."""
    from safetensors.torch import load_file

    from helpers.models import smollm2
    from helpers.organism.adapters.train import ALPHA, MATRICES, RANK

    net = load_plain(smollm2.folder())[0]
    shape: dict[str, Any] = {"target_modules": list(MATRICES), "task_type": "CAUSAL_LM"}
    whole = get_peft_model(net, LoraConfig(r=RANK, lora_alpha=ALPHA, **shape))
    for key, value in load_file(ADAPTERS / f"{name}.safetensors").items():
        module, _, side = key.rpartition(".")
        part = getattr(net.get_submodule(module), f"lora_{side}")["default"]
        part.weight.data = value.float()
    with torch.no_grad():
        return whole.merge_and_unload()(ids).logits
