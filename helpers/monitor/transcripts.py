"""What a monitor read, kept token by token, in memory and on disk.

A transcript file holds JSON lines: one that describes the reading, then one for each
token. A line is written as soon as a token is read, so a run that is killed leaves
all that it had read.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd
from jaxtyping import Float

from helpers.monitor.alarms import check_scores, place, threshold
from helpers.stats import whole

SCHEMA, VERSION = "emotion-transcript", 1
HEADER = ("schema", "version", "model", "layer", "window", "start", "thresholds")


@dataclass
class Transcript:
    """Tokens of one text with the score of each watched emotion.

    `thresholds` maps each emotion to the mean score over `window` tokens from which
    on it is an alert (infinite: it is read and raises none); positions before `start`
    raise none. `scores` has a row for each token, in units of the residual norm;
    `prompt` counts the tokens that were there before the model wrote; `steered` lists
    the positions that were steered; `end` says why the text ended.
    """

    model: str
    layer: int
    thresholds: dict[str, float]
    window: int = 8
    start: int = 0
    tokens: list[str] = field(default_factory=list)
    scores: list[list[float]] = field(default_factory=list)
    ids: list[int] = field(default_factory=list)
    prompt: int = 0
    steered: list[int] = field(default_factory=list)
    end: str = "cut off"

    @property
    def emotions(self) -> list[str]:
        """The watched emotions, in the order of the columns of `scores`."""
        return list(self.thresholds)

    @property
    def text(self) -> str:
        """The tokens as one text."""
        return "".join(self.tokens)

    @property
    def written(self) -> str:
        """The part that the model wrote."""
        return "".join(self.tokens[self.prompt :])

    def array(self) -> Float[np.ndarray, "s e"]:
        """The scores, a row for each token."""
        return np.array(self.scores, dtype=float).reshape(-1, len(self.thresholds))

    def to_frame(self) -> pd.DataFrame:
        """A row for each emotion and token: emotion, position, token, score."""
        scores = self.array()
        rows = [
            (emotion, position, token, scores[position, place])
            for place, emotion in enumerate(self.emotions)
            for position, token in enumerate(self.tokens)
        ]
        return pd.DataFrame(rows, columns=["emotion", "position", "token", "score"])

    def header(self) -> dict[str, Any]:
        """What the first line of a file says."""
        bounds = {
            e: t if math.isfinite(t) else None for e, t in self.thresholds.items()
        }
        about = {"schema": SCHEMA, "version": VERSION, "model": self.model}
        return about | {
            "layer": self.layer,
            "window": self.window,
            "start": self.start,
            "thresholds": bounds,
        }

    def row(self, position: int) -> dict[str, Any]:
        """What the line of one token says."""
        line: dict[str, Any] = {"token": self.tokens[position]}
        line["scores"] = [round(value, 6) for value in self.scores[position]]
        if position < self.prompt:
            line["prompt"] = True
        if position in self.steered:
            line["steered"] = True
        return line


def write_line(file: IO[str], line: Mapping[str, Any]) -> None:
    """Write one line of JSON and hand it to the system at once."""
    file.write(json.dumps(line, ensure_ascii=False) + "\n")
    file.flush()


def save_transcript(transcript: Transcript, path: str | Path) -> Path:
    """Write a transcript as JSON lines (UTF-8); returns the path.

    Raises ValueError, before the file is touched, for a score that is not finite.
    Taught in chapter 12.
    """
    target = Path(path)
    for position, scores in enumerate(transcript.scores):
        check_scores(scores, transcript.emotions, place(position, transcript.tokens))
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    with part.open("w", encoding="utf-8") as file:
        write_line(file, transcript.header())
        for position in range(len(transcript.tokens)):
            write_line(file, transcript.row(position))
        write_line(file, {"end": transcript.end})
    os.replace(part, target)
    return target


def load_transcript(path: str | Path) -> Transcript:
    """Read a transcript, of any model; what a killed run left is read too.

    A last line that was cut in two is dropped. Raises FileNotFoundError, or ValueError
    for a file of another kind, of a newer version, or with a line that does not fit.
    Taught in chapter 12.
    """
    source = Path(path)
    if not source.exists():
        raise FileNotFoundError(
            f"no transcript {source}: save_transcript(transcript, path) writes one"
        )
    lines = source.read_text("utf-8", errors="replace").split("\n")
    whole, rest = lines[:-1], lines[-1]  # what follows the last end of line was cut
    if not whole and rest.strip():
        whole = [rest]
    if not whole:
        raise ValueError(f"{source} is empty: it holds no transcript")
    found = read_header(source, whole[0])
    for number, line in enumerate(whole[1:], start=2):
        read_row(found, line, f"line {number} of {source}")
    return found


def read_header(source: Path, line: str) -> Transcript:
    """A transcript without tokens, from a file's first line."""
    try:
        about = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"{source} is no file of JSON lines: {error}") from error
    if not isinstance(about, dict) or about.get("schema") != SCHEMA:
        raise ValueError(
            f"{source} is no transcript: its first line should hold "
            f'"schema": "{SCHEMA}"'
        )
    if missing := [name for name in HEADER if name not in about]:
        raise ValueError(f"{source} does not say {missing} in its first line")
    if about["version"] != VERSION:
        raise ValueError(
            f"{source} is of version {about['version']!r}, and this book reads version "
            f"{VERSION}: save it anew, or take a newer copy of the book"
        )
    bounds = about["thresholds"]
    if not isinstance(bounds, dict) or not bounds:
        raise ValueError(
            f"{source} has thresholds {bounds!r}: name one emotion or more"
        )
    try:
        thresholds = {
            e: math.inf if t is None else threshold(e, t) for e, t in bounds.items()
        }
        layer, start = (whole(about[n], n, least=0) for n in ("layer", "start"))
        window = whole(about["window"], "window", least=1)
    except ValueError as error:
        raise ValueError(f"the first line of {source}: {error}") from error
    return Transcript(str(about["model"]), layer, thresholds, window, start)


def read_row(transcript: Transcript, line: str, where: str) -> None:
    """Add what one line says to a transcript."""
    try:
        row = json.loads(line)
        if "end" in row:
            transcript.end = str(row["end"])
            return
        token, scores = str(row["token"]), [float(value) for value in row["scores"]]
    except (json.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"{where} is no token with its scores ({error!r}): {line[:60]}"
        ) from error
    if len(scores) != len(transcript.thresholds):
        raise ValueError(
            f"{where} has {len(scores)} scores for "
            f"{len(transcript.thresholds)} emotions"
        )
    check_scores(scores, transcript.emotions, where)
    if row.get("steered"):
        transcript.steered.append(len(transcript.tokens))
    transcript.tokens.append(token)
    transcript.scores.append(scores)
    transcript.prompt += bool(row.get("prompt"))
