"""From scores to alerts: thresholds with a stated false-alarm rate, ROC, precision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike
from scipy import stats as scipy_stats


class Alert(NamedTuple):
    """Where and why: from `start` to `end` (both included) a mean score was too high.

    `score` is the highest mean over the window, reached at `peak`; `because` are the
    tokens of the first window with the highest scores of their own.
    """

    emotion: str
    start: int
    end: int
    peak: int
    score: float
    threshold: float
    because: tuple[str, ...]

    def __str__(self) -> str:
        words = ", ".join(repr(word) for word in self.because)
        return (
            f"{self.emotion} at tokens {self.start} to {self.end}: "
            f"{self.score:.3f} is above {self.threshold:.3f}, because of {words}"
        )


class Threshold(NamedTuple):
    """A score, the false-alarm rate to expect above it, and that rate's interval."""

    value: float
    rate: float
    low: float
    high: float
    n: int


def smooth(scores: Float[np.ndarray, "s e"], window: int) -> Float[np.ndarray, "s e"]:
    """The mean over each position and those before it, `window` in all.

    Not a number where there are not yet so many. Taught in chapter 12.
    """
    totals = np.cumsum(np.vstack([np.zeros_like(scores[:1]), scores]), axis=0)
    means = np.full(scores.shape, np.nan)
    if len(scores) >= window:
        means[window - 1 :] = (totals[window:] - totals[:-window]) / window
    return means


def smooth_from(
    scores: Float[np.ndarray, "s e"], window: int, start: int
) -> Float[np.ndarray, "s e"]:
    """`smooth` over the positions from `start` on; not a number before."""
    means = np.full(scores.shape, np.nan)
    means[start:] = smooth(scores[start:], window)
    return means


def find_alerts(
    scores: Float[np.ndarray, "s e"],
    thresholds: Mapping[str, float],
    window: int,
    tokens: Sequence[str],
    start: int = 0,
) -> list[Alert]:
    """Each stretch of positions at which a mean score is above its threshold.

    Windows lie in the positions from `start` on.
    """
    means, found = smooth_from(scores, window, start), []
    for column, (emotion, bound) in enumerate(thresholds.items()):
        above = np.concatenate([[False], means[:, column] > bound, [False]])
        steps = np.flatnonzero(above[1:] != above[:-1])
        for first, stop in zip(steps[::2], steps[1::2], strict=True):
            peak = int(first + means[first:stop, column].argmax())
            seen = slice(first - window + 1, first + 1)
            because = loudest(scores[seen, column], tokens[seen])
            place = (int(first), int(stop) - 1, peak)
            score = float(means[peak, column])
            found.append(Alert(emotion, *place, score, bound, because))
    return sorted(found, key=lambda alert: (alert.start, alert.emotion))


def alert_at(
    position: int,
    rows: Sequence[Sequence[float]],
    tokens: Sequence[str],
    thresholds: Mapping[str, float],
    window: int,
) -> Alert | None:
    """The alert at one position, from the last `window` rows: the worst of them."""
    if len(rows) < window:
        return None
    columns = list(zip(*rows, strict=True))
    over = [
        (sum(own) / window - bound, column, emotion)
        for column, (own, (emotion, bound)) in enumerate(
            zip(columns, thresholds.items(), strict=True)
        )
    ]
    excess, column, emotion = max(over)
    if not excess > 0:
        return None
    bound = thresholds[emotion]
    place = (position, position, position)
    because = loudest(columns[column], tokens)
    return Alert(emotion, *place, excess + bound, bound, because)


def loudest(own: Any, tokens: Sequence[str], n: int = 3) -> tuple[str, ...]:
    """The tokens with the highest scores, in the order of the text."""
    best = np.sort(np.asarray(own).argsort()[::-1][:n])
    return tuple(tokens[i].strip() for i in best)


def set_threshold(
    quiet: ArrayLike, rate: float = 0.05, *, level: float = 0.95
) -> Threshold:
    """The threshold that quiet episodes exceed with at most a stated rate.

    `quiet` holds the highest score of each validation episode that should raise no
    alert. The threshold is its k-th largest, k = floor(rate (n + 1)); for episodes of
    the same kind the rate above it then follows Beta(k, n + 1 - k), whatever the
    scores look like. `rate` in the result is the mean of that, `low` and `high` hold
    `level` of it.

    Raises ValueError if there are too few episodes for so small a rate.
    Source: order statistics of the uniform distribution. Taught in chapter 12.
    """
    ordered = np.sort(np.asarray(quiet, dtype=float))[::-1]
    n = len(ordered)
    k = int(np.floor(rate * (n + 1) + 1e-9))
    if rate >= 1:
        raise ValueError(f"a false-alarm rate of {rate} is no rate: pass 0.05, say")
    if rate <= 0 or k < 1:
        raise ValueError(
            f"a false-alarm rate of {rate} needs more than the {n} quiet episodes "
            "given: about 1 / rate, and ten times that for a narrow interval"
        )
    if not np.isfinite(ordered).all():
        raise ValueError(
            "a quiet score is not finite: an episode shorter than a window?"
        )
    law = scipy_stats.beta(k, n + 1 - k)
    low, high = law.ppf([(1 - level) / 2, (1 + level) / 2])
    return Threshold(float(ordered[k - 1]), k / (n + 1), float(low), float(high), n)
