"""How a monitor follows generation: read at each step, steer, pause, go on.

Taught in chapter 12.
"""

from __future__ import annotations

import copy
import math
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import nnsight
import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformers import StoppingCriteria

from helpers.models import (
    d_model,
    home,
    model_name,
    text_config,
    token_strings,
    tokenize,
    travels,
    unwrap,
    where,
)
from helpers.monitor.alarms import Alert, alert_at, check_scores, place
from helpers.monitor.transcripts import Transcript
from helpers.stats import number
from helpers.steering import GumbelNoise

Answer = str  # one of ANSWERS
OnAlert = str | Callable[[Alert], str]
ANSWERS = ("go on", "stop", "steer")
CONTEXT = 8  # tokens of the prompt before the first one written, for its space


class Follower(StoppingCriteria):
    """Reads the residual stream step by step into a transcript, and reacts to alerts.

    `marks` maps each position above a threshold to the alert as it began; `keep` is
    called with each position once it is read.
    """

    def __init__(
        self,
        model: Any,
        monitor: Any,
        found: Transcript,
        on_alert: OnAlert,
        push: Float[Tensor, " d"] | None,
    ) -> None:
        vectors = monitor.vectors
        unit = vectors.unit[monitor.places].float() / vectors.norm
        self.map = unit.T.to(home(model))
        self.shift = (unit @ vectors.center.float()).to(home(model))
        self.tokenizer, self.found, self.push = model.tokenizer, found, push
        self.on_alert, self.steering = on_alert, on_alert == "steer"
        self.strings: list[str] = []
        self.shown = (0, 0)  # the ids whose text was shown last
        self.marks: dict[int, Alert] = {}
        self.keep: Callable[[int], None] = nothing
        self.halt = self.asked = False

    def __call__(self, input_ids: Any, scores: Any, **_: Any) -> Any:
        """Note the new token; whether to pause. Hugging Face asks after each one."""
        self.note(int(input_ids[0, -1]))
        return torch.full((len(input_ids),), self.halt, device=input_ids.device)

    def begin(self, ids: list[int], strings: list[str]) -> None:
        """Take the prompt: its ids, and its tokens as strings."""
        self.found.ids, self.found.prompt = ids, len(ids)
        self.strings, self.shown = strings, (max(0, len(ids) - CONTEXT), len(ids))

    def note(self, token: int) -> None:
        """Remember a token: its id, and the text that is whole with it."""
        self.found.ids.append(token)
        text = self.new_text()
        self.strings.append("" if text.endswith("\ufffd") else text)
        if self.strings[-1]:
            self.shown = self.shown[1], len(self.found.ids)

    def new_text(self) -> str:
        """What the ids that are not shown add to those before them."""
        first, end = self.shown
        before = self.tokenizer.decode(self.found.ids[first:end])
        return str(self.tokenizer.decode(self.found.ids[first:])[len(before) :])

    def close(self) -> None:
        """Show what is left of a character that the text breaks off in."""
        if self.strings and not self.strings[-1]:
            self.strings[-1] = self.new_text()

    def read(self, residual: Float[Tensor, "1 s d"]) -> None:
        """Keep the scores of the new positions; react at the last of them."""
        first = len(self.found.ids) - residual.shape[1]
        self.push_again(residual, first)
        new = residual[0, len(self.found.scores) - first :].float()
        on = self.map.to(new.device), self.shift.to(new.device)
        for row in (new @ on[0] - on[1]).tolist():
            self.take(row, residual)

    def take(self, row: list[float], residual: Float[Tensor, "1 s d"] | None) -> None:
        """Keep the scores of one position; react to them."""
        found, position = self.found, len(self.found.scores)
        check_scores(row, found.emotions, place(position, self.strings))
        found.scores.append(row)
        found.tokens.append(self.strings[position])
        self.look(position)
        if position >= found.prompt - 1:
            self.react(position, residual)
        self.keep(position)

    def push_again(self, residual: Float[Tensor, "1 s d"], first: int) -> None:
        """Steer positions that were steered before, where they are run once more."""
        for position in self.found.steered:
            if position >= first and self.push is not None:
                residual[:, position - first] += self.push.to(residual)

    def look(self, position: int) -> None:
        """Mark a position that is above a threshold."""
        window = self.found.window
        first = max(self.found.start, position + 1 - window)
        rows, words = self.found.scores[first:], self.found.tokens[first:]
        alert = alert_at(position, rows, words, self.found.thresholds, window)
        if alert is not None:
            self.marks[position] = self.marks.get(position - 1, alert)

    def react(self, position: int, residual: Float[Tensor, "1 s d"] | None) -> None:
        """Pause or steer at a position, if an alert lasts there."""
        lasts = position in self.marks
        if callable(self.on_alert):
            self.asked = self.asked and lasts
            self.steering = self.steering and lasts
            self.halt = lasts and not self.asked
        else:
            self.halt = lasts and self.on_alert == "stop"
        if lasts and self.steering and self.push is not None:
            if residual is not None:
                residual[:, -1] += self.push.to(residual)
            self.found.steered.append(position)

    def answer(self) -> Answer:
        """What to do at a pause: asks, if there is somebody to ask."""
        self.halt = False
        if not callable(self.on_alert):
            return "stop"
        self.asked = True
        given = self.on_alert(self.marks[max(self.marks)])
        check_answer(given, self.push)
        self.steering = given == "steer"
        return given

    def traveler(self) -> Follower:
        """A copy to be sent: it pauses where a person is to be asked, logs nothing."""
        other = copy.copy(self)
        other.found, other.strings = copy.deepcopy(self.found), list(self.strings)
        other.marks, other.keep = dict(self.marks), nothing
        if callable(self.on_alert):
            other.on_alert = ask
        return other

    def replay(self, ids: list[int], scores: list[list[float]]) -> None:
        """Go through what a traveler read, and decide as it did."""
        for row in scores:
            if len(self.found.ids) == len(self.found.scores):
                self.note(ids[len(self.found.ids)])
            self.take(row, None)
        while len(self.found.ids) < len(ids):
            self.note(ids[len(self.found.ids)])


