"""The checks on traces pass their solution and know each mistake by its own advice."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch

from helpers import checks
from helpers.activations import residual_stream
from helpers.checks.inside import BUGS, patched
from helpers.checks.readers import READERS
from helpers.models import n_layers

stream = residual_stream


def read(model: Any, texts: Sequence[str], layer: int) -> Any:
    with torch.no_grad(), model.trace(texts):
        output = model.layers[layer].output.save()
    return output.float().cpu()


def first_only(model: Any, texts: Sequence[str], layer: int) -> Any:
    with torch.no_grad(), model.trace(texts):
        output = model.layers[layer].output[0].save()
    return output


def unsaved(model: Any, texts: Sequence[str], layer: int) -> Any:
    with torch.no_grad(), model.trace(texts):
        output = model.layers[layer].output
    return output


def with_gradients(model: Any, texts: Sequence[str], layer: int) -> Any:
    with model.trace(texts):
        output = model.layers[layer].output.save()
    return output


def single(model: Any, texts: Sequence[str], layer: int) -> Any:
    return torch.stack([stream(model, text, layer) for text in texts])


def patch(model: Any, text: str, donor: str, layer: int, position: int) -> Any:
    with torch.no_grad(), model.trace(donor):
        row = model.layers[layer].output[:, position].save()
    with torch.no_grad(), model.trace(text):
        model.layers[layer].output[:, position] = row
        end = model.layers[n_layers(model) - 1].output.save()
    return end[0]


def patch_unsaved(model: Any, text: str, donor: str, layer: int, position: int) -> Any:
    with torch.no_grad(), model.trace(donor):
        row = model.layers[layer].output[:, position]
    return row


def patch_all(model: Any, text: str, donor: str, layer: int, position: int) -> Any:
    row = stream(model, donor, layer)[position]
    with torch.no_grad(), model.trace(text):
        model.layers[layer].output[:] = row
        end = model.layers[n_layers(model) - 1].output.save()
    return end[0]


def zero(model: Any, text: str, donor: str, layer: int, position: int) -> Any:
    with torch.no_grad(), model.trace(text):
        model.layers[layer].output[:, position] = 0
        end = model.layers[n_layers(model) - 1].output.save()
    return end[0]


def last(model: Any, text: str, *_: Any) -> Any:
    return stream(model, text, n_layers(model) - 1)


WRONG: list[tuple[str, Callable[..., Any], str]] = [
    ("read_layer", lambda m, t, n: single(m, t, n).tolist(), "is a list"),
    ("read_layer", lambda m, t, n: single(m, t, n)[0, 0], "one position only"),
    ("read_layer", first_only, "`[0]` takes the first text"),
    ("read_layer", lambda m, t, n: read(m, t, n)[0], "`[0]` takes the first text"),
    ("read_layer", lambda m, t, n: single(m, t, n)[None], "d_model]"),
    ("read_layer", lambda m, t, n: single(m, t, n)[:, 1:], "d_model]"),
    ("read_layer", lambda m, t, n: single(m, t, n - 1), "of layer 0, not 1"),
    ("read_layer", lambda m, t, n: single(m, t, n + 1), "of layer 2, not 1"),
    ("read_layer", lambda m, t, n: 2 * single(m, t, n), "values are not"),
    ("read_layer", lambda m, t, n: single(m, t, n).flip(0), "values are not"),
    ("read_layer", single, "Open a trace yourself"),
    ("read_layer", unsaved, "needs `.save()`, inside the trace"),
    ("read_layer", with_gradients, "torch.no_grad()"),
    ("patch_row", lambda m, t, *_: last(m, t)[1:], "d_model]"),
    ("patch_row", last, "Nothing changed"),
    ("patch_row", patch_unsaved, "needs `.save()`, inside the trace"),
    ("patch_row", patch_all, "Rows before position 3"),
    ("patch_row", lambda m, t, d, n, p: patch(m, t, d, n, p + 1), "another position"),
    ("patch_row", lambda m, t, d, n, p: patch(m, t, d, n + 1, p), "another layer"),
    ("patch_row", zero, "not by the donor's row"),
    ("which_bug", lambda: BUGS | {"E": 1}, "just the keys A, B, C, D."),
    ("which_bug", lambda: BUGS | {"A": 6}, "A is 6: say one of 1, 2, 3, 4, 5."),
    ("which_bug", lambda: BUGS | {"B": 3}, "3 of 4 right. Look at B again"),
]
RIGHT = {"read_layer": read, "patch_row": patch, "which_bug": lambda: dict(BUGS)}


def run(name: str, function: Callable[..., Any], model: Any) -> bool:
    more = [] if name == "which_bug" else [model]
    return getattr(checks, name)(function, *more)


@pytest.mark.parametrize("name", RIGHT)
def test_the_reference_passes(name: str, random_model: Any, capsys: Any) -> None:
    assert run(name, RIGHT[name], random_model) is True
    assert capsys.readouterr().out == f"{name}: passed.\n"


@pytest.mark.parametrize(("name", "answer", "advice"), WRONG)
def test_a_mistake_has_its_own_advice(
    name: str, answer: Any, advice: str, random_model: Any, capsys: Any
) -> None:
    assert run(name, answer, random_model) is False
    told = capsys.readouterr().out
    assert advice in told
    assert len(told.splitlines()) == 1


def test_a_patched_run_is_that_of_plain_hooks(random_model: Any) -> None:
    text, donor = "The boat lay still in the harbor.", "A dog ran over the hill."
    net, layer, place = random_model._module, 1, 3
    row = stream(random_model, donor, layer)[place]
    kept: list[Any] = []

    def write(_: Any, __: Any, output: Any) -> Any:
        changed = output.clone()
        changed[:, place] = row
        return changed

    blocks = random_model.layers
    hooks = [
        blocks[layer]._module.register_forward_hook(write),
        blocks[n_layers(random_model) - 1]._module.register_forward_hook(
            lambda _, __, output: kept.append(output)
        ),
    ]
    with torch.no_grad():
        net(**random_model.tokenizer(text, return_tensors="pt"))
    for hook in hooks:
        hook.remove()
    got = patched(random_model, text, donor, layer, place)
    torch.testing.assert_close(got, kept[0][0])
    before = last(random_model, text)
    assert torch.equal(got[:place], before[:place])
    assert (got[place:] != before[place:]).any(1).all()


def test_each_reader_has_the_bug_that_is_told(random_model: Any, capsys: Any) -> None:
    texts = ["Two boats lay in the harbor and the wind was low.", "A dog barked."]
    checks.run_readers(random_model, texts)
    right, *told = capsys.readouterr().out.splitlines()
    shape = [tuple(stream(random_model, t, 1).shape) for t in texts]
    assert right == f"right: {shape[0]} {shape[1]}"
    found = {}
    for line in told:
        name, _, words = line.strip().partition(": ")
        off = [float(x) for x in re.findall(r"off by ([\d.]+)%", words)]
        found[name] = 3 if "UnboundLocalError" in words else None
        if len(off) == 2:
            found[name] = 4 if off[0] == 0 < off[1] else 1
        elif off == [0.0]:
            found[name] = 2
    assert found == BUGS
    assert set(READERS) == set(BUGS)
