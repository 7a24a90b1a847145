"""A feeling named in the prompt, beside a push along its vector: what both move."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Float

from helpers.datasets import load_care, load_contrasts, load_judgments, load_stories
from helpers.models import chat_prompt, is_embedded
from helpers.stats import halves
from helpers.steering.controls import controls
from helpers.steering.judging import Contrast, log_odds
from helpers.steering.wordings import worded, wordings
from helpers.vectors import extract

STRENGTH = {True: 0.3, False: 0.1}  # of the toy, which needs more, and of others
KINDS = ("emotion", "random", "unrelated", "topics")  # as chapter 08b pushes them


class Framed(NamedTuple):
    """Log-odds, in nats, of case and twin under each push and each prompt.

    `table` has name and kind of each: `emotion` and the controls of `controls`, and
    `prompt`; `before` is with neither. `contrast`: the answers.
    """

    contrast: Contrast
    table: pd.DataFrame
    scores: Float[np.ndarray, "p n 2"]
    before: Float[np.ndarray, "n 2"]


def framing(
    model: Any, stories: pd.DataFrame | None = None, *, step: int = 2
) -> Framed:
    """Judgments while feelings are named in the prompt, and while they are pushed.

    Of risky questions beside safe ones (the embedded model: of wrong beliefs beside
    right ones), on pairs on which the answer was not chosen. All emotions of `stories`
    are pushed (None: the stories that suit the model), each `step`-th is named, by the
    first of `wordings`. Kept by content; the pushes are those of chapter 08b. The page
    on prompts reads it.
    """
    act, pairs = pairs_of(model)
    first, answers = halves(len(pairs), None), load_contrasts(act, model)
    tried = of_sides(log_odds(model, asked(model, pairs[first]), answers))[0]
    best = [answers[int((tried[:, 0] - tried[:, 1]).mean(0).argmax())]]
    rest = pairs[~first]
    if "kind" in rest:  # dear: the first two of each kind
        rest = rest.groupby("kind", sort=False).head(2)
    made = load_stories(model) if stories is None else stories
    vectors = extract(model, made, denoise=None)
    pushes = controls(model, vectors, made, vectors.emotions).of(*KINDS)
    how: dict[str, Any] = {"strength": STRENGTH[is_embedded(model)]}
    pushed = of_sides(log_odds(model, asked(model, rest), best, pushes, **how))
    names = list(vectors.emotions)[::step]
    said = log_odds(model, [p for n in names for p in asked(model, rest, n)], best)
    named = of_sides(said)[0, ..., 0].reshape(len(names), -1, 2)
    table = pd.DataFrame({"name": names, "kind": "prompt"})
    table = pd.concat([pushes.table[["name", "kind"]], table], ignore_index=True)
    scores = np.concatenate([pushed[1:, ..., 0], named])
    return Framed(best[0], table, scores, pushed[0, ..., 0])


def pairs_of(model: Any) -> tuple[str, pd.DataFrame]:
    """What is judged, and its pairs: columns case and twin."""
    if is_embedded(model):
        pairs = load_judgments(model).query("act == 'false belief'")
        return "false belief", pairs[["case", "twin"]]
    return "care", load_care().rename(columns={"risky": "case", "safe": "twin"})


def asked(model: Any, pairs: pd.DataFrame, emotion: str = "") -> list[str]:
    """The prompts: case, twin, case, twin ..., naming an emotion if there is one."""
    texts = pairs[["case", "twin"]].to_numpy().flat
    if not emotion:
        return [chat_prompt(model, text) for text in texts]
    return [worded(model, text, wordings(model, emotion)[0]) for text in texts]


def of_sides(scores: Any) -> Float[np.ndarray, "p n 2 c"]:
    """Scores of case, twin, case, twin ... with an axis for the two."""
    return scores.unflatten(1, (-1, 2)).double().numpy()