def nothing(position: int) -> None:
    """Keep no log."""


def ask(alert: Alert) -> str:
    """Stands for a person or function that is asked here, not where the model runs."""
    return "stop"


def check_answer(on_alert: Any, calm: Any) -> None:
    """Raise ValueError for what cannot be done about an alert."""
    if not callable(on_alert) and on_alert not in ANSWERS:
        raise ValueError(
            f"on an alert {on_alert!r} was asked for: it can be one of {ANSWERS}, or "
            "(as on_alert) a function that returns one of them"
        )
    if on_alert == "steer" and calm is None:
        raise ValueError('to "steer", pass calm=: the vector to steer along')


def make_push(
    model: Any, calm: Float[Tensor, " d"] | None, strength: Any, norm: float
) -> Float[Tensor, " d"] | None:
    """What is added to a position while the monitor steers; ValueError if unfit."""
    share = number(strength, "strength")
    if calm is None:
        return None
    if calm.shape != (d_model(model),):
        raise ValueError(
            f"calm has shape {tuple(calm.shape)}: pass a vector of "
            f"{model_name(model)}, of width {d_model(model)}"
        )
    unit = calm.float() / check_direction(calm, "calm")
    return (share * norm * unit).to(home(model))


def check_direction(vector: Float[Tensor, " d"], name: str) -> float:
    """The length of a vector; raises ValueError if it is zero or not finite."""
    size = float(vector.float().norm())
    if not 0 < size < math.inf:
        raise ValueError(f"{name} is zero or not finite: it has no direction")
    return size


def begin(model: Any, follower: Follower, prompt: str, room: int) -> Int[Tensor, "1 s"]:
    """The prompt's ids, noted in the transcript; ValueError if there is no room."""
    (row,) = tokenize(model, [prompt])
    context = getattr(text_config(model), "max_position_embeddings", None)
    if context and len(row) + room > context:
        raise ValueError(
            f"the prompt has {len(row)} tokens and {room} are to follow, but the "
            f"model's context is {context}: shorten one of them"
        )
    found = follower.found
    if found.tokens:
        raise ValueError("into is not empty: pass a new transcript for a new text")
    follower.begin(row.tolist(), token_strings(model, prompt))
    return torch.from_numpy(row).long()[None]


