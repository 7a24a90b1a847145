"""Ready-made controls of chapters 09 and 10: an act or a choice under steering."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from helpers.behaviour import act_rates, prefer_first, steered_rates
from helpers.show import charts, widgets
from helpers.show.charts.acts import shares
from helpers.vectors import EmotionVectors

SHARES = (-0.6, -0.4, -0.2, 0.0, 0.2, 0.4, 0.6)


def act_dial(
    model: Any,
    vectors: EmotionVectors,
    scenes: pd.DataFrame,
    emotions: Sequence[str],
    *,
    strengths: Sequence[float] = SHARES,
    start: tuple[str, float] | None = None,
) -> None:
    """The rate of each act, and what is left for all, by emotion and strength.

    Still: the mean over `scenes`. Live: one scene that the reader writes, which must
    end where the act is to be named. Taught in chapter 10.
    """
    acts, first = list(scenes["choices"].iloc[0]), start or (emotions[0], 0.0)
    options: dict[str, Any] = {"layer": vectors.layer, "norm": vectors.norm}
    chosen = {emotion: vectors[emotion] for emotion in emotions}
    table = steered_rates(model, scenes, chosen, strengths, **options)
    means = table.groupby(["vector", "strength"], sort=False)[[*acts, "mass"]].mean()
    rows = means.reset_index().melt(
        ["vector", "strength"], [*acts, "mass"], "act", "rate"
    )
    rows["act"] = rows["act"].replace("mass", "left for all acts")
    order = [*acts, "left for all acts"]

    def draw(scene: str, emotion: str, strength: float) -> Any:
        one = pd.DataFrame({"prompt": [scene], "choices": [scenes["choices"].iloc[0]]})
        steering = {"vector": vectors[emotion], "strength": strength, **options}
        found = act_rates(model, one, **steering).iloc[0]
        shown = pd.DataFrame({"act": order, "rate": found.to_numpy()})
        title = f"{emotion} at strength {strength}"
        return shares(shown, "rate", "act", title=title, sort=order, apart=order[-1:])

    title = "Pick an emotion and a strength: what is done, and how sure that is"
    still = shares(rows, "rate", "act", title=title, sort=order, apart=order[-1:])
    names, amounts = sorted(emotions), [float(s) for s in strengths]
    still = charts.pick(still, "vector", names, label="Emotion", start=first[0])
    still = charts.pick(still, "strength", amounts, label="Strength", start=first[1])
    live = widgets.panel(
        draw,
        run="Measure",
        scene=widgets.text("Scene", scenes["prompt"].iloc[0]),
        emotion=widgets.menu("Emotion", names, first[0]),
        strength=widgets.slider("Strength", min(amounts), max(amounts), 0.1, first[1]),
    )
    widgets.two_faces(still, live)


def choose_between(
    model: Any,
    vectors: EmotionVectors,
    first: str,
    second: str,
    emotions: Sequence[str],
    *,
    ask: str,
    strengths: Sequence[float] = SHARES,
) -> None:
    """Which of two things is rather done, in both orders, by emotion and strength.

    The whole question is steered, so that what is shown is a push and no wanting.
    Live, the reader names the two things. Taught in chapter 09.
    """
    options: dict[str, Any] = {"layer": vectors.layer, "norm": vectors.norm}

    def rows(first: str, second: str, grid: Sequence[tuple[str, float]]) -> Any:
        asked = [ask.format(a=first, b=second), ask.format(a=second, b=first)]
        found = prefer_first(
            model,
            asked * len(grid),
            vector=vectors.vectors[[vectors.emotions.index(e) for e, _ in grid]]
            .repeat_interleave(2, dim=0)
            .float(),
            strength=[s for _, s in grid for _ in asked],
            **options,
        )
        order = [f"(A) is: {first}", f"(A) is: {second}"]
        frame = pd.DataFrame(grid, columns=["emotion", "strength"])
        frame = frame.loc[frame.index.repeat(2)].reset_index(drop=True)
        return frame.assign(order=order * len(grid), chosen=found["first"].to_numpy())

    def draw(first: str, second: str, emotion: str, strength: float) -> Any:
        shown = rows(first, second, [(emotion, strength)])
        title = f"{emotion} at strength {strength}: how often (A)"
        return bars(shown, title)

    def bars(frame: pd.DataFrame, title: str) -> Any:
        order = list(dict.fromkeys(frame["order"]))
        return shares(
            frame,
            "chosen",
            "order",
            title=title,
            sort=order,
            reference=0.5,
            axis="chance of (A)",
        )

    names, amounts = sorted(emotions), [float(s) for s in strengths]
    middle = amounts[len(amounts) // 2]
    every = rows(first, second, [(e, s) for e in names for s in amounts])
    title = "Pick an emotion and a strength: how often the answer is (A)"
    still = bars(every, title)
    still = charts.pick(still, "emotion", names, label="Emotion")
    still = charts.pick(still, "strength", amounts, label="Strength", start=middle)
    live = widgets.panel(
        draw,
        run="Ask",
        first=widgets.text("First", first),
        second=widgets.text("Second", second),
        emotion=widgets.menu("Emotion", names),
        strength=widgets.slider("Strength", min(amounts), max(amounts), 0.1, middle),
    )
    widgets.two_faces(still, live)
