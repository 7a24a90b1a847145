"""Watch chosen emotion vectors while a model writes, or over a finished text.

The residual stream is read at the vectors' own layer, at every token, before anything
is written there. What is read is therefore what an offline reading of the same text
gives, also while the monitor steers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float
from torch import Tensor

from helpers.activations import residual_stream
from helpers.models import model_name, token_strings
from helpers.monitor.alarms import Alert, find_alerts
from helpers.monitor.stepwise import (
    Follower,
    OnAlert,
    check_answer,
    follow,
    make_push,
)
from helpers.monitor.transcripts import Transcript, write_line
from helpers.vectors import EmotionVectors


@dataclass(frozen=True)
class Monitor:
    """Which emotions are watched, and from which score on each is an alert.

    `thresholds` maps emotions to scores (units of the residual norm; infinite: read
    only). An alert is a mean over the last `window` tokens above its threshold;
    positions before `start` count for none, since a text's first tokens read unlike
    the others.
    Taught in chapter 12.
    """

    vectors: EmotionVectors
    thresholds: dict[str, float]
    window: int = 8
    start: int = 1

    def __post_init__(self) -> None:
        if not self.thresholds:
            raise ValueError("nothing to watch: thresholds needs an emotion or more")
        for emotion, bound in self.thresholds.items():
            self.vectors[emotion]  # raises KeyError with a hint
            if np.isnan(bound):
                raise ValueError(f"the threshold of {emotion!r} is not a number")
        if self.window < 1:
            raise ValueError(f"window is {self.window}: it counts tokens from 1 on")
        if self.start < 0:
            raise ValueError(f"start is {self.start}: it counts positions from 0")

    @property
    def places(self) -> list[int]:
        """Where the watched emotions stand among the vectors."""
        return [self.vectors.emotions.index(emotion) for emotion in self.thresholds]

    def empty(self, model: Any) -> Transcript:
        """A transcript of `model` with no token yet."""
        self.vectors.check_fits(model)
        depth, bounds = self.vectors.layer, dict(self.thresholds)
        place = (self.window, self.start)
        return Transcript(model_name(model), depth, bounds, *place)


class Token(NamedTuple):
    """One token that was read: where, what, its scores, and the alert it belongs to."""

    position: int
    text: str
    scores: dict[str, float]
    alert: Alert | None
    steered: bool


def alerts(transcript: Transcript) -> list[Alert]:
    """Every alert of a transcript, in the order in which they begin.

    Taught in chapter 12.
    """
    bounds, window = transcript.thresholds, transcript.window
    tokens, start = transcript.tokens, transcript.start
    return find_alerts(transcript.array(), bounds, window, tokens, start)


def watch_text(model: Any, monitor: Monitor, text: str) -> Transcript:
    """The transcript of a text that is already there.

    Raises ValueError as `residual_stream` does. Taught in chapter 12.
    """
    found = monitor.empty(model)
    stream = residual_stream(model, text, found.layer)
    found.scores = monitor.vectors.scores(stream)[:, monitor.places].tolist()
    found.tokens = token_strings(model, text)
    found.prompt, found.end = len(found.tokens), "read"
    return found


def watch(model: Any, monitor: Monitor, prompt: str, **options: Any) -> Transcript:
    """The transcript of what a model writes after a prompt; options as in `stream`."""
    found = options.pop("into", None) or monitor.empty(model)
    for _ in stream(model, monitor, prompt, into=found, **options):
        pass
    return found


def stream(
    model: Any,
    monitor: Monitor,
    prompt: str,
    *,
    into: Transcript | None = None,
    on_alert: OnAlert = "go on",
    calm: Float[Tensor, " d"] | None = None,
    strength: float = 0.3,
    max_new_tokens: int = 40,
    chunk: int = 32,
    temperature: float = 0.0,
    seed: int = 0,
    log: str | Path | None = None,
) -> Iterator[Token]:
    """Each token of the prompt, and of what the model writes after it, as it is read.

    `on_alert`: "go on"; "stop" (the text ends with the token that raised it);
    "steer" (adds `calm`, a vector of the same layer, with `strength`, a fraction of
    the residual norm, while the alert lasts); or a function that is asked at the
    first token of each alert and answers one of these. `chunk` tokens are written
    at a time; what is stopped is stopped at its token all the same. `into` is filled
    as it goes and `log` written line by line, so that nothing read is lost.

    Raises ValueError for what does not fit. Taught in chapter 12.
    """
    found = into if into is not None else monitor.empty(model)
    check_answer(on_alert, calm)
    push = make_push(model, calm, strength, monitor.vectors.norm)
    follower = Follower(model, monitor, found, on_alert, push)
    options: dict[str, Any] = {"room": max_new_tokens, "chunk": max(1, chunk)}
    options |= {"temperature": temperature, "seed": seed}
    with ExitStack() as stack:
        if log is not None:
            file = stack.enter_context(Path(log).open("w", encoding="utf-8"))
            write_line(file, found.header())
            follower.keep = lambda at: write_line(file, found.row(at))
            stack.callback(lambda: write_line(file, {"end": found.end}))
        shown = 0
        for _ in follow(model, follower, prompt, **options):
            yield from rows(found, follower.marks, shown)
            shown = len(found.tokens)


def rows(found: Transcript, marks: dict[int, Alert], start: int) -> Iterable[Token]:
    """The tokens of a transcript from a position on."""
    steered = set(found.steered)
    for at in range(start, len(found.tokens)):
        scores = dict(zip(found.thresholds, found.scores[at], strict=True))
        yield Token(at, found.tokens[at], scores, marks.get(at), at in steered)
