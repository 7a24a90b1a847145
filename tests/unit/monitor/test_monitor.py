"""The monitor against plain PyTorch, planted activations, and runs that are cut off."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from helpers.activations import residual_stream
from helpers.models import load_model, model_name, token_strings
from helpers.monitor import (
    Monitor,
    Transcript,
    alerts,
    load_transcript,
    stream,
    watch,
    watch_text,
)
from helpers.monitor.stepwise import Follower
from helpers.monitor.watch import Token
from helpers.steering import generate
from helpers.vectors import EmotionVectors
from tests.unit.families import NAMED, load_plain, plain_blocks

PROMPT = "The cat sat on the mat and looked at the rain."
LAYER, WIDTH, NEVER = 2, 32, float("inf")


def make_vectors(model: Any, *, layer: int = LAYER) -> EmotionVectors:
    generator = torch.Generator().manual_seed(0)
    drawn = torch.randn(3, WIDTH, generator=generator)
    center = torch.randn(WIDTH, generator=generator)
    names = ("afraid", "calm", "happy")
    return EmotionVectors(drawn, names, layer, model_name(model), 3.0, center, 0)


def make_monitor(model: Any, bound: float = NEVER, window: int = 3) -> Monitor:
    bounds = {"happy": bound, "afraid": NEVER}
    return Monitor(make_vectors(model), bounds, window, 0)


@pytest.mark.parametrize("kind", NAMED)
@pytest.mark.parametrize("chunk", [1, 7, 100])
def test_scores_equal_those_of_a_plain_hook(
    kind: str, chunk: int, family_folder: Callable[[str], Path]
) -> None:
    """Token for token, while writing with the cache, and the ids are HF's own."""
    folder = family_folder(kind)
    model = load_model(folder, device="cpu")
    monitor = make_monitor(model)
    found = watch(model, monitor, PROMPT, max_new_tokens=18, chunk=chunk)
    plain, tokenizer = load_plain(folder)
    kept: list[torch.Tensor] = []
    inputs = tokenizer(PROMPT, return_tensors="pt")
    ids = plain.generate(**inputs, max_new_tokens=18, do_sample=False)
    hook = plain_blocks(plain)[LAYER].register_forward_hook(
        lambda module, inputs, output: kept.append(
            output[0] if isinstance(output, tuple) else output
        )
    )
    with torch.no_grad():
        plain(ids)
    hook.remove()
    assert found.ids == ids[0].tolist()
    expected = monitor.vectors.scores(kept[0][0])[:, [2, 0]]
    assert torch.allclose(torch.tensor(found.scores), expected, atol=1e-4)
    assert found.prompt == inputs["input_ids"].shape[1]


@pytest.mark.parametrize("kind", NAMED)
def test_a_finished_text_reads_as_residual_stream_does(
    kind: str, family_folder: Callable[[str], Path]
) -> None:
    model = load_model(family_folder(kind), device="cpu")
    monitor = make_monitor(model)
    found = watch_text(model, monitor, PROMPT)
    read = monitor.vectors.scores(residual_stream(model, PROMPT, LAYER))
    assert torch.allclose(torch.tensor(found.scores), read[:, [2, 0]], atol=1e-5)
    assert found.text == PROMPT