def follow(
    model: Any,
    follower: Follower,
    prompt: str,
    *,
    room: int,
    chunk: int,
    temperature: float,
    seed: int,
) -> Iterator[None]:
    """Write up to `room` tokens, `chunk` at a time; yields after each chunk."""
    found, ids = follower.found, begin(model, follower, prompt, room)
    noise = [GumbelNoise([seed], temperature)] if temperature > 0 else []
    ends, cache = end_tokens(model), None
    step = write_there if travels(model) else write
    while (left := room - (ids.shape[1] - found.prompt)) > 0:
        ids, cache = step(model, follower, ids, cache, min(chunk, left), noise)
        yield
        if follower.halt and follower.answer() == "stop":
            del found.ids[len(found.tokens) :]  # chosen after the alert, never shown
            found.end = "stopped at an alert"
            return
        if int(ids[0, -1]) in ends:
            break
    if len(found.tokens) < ids.shape[1]:
        follower.close()
        read_last(model, follower, ids, cache)
    found.end = "end of text" if int(ids[0, -1]) in ends else "length"
    yield


def write(
    model: Any, follower: Follower, ids: Any, cache: Any, n: int, noise: list
) -> tuple[Int[Tensor, "1 s"], Any]:
    """Let the model write `n` tokens or fewer, read as they come."""
    options = writing(follower, n, noise)
    options |= {"return_dict_in_generate": True, "past_key_values": cache}
    layer, inputs = follower.found.layer, as_inputs(model, ids)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.filterwarnings("ignore", message=".*was never reached.*")
        with model.generate(**options, **where(model)) as tracer:
            with tracer.invoke(inputs):
                for _ in tracer.iter[:]:
                    follower.read(unwrap(model.layers[layer].output))
            with tracer.invoke():
                result = tracer.result.save()
    return result.sequences.cpu(), result.past_key_values


def write_there(
    model: Any, follower: Follower, ids: Any, cache: None, n: int, noise: list
) -> tuple[Int[Tensor, "1 s"], None]:
    """As `write`, where the model is elsewhere: a copy of the follower goes there.

    The new tokens and their scores come back, and the follower goes through them here.
    Keys and values stay there, so a chunk begins with what is already written.
    """
    there, at = follower.traveler(), len(follower.found.scores)
    options = writing(there, n, noise)
    layer, inputs = follower.found.layer, as_inputs(model, ids)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.filterwarnings("ignore", message=".*was never reached.*")
        with model.generate(**options, **where(model)) as tracer:
            with tracer.invoke(inputs):
                for _ in tracer.iter[:]:
                    there.read(unwrap(model.layers[layer].output))
            with tracer.invoke():
                written = nnsight.save(tracer.result[0].tolist())
                scores = nnsight.save(there.found.scores[at:])
    follower.replay(written, scores)
    for one in noise:
        one.step = len(written) - follower.found.prompt
    return torch.tensor([written]), None


def read_last(model: Any, follower: Follower, ids: Any, cache: Any) -> None:
    """Read the last token, which was chosen and has not been through the model."""
    layer, inputs = follower.found.layer, as_inputs(model, ids)
    if cache is not None:
        inputs["input_ids"] = inputs["input_ids"][:, len(follower.found.tokens) :]
    options = {} if cache is None else {"past_key_values": cache}
    there, at = follower.traveler(), len(follower.found.scores)
    with torch.no_grad(), model.trace(inputs, **options, **where(model)) as tracer:
        there.read(unwrap(model.layers[layer].output))
        scores = nnsight.save(there.found.scores[at:])
        tracer.stop()
    follower.replay(ids[0].tolist(), scores)


def writing(follower: Follower, n: int, noise: list) -> dict[str, Any]:
    """What `generate` is told wherever it writes: `n` tokens, read by a follower."""
    options: dict[str, Any] = {"max_new_tokens": n, "do_sample": False}
    options |= {"use_cache": True, "stopping_criteria": [follower]}
    return options | {"logits_processor": noise}


def as_inputs(model: Any, ids: Int[Tensor, "1 s"]) -> dict[str, Tensor]:
    """Ids with their mask, where the model is."""
    on = ids.to(home(model))
    return {"input_ids": on, "attention_mask": torch.ones_like(on)}


def end_tokens(model: Any) -> set[int]:
    """The ids that end a text."""
    ends = model._module.generation_config.eos_token_id
    return set() if ends is None else set(ends if isinstance(ends, list) else [ends])
