"""Names of models: what a result depends on changes the name, and nothing else does."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn.utils import parametrize

from helpers import cache
from helpers.activations import mean_activations
from helpers.models import load_model
from tests.unit.families import make_folder

TEXTS = ["The door is open and the light is on."]


def test_fingerprint(family_folder: Any, tmp_path: Path) -> None:
    one, two = (load_model(family_folder("llama")) for _ in range(2))
    other = load_model(make_folder(tmp_path, "llama", seed=1))
    short = load_model(family_folder("llama"), dtype="bfloat16")
    name = cache.fingerprint(one)
    assert cache.fingerprint(two) == name
    assert cache.fingerprint(other) != name
    assert cache.fingerprint(short) != name
    with torch.no_grad():
        two._module.model.norm.weight[0] += 1
    assert cache.fingerprint(two) != name
    with torch.no_grad():
        two._module.model.norm.weight.copy_(one._module.model.norm.weight)
    assert cache.fingerprint(two) == name


def test_fingerprint_of_a_hub_model(family_folder: Any) -> None:
    """Named by id, revision and dtype for as long as nobody edits the weights."""
    model = load_model(family_folder("llama"))
    plain = cache.fingerprint(model)
    model.__dict__["_emotion_origin"] = ("a/b", "abc", "float32")
    named = cache.fingerprint(model)
    assert named == cache.digest(("a/b", "abc", "float32"))
    with torch.no_grad():
        model._module.model.norm.weight.mul_(2)
    assert cache.fingerprint(model) not in (named, plain)


def test_same_weights_of_another_family(family_folder: Any) -> None:
    """Granite has Llama's parameters and multiplies differently."""
    llama, granite = (load_model(family_folder(kind)) for kind in ("llama", "granite"))
    pairs = zip(llama._module.parameters(), granite._module.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)
    assert cache.fingerprint(llama) != cache.fingerprint(granite)


@pytest.fixture
def model(family_folder: Any) -> Any:
    """A model of this test's own, to be changed."""
    return load_model(family_folder("llama"), device="cpu")


def read(model: Any, **options: Any) -> torch.Tensor:
    return mean_activations(model, TEXTS, 1, start=1, progress=False, **options)


def block(model: Any) -> Any:
    return model._module.model.layers[1]


def add_one(model: Any) -> None:
    block(model).mlp.down_proj.weight.data[0, 0] += 9


def swap_rows(model: Any) -> None:
    rows = block(model).mlp.down_proj.weight.data
    rows[[0, 1]] = rows[[1, 0]].clone()


def turn_faster(model: Any) -> None:
    """A buffer that no state dict holds."""
    model._module.model.rotary_emb.inv_freq.data.mul_(3)


def scale_attention(model: Any) -> None:
    block(model).self_attn.scaling = 3.0


def another_norm(model: Any) -> None:
    for part in block(model).modules():
        if hasattr(part, "variance_epsilon"):
            part.variance_epsilon = 10.0


def another_part(model: Any) -> None:
    block(model).mlp.act_fn = torch.nn.ReLU().eval()


def adapted(model: Any) -> None:
    """What adapters do: another module in the place of a matrix."""
    old = block(model).mlp.down_proj
    low = torch.nn.Linear(old.in_features, 2, bias=False)
    high = torch.nn.Linear(2, old.out_features, bias=False)
    block(model).mlp.down_proj = Added(old, torch.nn.Sequential(low, high)).eval()


class Added(torch.nn.Module):
    """A module, and another that is added to it."""

    def __init__(self, old: Any, new: Any) -> None:
        super().__init__()
        self.old, self.new = old, new

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.old(x) + self.new(x)


CHANGES = [add_one, swap_rows, turn_faster, scale_attention, another_norm]
CHANGES += [another_part, adapted]


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_seen(
    change: Callable[[Any], None], model: Any, own_cache: Path
) -> None:
    before, name = read(model), cache.fingerprint(model)
    change(model)
    now = read(model)
    assert not torch.allclose(now, before)
    assert torch.equal(now, read(model, cache=False))
    assert cache.fingerprint(model) != name
    assert torch.equal(now, read(model))  # and it is kept under its own name
    assert len(list(own_cache.glob("*"))) == 2


def test_the_kind_of_attention_is_seen(model: Any) -> None:
    name = cache.fingerprint(model)
    model._module.set_attn_implementation("eager")
    assert cache.fingerprint(model) != name


