"""From scores to alerts: thresholds with a stated false-alarm rate, ROC, precision."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike
from scipy import stats as scipy_stats

from helpers.stats import number


class Alert(NamedTuple):
    """Where and why: from `start` to `end` (both included) a mean score was too high.

    A mean that is not a number is too high whatever the threshold. `score` is the
    highest mean over the window, reached at `peak`; `because` are the tokens of the
    first window with the highest scores of their own.
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
        place = f"{self.emotion} at tokens {self.start} to {self.end}"
        if np.isnan(self.score):
            return f"{place}: the score is not a number, from {words} on"
        above = f"{self.score:.3f} is above {self.threshold:.3f}"
        return f"{place}: {above}, because of {words}"


class Threshold(NamedTuple):
    """A score, the false-alarm rate to expect above it, and that rate's interval."""

    value: float
    rate: float
    low: float
    high: float
    n: int


def threshold(emotion: str, value: Any) -> float:
    """A threshold as float; infinite is read and never an alert, NaN is refused."""
    found = number(value, f"the threshold of {emotion!r}", finite=False)
    if found == -math.inf:
        raise ValueError(
            f"the threshold of {emotion!r} is {found}, so all is an alert: pass a "
            "number, or math.inf to read only"
        )
    return found


def place(position: int, tokens: Sequence[str]) -> str:
    """A position as it is named in an error."""
    return f"token {position} ({tokens[position]!r})"


def check_scores(scores: Sequence[float], emotions: Sequence[str], where: str) -> None:
    """Raise ValueError for a score that is not finite: it would read as quiet."""
    for emotion, score in zip(emotions, scores, strict=True):
        if not math.isfinite(score):
            raise ValueError(
                f"{where} has a score for {emotion!r} that is not finite ({score}): "
                "was the model read in float16?"
            )


def smooth(scores: Float[np.ndarray, "s e"], window: int) -> Float[np.ndarray, "s e"]:
    """The mean over each position and those before it, `window` in all.

    Not a number where there are not yet so many. Taught in chapter 12.
    """
    means = np.full(scores.shape, np.nan)
    if len(scores) >= window:
        windows = np.lib.stride_tricks.sliding_window_view(scores, window, axis=0)
        means[window - 1 :] = windows.mean(-1)
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

    Windows lie in the positions from `start` on; one with a score that is not a number
    is an alert.
    """
    means, found = smooth_from(scores, window, start), []
    there = np.arange(len(scores)) >= start + window - 1
    for column, (emotion, bound) in enumerate(thresholds.items()):
        over = there & ~(means[:, column] <= bound)
        above = np.concatenate([[False], over, [False]])
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
    """The alert at one position, from the last `window` rows: the worst of them.

    A mean that is not a number is the worst there is.
    """
    if len(rows) < window:
        return None
    columns = list(zip(*rows, strict=True))
    means = [sum(own) / window for own in columns]
    over = [
        (mean - bound if mean == mean else math.inf, column)
        for column, (mean, bound) in enumerate(
            zip(means, thresholds.values(), strict=True)
        )
    ]
    excess, column = max(over)
    if not excess > 0:
        return None
    emotion, bound = list(thresholds.items())[column]
    place = (position, position, position)
    because = loudest(columns[column], tokens)
    return Alert(emotion, *place, means[column], bound, because)


def loudest(own: Any, tokens: Sequence[str], n: int = 3) -> tuple[str, ...]:
    """The tokens with the highest scores, in the order of the text."""
    best = np.sort(np.asarray(own).argsort()[::-1][:n])
    return tuple(tokens[i].strip() for i in best)


def set_threshold(
    quiet: ArrayLike, rate: Any = 0.05, *, level: Any = 0.95
) -> Threshold:
    """The threshold that quiet episodes exceed with at most a stated rate.

    `quiet` holds the highest score of each validation episode that should raise no
    alert. The threshold is its k-th largest, k = floor(rate (n + 1)); for episodes of
    the same kind the rate above it then follows Beta(k, n + 1 - k), whatever the
    scores look like. `rate` in the result is the mean of that, `low` and `high` hold
    `level` of it.

    Raises ValueError if there are too few episodes for so small a rate, or for a score
    that is not finite.
    Source: order statistics of the uniform distribution. Taught in chapter 12.
    """
    ordered = np.sort(np.asarray(quiet, dtype=float))[::-1]
    rate, level = number(rate, "rate"), number(level, "level", above=0)
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
        first = int(np.flatnonzero(~np.isfinite(np.asarray(quiet, dtype=float)))[0])
        raise ValueError(
            f"the quiet score {first} is not finite: an episode shorter than a window?"
        )
    law = scipy_stats.beta(k, n + 1 - k)
    low, high = law.ppf([(1 - level) / 2, (1 + level) / 2])
    return Threshold(float(ordered[k - 1]), k / (n + 1), float(low), float(high), n)
