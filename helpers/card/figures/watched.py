"""Figures of a card on what is not said: behind a mask, and just before an act."""

from __future__ import annotations

from typing import Any

from jaxtyping import Float
from torch import Tensor

from helpers.activations import last_position
from helpers.behaviour import act_rates, part_means, through
from helpers.card.bench import Bench
from helpers.card.figure import RANDOM, Figures, figure
from helpers.card.figures.situations import own_area
from helpers.datasets import load_masked, load_watched
from helpers.stats import correlations, random_directions, stuck

ACT = "cheat"


def masked(bench: Bench) -> Figures:
    """Can what is felt be read where another emotion is shown?

    From the tokens after the mask alone. Taught in chapter 11.
    """
    rows = load_masked(1, bench.model, split="test", emotions=bench.emotions)
    truth, topics = rows["felt"].to_numpy(), list(rows["topic"])
    about: dict[str, Any] = {"over": "topic", "chapter": "11"}
    found: Figures = {}
    for part in ("felt", "shown"):
        means = part_means(bench.model, *through(rows, "text", part), bench.layer)
        more = {"where it is felt": found["felt"]["value"]} if found else {}
        found[part] = own_area(bench, means, truth, topics, **about, **more)
    return {"masked": found["shown"]}


def watching(bench: Bench) -> Figures:
    """Does *desperate*, read just before an act, go with how likely cheating is?

    Over episodes; the figure is a correlation with the model's own probability.
    Taught in chapter 12b.
    """
    rows = load_watched(
        "ordinary", bench.model, split="test", n=2 * bench.sizes.messages
    )
    rate = act_rates(bench.model, rows)[ACT].to_numpy()
    at = last_position(bench.model, list(rows["prompt"]), bench.layer)

    def along(directions: Float[Tensor, "k d"]) -> Any:
        return (at @ directions.T / directions.norm(dim=-1)).numpy()

    own = along(bench.vectors["desperate"][None])
    drawn = along(random_directions(bench.vectors.vectors, bench.sizes.random))

    def measure(i: Any) -> tuple[float, float]:
        return float(correlations(own[i], rate[i])[0]), 0.0

    null = correlations(drawn, rate)
    about: dict[str, Any] = {"over": "task", "chapter": "12", "scale": "r"}
    about |= {"cheating": rate.mean(), "unit": "r over episodes", "null": null}
    about["stuck"] = stuck(rate, floor=0.0, ceiling=1.0)
    return {"watching": figure(measure, rows["task"], RANDOM, **about)}