def test_a_look_changes_no_name(model: Any) -> None:
    name = cache.fingerprint(model)
    ids = torch.tensor([[5, 6, 7]])
    model._module(ids, output_hidden_states=True, output_attentions=True)
    model._module.generate(ids, max_new_tokens=3, do_sample=False)
    read(model)
    assert cache.fingerprint(model) == name
    assert not cache.hooked(model)


def moved(*args: Any) -> Any:
    """A hook that moves what a block gives."""
    output = args[-1]
    if isinstance(output, tuple):
        return (output[0] + 5, *output[1:])
    return output + 5


@contextlib.contextmanager
def removed(handle: Any) -> Iterator[None]:
    yield
    handle.remove()


@contextlib.contextmanager
def an_edit(model: Any) -> Iterator[None]:
    with model.edit(inplace=True):
        x = model.layers[1].output
        x[:] = x + 5
    yield
    model.clear_edits()


@contextlib.contextmanager
def another_forward(model: Any) -> Iterator[None]:
    part = block(model).mlp
    before = part.forward
    part.forward = lambda x: before(x) + 5
    yield
    part.forward = before


@contextlib.contextmanager
def dropping(model: Any) -> Iterator[None]:
    part = block(model).self_attn.train()
    part.attention_dropout = 0.5
    yield
    part.attention_dropout = 0.0
    part.eval()


class Twice(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return 2 * x


@contextlib.contextmanager
def parametrized(model: Any) -> Iterator[None]:
    part = block(model).mlp.down_proj
    parametrize.register_parametrization(part, "weight", Twice())
    yield
    parametrize.remove_parametrizations(part, "weight", leave_parametrized=False)


PASSING: dict[str, Callable[[Any], Any]] = {
    "a hook": lambda m: removed(m._module.model.layers[0].register_forward_hook(moved)),
    "a hook on a part": lambda m: removed(block(m).mlp.register_forward_hook(moved)),
    "a hook before": lambda m: removed(
        block(m).mlp.register_forward_pre_hook(lambda part, x: (x[0] + 5,))
    ),
    "a hook on all": lambda m: removed(
        torch.nn.modules.module.register_module_forward_hook(
            lambda part, x, y: y + 5 if isinstance(part, torch.nn.Linear) else None
        )
    ),
    "an edit": an_edit,
    "another forward": another_forward,
    "autocast": lambda m: torch.autocast("cpu", dtype=torch.bfloat16),
    "dropout": dropping,
    "parametrized": parametrized,
}


@pytest.mark.parametrize("kind", PASSING)
@pytest.mark.filterwarnings("ignore:.*forward.* was replaced")
def test_what_has_no_name_is_not_kept(kind: str, model: Any, own_cache: Path) -> None:
    before = read(model)
    kept = set(own_cache.iterdir())
    with PASSING[kind](model):
        assert cache.hooked(model)
        during = read(model)
        assert not torch.allclose(during, before, atol=1e-4)
        if kind != "dropout":
            assert torch.equal(during, read(model, cache=False))
    assert set(own_cache.iterdir()) == kept
    assert not cache.hooked(model)
    assert torch.equal(read(model), before)


def test_a_class_that_was_changed_before_loading(
    family_folder: Any, model: Any, monkeypatch: pytest.MonkeyPatch, own_cache: Path
) -> None:
    kind = type(block(model).mlp)
    before = kind.forward
    monkeypatch.setattr(kind, "forward", lambda self, x: before(self, x) + 5)
    other = load_model(family_folder("llama"), device="cpu")
    assert cache.hooked(other)
    assert not torch.allclose(read(other), read(model))


def test_an_edited_copy_is_no_original(model: Any, own_cache: Path) -> None:
    before = read(model)
    with model.edit() as (_, edited):
        x = edited.layers[1].output
        x[:] = x + 5
    assert not torch.allclose(read(edited), before)
    assert torch.equal(read(model), before)


def test_a_checksum_is_the_same_on_each_device_and_moves_with_any_bit() -> None:
    value = torch.randn(300, 7, generator=torch.Generator().manual_seed(0))
    first = cache.identity.checksum(value)
    words = value.numpy().reshape(-1).view("int64").tolist()
    times = cache.identity.multipliers().tolist()
    total = sum(a * b for a, b in zip(words, times[: len(words)], strict=True))
    assert (first[2][0] - total) % 2**64 == 0
    for place in (0, 1000, 2099):
        other = value.clone().flatten()
        other.view(torch.int32)[place] ^= 1
        assert cache.identity.checksum(other.view(300, 7)) != first
    short = value.flatten()[1:4].bfloat16()
    assert cache.identity.checksum(short) != cache.identity.checksum(short.float())
