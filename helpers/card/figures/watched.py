"""Figures of a card on what is not said: behind a mask, and just before an act."""

from __future__ import annotations

from typing import Any

from jaxtyping import Float
from torch import Tensor

from helpers.activations import last_position
from helpers.behaviour import act_rates, part_means, through
from helpers.card.bench import (
    RANDOM,
    SHUFFLED,
    Bench,
    Figures,
    figure,
    spread,
)
from helpers.card.figures.situations import own_area
from helpers.datasets import load_masked, load_watched
from helpers.stats import (
    Estimate,
    bootstrap_statistic,
    correlations,
    random_directions,
)

ACT = "cheat"


def masked(bench: Bench) -> Figures:
    """Can what is felt be read where another emotion is shown?

    From the tokens after the mask alone. Taught in chapter 11.
    """
    rows = load_masked(1, bench.model, split="test", emotions=bench.emotions)
    truth, topics = rows["felt"].to_numpy(), list(rows["topic"])
    found = {}
    for part in ("felt", "shown"):
        means = part_means(bench.model, *through(rows, "text", part), bench.layer)
        found[part] = own_area(bench, means, truth, topics)
    area, control = found["shown"]
    about: dict[str, Any] = {"over": "topic", "n": len(rows), "chapter": "11"}
    about |= {"where it is felt": found["felt"][0].value, "chance": 0.5}
    return {"masked": figure(area, control, SHUFFLED, unit="AUC", **about)}


def watching(bench: Bench) -> Figures:
    """Does *desperate*, read just before an act, go with how likely cheating is?

    Over episodes; the figure is a correlation with the model's own probability.
    Taught in chapter 12.
    """
    rows = load_watched(
        "ordinary", bench.model, split="test", n=2 * bench.sizes.messages
    )
    rate = act_rates(bench.model, rows)[ACT].to_numpy()
    at = last_position(bench.model, list(rows["prompt"]), bench.layer)

    def along(directions: Float[Tensor, "k d"]) -> Any:
        return (at @ directions.T / directions.norm(dim=-1)).numpy()

    own = along(bench.vectors["desperate"][None])
    again = bootstrap_statistic(
        lambda i: float(correlations(own[i], rate[i])[0]),
        list(rows["task"]),
        n_draws=bench.sizes.draws,
    )
    found = Estimate(float(correlations(own, rate)[0]), again.low, again.high)
    drawn = random_directions(bench.vectors.vectors, 5 * bench.sizes.random)
    control = spread(correlations(along(drawn), rate))
    about: dict[str, Any] = {"over": "task", "n": len(rows), "chapter": "12"}
    about |= {"cheating": rate.mean()}
    unit = "r over episodes"
    return {"watching": figure(found, control, RANDOM, unit=unit, **about)}
