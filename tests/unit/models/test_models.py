"""Loading: every family looks the same, and what does not fit is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from helpers.models import load_model, properties
from helpers.models.families import FAMILIES, Names
from helpers.models.selfcheck import check
from tests.unit.families import NAMED, OTHERS, load_plain, make_folder


def test_every_known_family_is_tested() -> None:
    assert set(NAMED + OTHERS) == set(FAMILIES)


@pytest.mark.parametrize("kind", NAMED + OTHERS)
def test_family(kind: str, family_folder: Any) -> None:
    model = load_model(family_folder(kind))
    plain, tokenizer = load_plain(family_folder(kind))
    text = "She waited for a letter."
    with torch.no_grad():
        with model.trace(text):
            final = model.ln_final.output.save()
            logits = model.lm_head.output.save()
        ids = tokenizer(text, return_tensors="pt")
        theirs = plain(**ids, output_hidden_states=True)
    assert (properties.n_layers(model), properties.d_model(model)) == (4, 32)
    assert len(model.layers) == 4
    assert torch.allclose(final, theirs.hidden_states[-1], atol=1e-5)
    head = plain.get_output_embeddings()(theirs.hidden_states[-1])
    assert torch.allclose(logits, head, atol=1e-4)


def edited(folder: Path, target: Path, **changes: Any) -> Path:
    """A copy of a model's folder with changes to its config.json."""
    shutil.copytree(folder, target)
    config = json.loads((target / "config.json").read_text())
    (target / "config.json").write_text(json.dumps(config | changes))
    return target


def test_unknown_family(family_folder: Any, tmp_path: Path) -> None:
    folder = edited(family_folder("llama"), tmp_path / "x", model_type="mamba")
    with pytest.raises(ValueError, match=r"'mamba' is not known.*gemma2.*qwen3"):
        load_model(folder)


def test_no_such_model(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r'no-one/nothing.*no network.*"tiny"'):
        load_model("no-one/nothing")
    with pytest.raises(OSError, match="no folder with a model"):
        load_model(tmp_path)


def test_embedded_model_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = properties.Tier(str(properties.EMBEDDED / "gone"))
    monkeypatch.setitem(properties.TIERS, "tiny", gone)
    with pytest.raises(FileNotFoundError, match=r"helpers\.organism\.train"):
        load_model("tiny")


def test_code_of_a_checkpoint_is_never_run(family_folder: Any, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    auto = {"AutoConfig": "evil.C", "AutoModelForCausalLM": "evil.M"}
    folder = edited(family_folder("llama"), tmp_path / "x", auto_map=auto)
    (folder / "evil.py").write_text(f"open({str(ran)!r}, 'w')\n")
    load_model(folder)
    assert not ran.exists()


def test_padding_token(family_folder: Any, tmp_path: Path) -> None:
    folder = edited(family_folder("llama"), tmp_path / "x")
    path = folder / "tokenizer_config.json"
    config = json.loads(path.read_text())
    del config["pad_token"]
    path.write_text(json.dumps(config))
    assert load_model(folder).tokenizer.pad_token == "<|end|>"
    del config["eos_token"]
    path.write_text(json.dumps(config))
    with pytest.raises(ValueError, match="neither a padding nor an end-of-text"):
        load_model(folder)


def test_defaults(family_folder: Any, tmp_path: Path) -> None:
    model = load_model(family_folder("llama"))
    assert properties.default_layer(model) == 2  # 0.6 of 4
    assert properties.default_start(model) == 50
    assert properties.model_name(model) == family_folder("llama").name
    own = {"emotion_layer": 1, "emotion_start": 7}
    model = load_model(edited(family_folder("llama"), tmp_path / "own", **own))
    assert (properties.default_layer(model), properties.default_start(model)) == (1, 7)


def test_default_layer_is_a_layer(tmp_path: Path) -> None:
    model = load_model(make_folder(tmp_path, "llama", num_hidden_layers=1))
    assert properties.default_layer(model) == 0


def test_dtype(family_folder: Any, tmp_path: Path) -> None:
    folder = edited(family_folder("llama"), tmp_path / "x", dtype="bfloat16")
    assert load_model(folder, device="cpu")._module.dtype == torch.float32
    assert load_model(folder, dtype="bfloat16")._module.dtype == torch.bfloat16
    with pytest.raises(ValueError, match="'float33' is not known"):
        load_model(folder, dtype="float33")


def test_wrong_norm_is_noticed(
    family_folder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(FAMILIES, "phi3", Names(ln_final="lm_head"))
    with pytest.raises(RuntimeError, match=r"ln_final of .* is not its final norm"):
        load_model(family_folder("phi3"))


def test_self_check(family_folder: Any) -> None:
    model = load_model(family_folder("llama"))
    with pytest.raises(RuntimeError, match="configuration says 5 layers"):
        check(model, "x", 5, 32)

    def leak(module: Any, inputs: Any, output: torch.Tensor) -> torch.Tensor:
        return output + output.mean(1, keepdim=True)

    hook = model._module.model.layers[1].register_forward_hook(leak)
    with pytest.raises(RuntimeError, match="layer 2 of x changes with padding"):
        check(model, "x", 4, 32)
    hook.remove()
    check(model, "x", 4, 32)
    with torch.no_grad():
        model._module.model.layers[0].mlp.up_proj.weight.fill_(torch.nan)
    with pytest.raises(RuntimeError, match=r'not a number.*"bfloat16"'):
        check(model, "x", 4, 32)
