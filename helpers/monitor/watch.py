"""Watch chosen emotion vectors while a model writes, or over a finished text.

The residual stream is read at the vectors' own layer, at every token, before anything
is written there. What is read is therefore what an offline reading of the same text
gives, also while the monitor steers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from jaxtyping import Float
from torch import Tensor

from helpers.activations import residual_stream
from helpers.models import check_new, check_seeds, model_name, token_strings
from helpers.monitor.alarms import Alert, check_scores, find_alerts, place, threshold
from helpers.monitor.stepwise import (
    Follower,
    OnAlert,
    check_answer,
    check_direction,
    follow,
    make_push,
)
from helpers.monitor.transcripts import Transcript, write_line
from helpers.stats import brief, number, whole
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
    thresholds: Any  # numbers of any kind by emotion, kept as float and int
    window: Any = 8
    start: Any = 1

    def __post_init__(self) -> None:
        if not isinstance(self.thresholds, Mapping):
            raise ValueError(
                f"thresholds is {brief(self.thresholds)}: pass one for each emotion, "
                'such as {"desperate": 0.3}'
            )
        if not self.thresholds:
            raise ValueError("nothing to watch: thresholds needs an emotion or more")
        bounds = {e: threshold(e, bound) for e, bound in self.thresholds.items()}
        object.__setattr__(self, "thresholds", bounds)
        for name, least in (("window", 1), ("start", 0)):
            found = whole(getattr(self, name), name, least=least)
            object.__setattr__(self, name, found)
        for emotion in self.thresholds:  # an unknown one is a KeyError with a hint
            check_direction(self.vectors[emotion], f"the vector of {emotion!r}")
        number(self.vectors.norm, "the vectors' norm", above=0)
        if not bool(self.vectors.center.isfinite().all()):
            raise ValueError("the vectors' center is not finite: extract them anew")

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

    Raises ValueError as `residual_stream` does, and for a score that is not finite.
    Taught in chapter 12.
    """
    found = monitor.empty(model)
    stream = residual_stream(model, text, found.layer)
    found.scores = monitor.vectors.scores(stream)[:, monitor.places].tolist()
    found.tokens = token_strings(model, text)
    for position, row in enumerate(found.scores):
        check_scores(row, found.emotions, place(position, found.tokens))
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
    strength: Any = 0.3,
    max_new_tokens: Any = 40,
    chunk: Any = 32,
    temperature: Any = 0.0,
    seed: Any = 0,
    log: str | Path | None = None,
) -> Iterator[Token]:
    """Each token of the prompt, and of what the model writes after it, as it is read.

    `on_alert`: "go on"; "stop" (the text ends with the token that raised it);
    "steer" (adds `calm`, a vector of the same layer, with `strength`, a fraction of
    the residual norm, while the alert lasts); or a function that is asked at the
    first token of each alert and answers one of these. `chunk` tokens are written
    at a time; what is stopped is stopped at its token all the same. `into` is filled
    as it goes and `log` written line by line, so that nothing read is lost.

    Raises ValueError for what does not fit, and (with what was read in `into` and
    `log`) for a score that is not finite. Taught in chapter 12.
    """
    found = into if into is not None else monitor.empty(model)
    check_answer(on_alert, calm)
    push = make_push(model, calm, strength, monitor.vectors.norm)
    follower = Follower(model, monitor, found, on_alert, push)
    heat = number(temperature, "temperature")
    options: dict[str, Any] = {"room": check_new(max_new_tokens), "temperature": heat}
    options |= {"seed": check_seeds(seed, heat, 1)[0]}
    options |= {"chunk": whole(chunk, "chunk", least=1)}
    with ExitStack() as stack:
        if log is not None:
            Path(log).parent.mkdir(parents=True, exist_ok=True)
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
