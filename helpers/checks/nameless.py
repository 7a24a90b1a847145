"""Check of the exercise on three vectors without names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from jaxtyping import Float
from torch import Tensor

from helpers.checks.advice import check, expect, lettered
from helpers.stats import random_directions
from helpers.vectors import cosine_scores, logit_lens, names_by_lot, top_tokens

KINDS = ("real", "shuffled", "random")
IS = {"A": "shuffled", "B": "real", "C": "random"}


def three_vectors(
    block: Float[Tensor, "t e d"], *, place: int = 0, seed: int = 0
) -> dict[str, Float[Tensor, " d"]]:
    """Vectors A, B and C of length 1: one real, one of shuffled labels, one random.

    The real one is of emotion `place` of crossed stories, as `by_topic` gives them; the
    shuffled one has a story of each topic, too. Taught in chapter 04.
    """
    made = {}
    for kind, rows in (("real", block), ("shuffled", names_by_lot(block, seed=seed))):
        means = rows.mean(0)
        made[kind] = means[place] - means.mean(0)
    made["random"] = random_directions(made["real"][None], n=1, seed=seed)[0]
    return {letter: made[kind] / made[kind].norm() for letter, kind in IS.items()}


def describe_vectors(
    model: Any,
    block: Float[Tensor, "t e d"],
    emotions: Sequence[str],
    *,
    place: int = 0,
    n: int = 6,
) -> None:
    """Print what each of `three_vectors` says, and which stories lie farthest along it.

    The vectors come from all topics of the block but the first, which is held out; in
    brackets the highest cosine. Taught in chapter 04.
    """
    made_from, held_out = block[1:], block[:1]
    center = made_from.mean((0, 1))
    for letter, vector in three_vectors(made_from, place=place).items():
        words = top_tokens(model, logit_lens(model, vector[None]), [letter], n)
        print(letter, "says:", *words[words["end"] == "top"]["token"].str.strip())
        for where, rows in (("made from", made_from), ("held out", held_out)):
            near = cosine_scores((rows - center).flatten(0, 1), vector[None])[:, 0]
            best = near.topk(n)
            found = [emotions[int(i) % len(emotions)] for i in best.indices]
            print(f"   {where} ({best.values[0]:.2f}): {', '.join(found)}")


@check()
def which_vector(function: Callable[[], Any]) -> None:
    """Chapter 04: which of three vectors is real, which shuffled, which random."""
    found = function()
    lettered(found, IS, KINDS)
    expect(
        sorted(found.values()) == sorted(KINDS),
        "There is one of each kind, and you name one twice.",
    )
    expect(
        found["C"] != "shuffled",
        "A shuffled vector is a mean of stories, and lies near those. How near "
        "does C come to the stories that the vectors were made from?",
    )
    n = sum(found[letter] == kind for letter, kind in IS.items())
    expect(
        n == len(IS),
        f"{n} of 3 are so. Compare how near each comes to the stories that it was "
        "made from with how near it comes to those of the topic held out.",
    )