@pytest.fixture(scope="module")
def shown_model(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A Llama whose residual stream is the embedding of each token and nothing more."""
    from tests.unit.families import make_folder

    folder = make_folder(tmp_path_factory.mktemp("planted"), "llama", seed=3)
    model = load_model(folder, device="cpu")
    with torch.no_grad():
        for block in model._module.model.layers:
            block.self_attn.o_proj.weight.zero_()
            block.mlp.down_proj.weight.zero_()
    return model


def planted(model: Any, word: str, others: str) -> Monitor:
    """A monitor of the direction in which the embedding of one word lies alone."""
    (one,) = set(model.tokenizer(word)["input_ids"])
    rest = sorted(set(model.tokenizer(others)["input_ids"]) - {one})
    table = model._module.model.embed_tokens.weight.detach()
    away = torch.linalg.qr(table[rest].T).Q if len(rest) < WIDTH else None
    assert away is not None
    unit = table[one] - away @ (away.T @ table[one])
    vectors = EmotionVectors(
        torch.stack([unit, torch.eye(WIDTH)[0]]),
        ("planted", "other"),
        LAYER,
        model_name(model),
        float(unit.norm()),
        torch.zeros(WIDTH),
        0,
    )
    return Monitor(vectors, {"planted": 0.6}, window=2, start=0)


def test_planted_episodes_raise_exactly_the_planted_alerts(shown_model: Any) -> None:
    """Two stretches of a planted word; one word alone is no mean of two."""
    word, other = " the", " wait"
    pieces = [other, other, word, word, word, other, other, word, other, word, word]
    text = "".join([*pieces, other])
    monitor = planted(shown_model, word, text)
    found = watch_text(shown_model, monitor, text)
    width = len(shown_model.tokenizer(other)["input_ids"])
    starts = np.cumsum([0] + [1 if p == word else width for p in pieces])
    spans = [(a.start, a.end, a.emotion) for a in alerts(found)]
    first, last = int(starts[3]), int(starts[4])
    second = int(starts[10])
    assert spans == [(first, last, "planted"), (second, second, "planted")]
    assert all("the" in alert.because for alert in alerts(found))
    assert alerts(watch_text(shown_model, monitor, other * 8)) == []
    calls = list(stream(shown_model, monitor, text, max_new_tokens=1))
    live = [t.position for t in calls if t.alert and t.position < found.prompt]
    assert live == [first, last, second]
    later = replace(monitor, start=int(starts[3]))  # a window may not begin before
    found = watch(shown_model, later, text, max_new_tokens=1)
    assert [a.start for a in alerts(found) if a.start < found.prompt] == [last, second]
    marked = [
        t.position
        for t in stream(shown_model, later, text, max_new_tokens=1)
        if t.alert and t.position < found.prompt
    ]
    assert marked == [last, second]


def alarm_at(model: Any, after: int) -> Monitor:
    """A monitor whose first alert comes with the written token `after`, or near it."""
    quiet = watch(model, make_monitor(model), PROMPT, max_new_tokens=18)
    at, ids = quiet.prompt + after, torch.tensor([quiet.ids])
    with torch.no_grad():
        states = model._module(ids, output_hidden_states=True).hidden_states
    own = states[LAYER + 1][0]
    vectors = make_vectors(model)
    rows = vectors.vectors.clone()
    rows[2] = own[at - 2 : at + 1].mean(0) - own[: at - 2].mean(0)
    vectors = replace(vectors, vectors=rows)
    scores = vectors.scores(own)[:, 2]
    means = scores.unfold(0, 3, 1).mean(-1)  # the first ends at position 2
    before, then = float(means[: at - 2].max()), float(means[at - 2])
    assert then > before, "nothing was planted"
    bounds = {"happy": (before + then) / 2, "afraid": NEVER}
    return Monitor(vectors, bounds, 3, 0)


def first_alert(model: Any, monitor: Monitor) -> tuple[int, Transcript]:
    whole = watch(model, monitor, PROMPT, max_new_tokens=18)
    return alerts(whole)[0].start, whole


@pytest.mark.parametrize("chunk", [1, 5, 100])
def test_stop_ends_the_text_with_the_token_of_the_alert(
    chunk: int, random_model: Any
) -> None:
    monitor = alarm_at(random_model, 5)
    at, whole = first_alert(random_model, monitor)
    options: dict[str, Any] = {"max_new_tokens": 18, "chunk": chunk}
    found = watch(random_model, monitor, PROMPT, on_alert="stop", **options)
    assert found.prompt < len(found.tokens) == at + 1
    assert found.ids == whole.ids[: at + 1]
    assert found.end == "stopped at an alert"
    assert np.allclose(found.array(), whole.array()[: at + 1], atol=1e-4)


def test_a_person_is_asked_once_an_alert_and_obeyed(random_model: Any) -> None:
    monitor = alarm_at(random_model, 5)
    at, whole = first_alert(random_model, monitor)
    asked = []

    def go_on(alert: Any) -> Any:
        asked.append(alert.start)
        return "go on"

    def stop(alert: Any) -> Any:
        return "stop"

    found = watch(random_model, monitor, PROMPT, on_alert=go_on, max_new_tokens=18)
    begins = sorted({a.start for a in alerts(whole) if a.start >= whole.prompt - 1})
    assert asked == begins
    assert found.ids == whole.ids
    found = watch(random_model, monitor, PROMPT, on_alert=stop, max_new_tokens=18)
    assert len(found.tokens) == at + 1
    with pytest.raises(ValueError, match="'shout' was asked for"):
        watch(random_model, monitor, PROMPT, on_alert=lambda a: "shout")


@pytest.mark.parametrize("chunk", [1, 4, 100])
def test_steering_equals_a_hand_written_hook(
    chunk: int, random_model: Any, family_folder: Callable[[str], Path]
) -> None:
    """Steered while the alert lasts, and the scores stay those of the bare text."""
    monitor = alarm_at(random_model, 5)
    calm, strength = monitor.vectors["calm"], 4.0
    found = watch(
        random_model,
        monitor,
        PROMPT,
        on_alert="steer",
        calm=calm,
        strength=strength,
        max_new_tokens=18,
        chunk=chunk,
    )
    assert found.steered
    plain, tokenizer = load_plain(family_folder("llama"))
    seen: list[float] = []
    unit, vectors = calm / calm.norm(), monitor.vectors

    def hook(module: Any, inputs: Any, output: Any) -> Any:
        hidden = output[0] if isinstance(output, tuple) else output
        seen.extend(vectors.scores(hidden[0])[:, 2].tolist())
        written = len(seen) >= found.prompt
        if written and np.mean(seen[-3:]) > monitor.thresholds["happy"]:
            hidden[:, -1] += strength * vectors.norm * unit
        return output

    handle = plain_blocks(plain)[LAYER].register_forward_hook(hook)
    inputs = tokenizer(PROMPT, return_tensors="pt")
    ids = plain.generate(**inputs, max_new_tokens=18, do_sample=False)
    handle.remove()
    assert found.ids == ids[0].tolist()
    kept: list[torch.Tensor] = []
    handle = plain_blocks(plain)[LAYER].register_forward_hook(
        lambda m, i, o: kept.append(o[0] if isinstance(o, tuple) else o)
    )
    with torch.no_grad():
        plain(ids)
    handle.remove()
    offline = vectors.scores(kept[0][0])[:, [2, 0]]
    assert torch.allclose(torch.tensor(found.scores), offline, atol=1e-4)
    over = {t for a in alerts(found) for t in range(a.start, a.end + 1)}
    assert set(found.steered) == {t for t in over if t >= found.prompt - 1}


def test_sampling_does_not_depend_on_the_chunk(random_model: Any) -> None:
    monitor = make_monitor(random_model)
    options: dict[str, Any] = {"max_new_tokens": 12, "temperature": 0.8, "seed": 5}
    one, five, all_ = (
        watch(random_model, monitor, PROMPT, chunk=c, **options).ids for c in (1, 5, 99)
    )
    assert one == five == all_
    (text,) = generate(random_model, PROMPT, **options)
    assert random_model.tokenizer.decode(
        all_[-12:], skip_special_tokens=True
    ).startswith(text[:4])


def test_tokens_come_as_they_are_read(random_model: Any) -> None:
    found = make_monitor(random_model).empty(random_model)
    monitor, lengths = make_monitor(random_model), []
    options: dict[str, Any] = {"into": found, "max_new_tokens": 12, "chunk": 4}
    tokens = []
    for token in stream(random_model, monitor, PROMPT, **options):
        tokens.append(token)
        lengths.append(len(found.tokens))
    assert isinstance(tokens[0], Token)
    assert [t.position for t in tokens] == list(range(len(found.tokens)))
    assert "".join(t.text for t in tokens) == found.text
    assert sorted(set(lengths)) == [found.prompt + n for n in (3, 7, 11, 12)]


def test_nothing_lingers_after_an_iterator_is_left(random_model: Any) -> None:
    monitor, bare = make_monitor(random_model), generate(random_model, PROMPT)
    for token in stream(random_model, monitor, PROMPT, chunk=2):
        if token.position > 14:
            break
    assert generate(random_model, PROMPT) == bare
    assert torch.is_grad_enabled()


def test_an_exception_leaves_what_was_read(random_model: Any, tmp_path: Path) -> None:
    """The model itself breaks in the middle of a chunk."""
    monitor, log = make_monitor(random_model), tmp_path / "log.jsonl"
    whole = watch(random_model, monitor, PROMPT, max_new_tokens=18)
    found, calls = monitor.empty(random_model), []

    def breaks(module: Any, inputs: Any, output: Any) -> None:
        calls.append(1)
        if len(calls) == 8:
            raise RuntimeError("out of memory")

    handle = random_model._module.model.layers[3].register_forward_hook(breaks)
    with pytest.raises(Exception, match="out of memory"):
        watch(random_model, monitor, PROMPT, max_new_tokens=18, into=found, log=log)
    handle.remove()
    n = len(found.tokens)
    assert n == whole.prompt + 7
    assert np.allclose(found.array(), whole.array()[:n], atol=1e-4)
    kept = load_transcript(log)
    assert kept.tokens == found.tokens
    assert kept.end == "cut off"
    assert np.allclose(kept.array(), found.array(), atol=1e-5)


KILLED = """
import sys, torch
from helpers.models import load_model
from helpers.monitor import Monitor, stream
from helpers.vectors import EmotionVectors
model = load_model(sys.argv[1], device="cpu")
ev = EmotionVectors(torch.eye(32)[:2], ("a", "b"), 2, "x", 1.0, torch.zeros(32), 0)
ev = EmotionVectors(ev.vectors, ev.emotions, 2, sys.argv[3], 1.0, ev.center, 0)
model._module.model.layers[3].register_forward_hook(
    lambda m, i, o: __import__("time").sleep(0.05))
for token in stream(model, Monitor(ev, {"a": 9.0}, 1), "The cat sat on the mat",
                    max_new_tokens=90, chunk=100, log=sys.argv[2]):
    pass
"""


def test_a_killed_run_leaves_what_was_read(
    random_model: Any, family_folder: Callable[[str], Path], tmp_path: Path
) -> None:
    log, folder = tmp_path / "log.jsonl", family_folder("llama")
    command = [sys.executable, "-c", KILLED, str(folder), str(log)]
    done = subprocess.Popen([*command, model_name(random_model)], env=os.environ)
    while done.poll() is None and not (
        log.exists() and log.read_text().count("\n") > 14
    ):
        time.sleep(0.02)
    done.send_signal(signal.SIGKILL)
    assert done.wait() == -signal.SIGKILL
    found = load_transcript(log)
    assert 13 <= len(found.tokens) < 90
    assert found.end == "cut off"
    assert found.text.startswith("The cat sat on the mat")


def test_bad_input_is_refused(random_model: Any) -> None:
    vectors = make_vectors(random_model)
    with pytest.raises(ValueError, match="nothing to watch"):
        Monitor(vectors, {})
    with pytest.raises(KeyError, match="did you mean happy"):
        Monitor(vectors, {"hapy": 1.0})
    with pytest.raises(ValueError, match="window is 0"):
        Monitor(vectors, {"happy": 1.0}, 0)
    with pytest.raises(ValueError, match="start is -1"):
        Monitor(vectors, {"happy": 1.0}, 3, -1)
    with pytest.raises(ValueError, match="threshold of 'happy' is nan"):
        Monitor(vectors, {"happy": float("nan")})
    monitor = make_monitor(random_model)
    with pytest.raises(ValueError, match="context is 128"):
        watch(random_model, monitor, PROMPT, max_new_tokens=128)
    with pytest.raises(ValueError, match="pass calm="):
        watch(random_model, monitor, PROMPT, on_alert="steer")
    with pytest.raises(ValueError, match="it can be one of"):
        watch(random_model, monitor, PROMPT, on_alert="shout")
    with pytest.raises(ValueError, match="of width 32"):
        watch(random_model, monitor, PROMPT, on_alert="steer", calm=torch.ones(5))
    with pytest.raises(ValueError, match="text 0 is ''"):
        watch(random_model, monitor, "")
    used = watch(random_model, monitor, PROMPT, max_new_tokens=2)
    with pytest.raises(ValueError, match="into is not empty"):
        watch(random_model, monitor, PROMPT, into=used)
    deep = Monitor(make_vectors(random_model, layer=7), {"happy": 1.0})
    with pytest.raises(ValueError, match="layer 7"):
        watch_text(random_model, deep, PROMPT)


@pytest.mark.parametrize("chunk", [1, 3, 100])
def test_what_is_written_is_decoded_whole(chunk: int, random_model: Any) -> None:
    """Of tokens that are bytes, as a random model writes them."""
    monitor, decode = make_monitor(random_model), random_model.tokenizer.decode
    pieces = 0
    for seed in range(4):
        options: dict[str, Any] = {"temperature": 1.0, "seed": seed, "chunk": chunk}
        found = watch(random_model, monitor, PROMPT, max_new_tokens=24, **options)
        assert found.written == decode(found.ids[found.prompt :])
        assert found.text == decode(found.ids)
        assert len(found.tokens) == len(found.ids)
        pieces += found.tokens.count("")
    assert pieces, "no character was spread over tokens"


@pytest.mark.parametrize(
    "text", [" 🙂 ok 👩‍👩‍👧é", "漢字", "\ufffd and \ufffd", " a\u2028b"]
)
def test_a_character_comes_with_its_last_token(text: str, random_model: Any) -> None:
    monitor = make_monitor(random_model)
    follower = Follower(
        random_model, monitor, monitor.empty(random_model), "stop", None
    )
    for prompt in (PROMPT, "Look: 🙂"):
        follower.begin(
            random_model.tokenizer(prompt)["input_ids"],
            token_strings(random_model, prompt),
        )
        for token in random_model.tokenizer(text)["input_ids"]:
            follower.note(token)
        follower.close()
        assert "".join(follower.strings) == prompt + text
        if "\ufffd" not in text:
            new = follower.strings[follower.found.prompt :]
            assert new == token_strings(random_model, text)


def test_a_prompt_and_a_text_that_is_there_read_alike(random_model: Any) -> None:
    monitor, text = make_monitor(random_model), "Look: 🙂 café 漢"
    there = watch_text(random_model, monitor, text)
    assert there.text == text
    assert watch(random_model, monitor, text, max_new_tokens=1).tokens[:-1] == (
        there.tokens
    )


NAN = float("nan")
NOTHING: list[tuple[dict[str, Any], str]] = [
    ({"vectors": torch.full((3, WIDTH), NAN)}, "vector of 'happy' is zero or not"),
    ({"vectors": torch.zeros(3, WIDTH)}, "vector of 'happy' is zero or not"),
    ({"vectors": torch.full((3, WIDTH), 1e38)}, "vector of 'happy' is zero or not"),
    ({"norm": NAN}, "norm is nan"),
    ({"norm": 0.0}, "norm is 0.0: pass more than 0"),
    ({"norm": -1.0}, "norm is -1.0: pass more than 0"),
    ({"norm": float("inf")}, "norm is inf"),
    ({"center": torch.full((WIDTH,), NAN)}, "center is not finite"),
]


@pytest.mark.parametrize(("change", "message"), NOTHING)
def test_nothing_cannot_be_watched(
    change: dict[str, Any], message: str, random_model: Any
) -> None:
    vectors = make_vectors(random_model)
    with pytest.raises(ValueError, match=message):
        Monitor(replace(vectors, **change), {"happy": 1.0})


@pytest.mark.parametrize("chunk", [1, 100])
def test_a_score_that_is_not_a_number_ends_the_run(
    chunk: int, random_model: Any, tmp_path: Path
) -> None:
    """As in float16, a state overflows; what was read before it is kept."""
    monitor, log, calls = make_monitor(random_model), tmp_path / "log.jsonl", []
    found = monitor.empty(random_model)

    def breaks(module: Any, inputs: Any, output: Any) -> Any:
        calls.append(1)
        return output * NAN if len(calls) == 4 else output

    handle = random_model._module.model.layers[1].mlp.register_forward_hook(breaks)
    options: dict[str, Any] = {"max_new_tokens": 9, "chunk": chunk, "log": log}
    try:
        with pytest.raises(Exception, match="score for 'happy' that is not finite"):
            watch(random_model, monitor, PROMPT, into=found, **options)
    finally:
        handle.remove()
    assert len(found.tokens) == found.prompt + 2
    assert np.isfinite(found.array()).all()
    assert load_transcript(log).tokens == found.tokens


def test_a_text_with_a_score_that_is_not_a_number_is_refused(random_model: Any) -> None:
    monitor = make_monitor(random_model)
    handle = random_model._module.model.layers[1].mlp.register_forward_hook(
        lambda module, inputs, output: output * NAN
    )
    with pytest.raises(ValueError, match="not finite"):
        watch_text(random_model, monitor, PROMPT)
    handle.remove()


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"max_new_tokens": 2.5}, "max_new_tokens 2.5 is not a whole number"),
    ({"max_new_tokens": -3}, "max_new_tokens is -3: pass 1 or more"),
    ({"max_new_tokens": True}, "max_new_tokens True is not a whole number"),
    ({"temperature": -1.0}, "temperature is -1.0"),
    ({"temperature": NAN}, "temperature is nan"),
    ({"temperature": float("inf")}, "temperature is inf"),
    ({"temperature": "1"}, "temperature '1' is not a number"),
    ({"chunk": 0}, "chunk is 0: pass 1 or more"),
    ({"chunk": 2.5}, "chunk 2.5 is not a whole number"),
    ({"strength": NAN}, "strength is nan"),
    ({"strength": None}, "strength None is not a number"),
    ({"on_alert": "steer", "calm": torch.full((WIDTH,), NAN)}, "calm is zero or not"),
    ({"on_alert": "steer", "calm": torch.zeros(WIDTH)}, "calm is zero or not"),
]


@pytest.mark.parametrize(("options", "message"), WRONG)
def test_what_generate_refuses_watch_refuses(
    options: dict[str, Any], message: str, random_model: Any, tmp_path: Path
) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text("an earlier run")
    monitor = make_monitor(random_model)
    with pytest.raises(ValueError, match=message):
        watch(random_model, monitor, PROMPT, log=log, **options)
    assert log.read_text() == "an earlier run"
    if "max_new_tokens" in options:
        with pytest.raises(ValueError, match=message):
            generate(random_model, PROMPT, **options)


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ({"window": 2.5}, "window 2.5 is not a whole number"),
        ({"window": NAN}, "window nan is not a whole number"),
        ({"start": 1.0}, "start 1.0 is not a whole number"),
        ({"start": -1}, "start is -1: pass 0 or more"),
        ({"thresholds": {"happy": "high"}}, "threshold of 'happy' 'high' is not a"),
        ({"thresholds": {"happy": None}}, "threshold of 'happy' None is not a"),
        ({"thresholds": {"happy": -NEVER}}, "threshold of 'happy' is -inf"),
    ],
)
def test_a_monitor_is_made_of_numbers(
    place: dict[str, Any], message: str, random_model: Any
) -> None:
    given: dict[str, Any] = {"thresholds": {"happy": 1.0}} | place
    with pytest.raises(ValueError, match=message):
        Monitor(make_vectors(random_model), **given)


def test_numbers_of_numpy_and_torch_are_welcome(random_model: Any) -> None:
    vectors = make_vectors(random_model)
    plain = Monitor(vectors, {"happy": 0.5}, 3, 0)
    bounds: dict[str, Any] = {"happy": torch.tensor(0.5)}
    monitor = Monitor(vectors, bounds, np.int64(3), np.array(0))
    right = watch(random_model, plain, PROMPT, max_new_tokens=4, temperature=0.5)
    found = watch(
        random_model,
        monitor,
        PROMPT,
        max_new_tokens=np.int32(4),
        temperature=np.float32(0.5),
        chunk=np.array(3),
        seed=np.int64(0),
        strength=torch.tensor(0.5),
    )
    assert found == right
    assert found.header() == right.header()
    assert type(found.window) is int
