"""Public checks of assignment A1: they run and look at shapes and simple cases.

They use fixed inputs. The grader draws others, so passing here is not yet full marks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from helpers.activations import residual_stream
from helpers.checks.advice import as_tensor, check, expect, holds, same, shaped


@check("A1, question 1")
def a1_layer_rows(
    function: Callable[[Any, str, Sequence[int]], Any], model: Any
) -> None:
    """Question 1: the residual stream after several blocks, in the order asked for."""
    text = "Two boats lay in the harbor and the wind was low."
    got = as_tensor(function(model, text, [1, 3]), "The result")
    right = residual_stream(model, text, [1, 3])
    expect(got.ndim != 4, "There is an axis too many: the text is row 0 of its batch.")
    shaped(got, right.shape, "[layers, positions, width]")
    expect(
        not same(got, residual_stream(model, text, [0, 2])),
        "Each row is from the block before: layer l is what block l puts out.",
    )
    expect(same(got, right), "The shape is right, the values are not.")


@check("A1, question 2")
def a1_pool(function: Callable[[Tensor, Tensor, int, int | None], Any]) -> None:
    """Question 2: the mean over real positions from `start` up to `stop`."""
    rows = torch.arange(24.0).reshape(2, 6, 2)
    mask = torch.tensor([[1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 0, 0]]).bool()
    got = as_tensor(function(rows, mask, 1, 3), "The result")
    shaped(got, (2, 2), "[texts, width]")
    expect(not same(got, rows.mean(1)), "You average everything, padding included.")
    expect(
        not same(got, rows[:, 1:4].mean(1)),
        "`stop` is the first position left out, as in a slice.",
    )
    expect(same(got, rows[:, 1:3].mean(1)), "Not the mean of positions 1 and 2.")
    whole = as_tensor(function(rows, mask, 0, None), "The result")
    right = torch.stack([rows[0].mean(0), rows[1, :4].mean(0)])
    expect(same(whole, right), "With stop=None every real position counts.")


@check("A1, question 3")
def a1_worst_text(function: Callable[[Tensor, Tensor, Sequence[Tensor]], Any]) -> None:
    """Question 3: the text that a batch changed most, and by how much."""
    alone = [torch.ones(3, 2), torch.ones(2, 2)]
    batch, mask = torch.ones(2, 3, 2), torch.tensor([[1, 1, 1], [1, 1, 0]]).bool()
    batch[1, 1, 0] = 1.5
    got = function(batch, mask, alone)
    expect(holds(got, 2), "Return two things: the number of the text, and its gap.")
    expect(int(got[0]) == 1, "It is text 1 that differs from itself read alone.")
    expect(
        abs(float(got[1]) - 0.5) < 1e-6,
        "The gap is the largest size of a difference at a real position.",
    )


@check("A1, question 4")
def a1_leaked(function: Callable[[str, Sequence[str]], Any]) -> None:
    """Question 4: the emotion words in a text, in the order in which they stand."""
    words = ["calm", "sad", "proud"]
    got = function("He was sad, and later he was calm.", words)
    expect(isinstance(got, list), "Return a list of emotion words.")
    expect(
        sorted(got) == ["calm", "sad"],
        f"There are two emotion words in it, you found {got!r}.",
    )
    expect(got == ["sad", "calm"], "In the order of the text, not of the list.")
    expect(function("The door was open.", words) == [], "That text has none.")
    expect(
        function("With sadness she left.", words) == ["sad"],
        "A form of a word counts too, and is told as the word itself.",
    )
    expect(
        function("They sat on a saddle.", words) == [],
        "A saddle is no sadness: only the endings of the task make forms.",
    )


@check("A1, question 5")
def a1_push(function: Callable[[Tensor, Tensor, Tensor, float], Any]) -> None:
    """Question 5: a vector brought to a share of the mean residual norm."""
    rows = torch.tensor([[[9.0, 0], [3, 4], [0, 5]], [[9, 0], [0, 5], [9, 9]]])
    mask = torch.tensor([[1, 1, 1], [1, 1, 0]]).bool()
    vector = torch.tensor([0.0, 2.0])
    got = as_tensor(function(vector, rows, mask, 0.2), "The result")
    expect(got.shape == vector.shape, "Return a vector as long as the one given.")
    expect(
        bool(got[1] > 0) and abs(float(got[0])) < 1e-6,
        "The direction should stay what it was.",
    )
    size = float(got.norm())
    expect(
        abs(size - 0.4) > 1e-6,
        "The strength is a share of the residual norm, not of the vector's.",
    )
    expect(
        abs(size - 1.0) < 1e-5,
        "Every row that counts here has the norm 5, so strength 0.2 should move "
        f"by 1, and yours moves by {size:.3g}.",
    )


@check("A1, question 6")
def a1_peak(function: Callable[[Any, str, Tensor, int], Any], model: Any) -> None:
    """Question 6: where a text reaches farthest along a direction."""
    text, layer = "A dog barked and the door fell shut behind her.", 2
    vector = torch.randn(
        model.layers[layer].self_attn.q_proj.in_features,
        generator=torch.Generator().manual_seed(4),
    )
    got = function(model, text, vector, layer)
    expect(holds(got, 2), "Return two things: the position, and the score there.")
    along = residual_stream(model, text, layer) @ (vector / vector.norm())
    along[0] = -torch.inf
    place = int(along.argmax())
    expect(
        int(got[0]) != place - 1,
        "Off by one: positions are counted from 0, over all tokens.",
    )
    expect(int(got[0]) == place, "The highest score is at another position.")
    expect(
        abs(float(got[1]) - float(along[place])) < 1e-3 * abs(float(along[place])),
        "The right position, another score: what is the length of the direction?",
    )
